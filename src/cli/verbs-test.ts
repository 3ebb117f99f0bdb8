import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { acting, type Session } from './session.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

/** `mainspring test [FILE...]`: tests of jobs, where neither the SDK nor `mainspring` need be installed. */
export function addTestVerb(program: Command, terminal: Terminal): void {
  const test = program
    .command('test')
    .description("run tests of jobs with Node's own runner: those named, else each *.test.ts and *.test.js below the folder of the jobs")
    .argument('[file...]', 'files of tests')
    .option('--dir <folder>', 'where the jobs are', 'jobs')
  acting(test, terminal, 'mainspring test jobs/hello.test.ts', runTests)
}

async function runTests({ terminal }: Session, given: readonly string[], { dir }: { dir?: unknown }): Promise<ExitCode> {
  const folder = resolve(terminal.directory, String(dir))
  const files = given.length > 0 ? given.map(file => resolve(terminal.directory, file)) : testFilesIn(folder)
  const missing = files.find(file => !existsSync(file))
  if (missing !== undefined)
    throw new Refusal({ code: 'file-missing', place: relative(terminal.directory, missing), title: 'There is no such file.' })
  if (files.length === 0)
    throw new Refusal({ code: 'no-tests', place: String(dir), title: 'There are no tests here.', hint: 'Name files, or a folder: --dir src/jobs.' })
  const hook = new URL(`./test-hook${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', hook, '--test', ...files], {
    cwd: terminal.directory,
    stdio: 'inherit',
  })
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('exit', code => done(code === 0 ? EXIT.done : EXIT.failed))
  })
}

function testFilesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter(name => TEST_FILE.test(name) && !/(^|[\\/])node_modules[\\/]/.test(name)).map(name => join(folder, name))
}
const TEST_FILE = /\.test\.m?[jt]s$/
