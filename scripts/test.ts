// `npm test`: all checks and all tests. `npm test -- PATTERN` runs the tests whose file names contain it, without the checks.
// The last line is `N passed, N failed`, and `, N skipped` where there are some.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { runChecks } from './checks.ts'
import { show } from './run.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** More than that is no accident. */
const FILES_AGAIN_MAX = 6
const SLOWEST_TOLD = 12

const patterns = process.argv.slice(2)
const checks = patterns.length === 0 ? await runChecks() : { passed: 0, failed: 0 }
const tests = await runTests(patterns)
const passed = checks.passed + tests.passed
const failed = checks.failed + tests.failed
console.log(`${passed} passed, ${failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

/** What fails beside others is tried once more by itself, and told by name: a machine that stood still is no fault of the program, a fault is there both times. */
async function runTests(patterns: readonly string[]): Promise<Counts> {
  const first = await run(patterns)
  const failed = first.report?.testResults.filter(({ status }) => status === 'failed') ?? []
  const counts = countsOf(first)
  for (const line of slowest(first.report?.testResults ?? [])) console.log(line)
  if (failed.length === 0 || failed.length > FILES_AGAIN_MAX) return counts
  for (const file of failed) {
    const names = file.assertionResults.flatMap(({ status, fullName }) => (status === 'failed' ? [fullName] : []))
    console.log(`\nonce more, by itself: ${file.name}`)
    const again = await run(names.length === 0 ? [file.name] : [file.name, '--testNamePattern', `(${names.map(literally).join('|')})$`])
    const { failed: stays, passed } = countsOf(again)
    if (stays > 0 || passed === 0) continue
    console.log(`passed when it was tried again: ${names.join(', ') || file.name}`)
    counts.failed -= Math.max(names.length, 1)
    counts.passed += names.length
  }
  return counts
}

interface Ran {
  code: number
  report: Report | null
}

async function run(patterns: readonly string[]): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-test-'))
  const report = join(folder, 'report.json')
  try {
    const options = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const code = await show([process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...options, ...patterns])
    return { code, report: readReport(report) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: TestedFile[]
}
interface TestedFile {
  name: string
  status: string
  /** Unix ms. */
  startTime: number
  endTime: number
  assertionResults: { fullName: string; status: string }[]
}

function readReport(path: string): Report | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    return null // vitest did not get as far as to write it
  }
}

function countsOf({ code, report }: Ran): Counts {
  if (report === null) return { passed: 0, failed: 1, skipped: 0 }
  const broken = report.testResults.filter(file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed')).length
  const failed = report.numFailedTests + broken
  // An error outside of any test fails the run, too.
  return {
    passed: report.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

function slowest(files: readonly TestedFile[]): string[] {
  const took = ({ startTime, endTime }: TestedFile): number => Math.round((endTime - startTime) / 1_000)
  const byTime = files.toSorted((a, b) => took(b) - took(a))
  return byTime.slice(0, SLOWEST_TOLD).map(file => `${String(took(file)).padStart(6)} s ${relative(process.cwd(), file.name)}`)
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
