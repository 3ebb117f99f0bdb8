// `npm test`: all checks and all tests. `npm test -- PATTERN` runs the tests whose file names contain it, without the checks.
// The last line is `N passed, N failed`, and `, N skipped` where there are some.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChecks } from './checks.ts'
import { show } from './run.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const patterns = process.argv.slice(2)
const checks = patterns.length === 0 ? await runChecks() : { passed: 0, failed: 0 }
const tests = await runTests(patterns)
const passed = checks.passed + tests.passed
const failed = checks.failed + tests.failed
console.log(`${passed} passed, ${failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

async function runTests(patterns: readonly string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-test-'))
  const report = join(folder, 'report.json')
  try {
    const code = await show([
      process.execPath,
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...patterns,
    ])
    const counts = countsOf(readReport(report))
    // An error outside of any test fails the run, too.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

function readReport(path: string): Report | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    return null // vitest did not get as far as to write it
  }
}

function countsOf(report: Report | null): Counts {
  if (report === null) return { passed: 0, failed: 1, skipped: 0 }
  const broken = report.testResults.filter(file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed')).length
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken, skipped: report.numPendingTests + report.numTodoTests }
}
