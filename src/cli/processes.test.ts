import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { guarded } from '../../test/support/guardian.ts'

const BIN = fileURLToPath(new URL('../../bin/mainspring.js', import.meta.url))
/** For a whole session of several processes, on a machine that does something else too. */
const SESSION_MS = 120_000

let directory: string
const processes: Printing[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mainspring-dev-'))
})
afterEach(async () => {
  for (const running of processes.splice(0)) await running.end()
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

/** A process whose lines can be waited for. */
class Printing {
  text = ''
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()
  #over = false

  constructor(arguments_: string[], folder: string, input?: string) {
    const flags = ['--disable-warning=ExperimentalWarning', BIN, ...arguments_]
    const env = { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
    this.#child = guarded(
      spawn(process.execPath, flags, { cwd: folder, stdio: [input === undefined ? 'ignore' : openSync(input, 'r'), 'pipe', 'pipe'], env }),
    )
    const heard = (chunk: Buffer): void => {
      this.text += chunk
      for (const look of this.#waiting) look()
    }
    this.#child.stdout?.on('data', heard)
    this.#child.stderr?.on('data', heard)
    this.ended = new Promise(resolve => {
      this.#child.once('close', code => {
        this.#over = true
        for (const look of this.#waiting) look()
        resolve(code)
      })
    })
    processes.push(this)
  }

  /** Waits for a line, and reads on behind it the next time. */
  #read = 0
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(this.text.slice(this.#read))
        if (found) {
          this.#read += found.index + found[0].length
          this.#waiting.delete(look)
          resolve(found)
        } else if (this.#over) reject(new Error(`it ended without ${pattern}; it printed:\n${this.text}`))
      }
      this.#waiting.add(look)
      look()
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async end(): Promise<void> {
    this.#child.kill('SIGTERM')
    const killed = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await this.ended
    clearTimeout(killed)
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const mainspring = (...arguments_: string[]): Printing => new Printing(arguments_, directory)

/** Long enough to be killed in, short enough for a test: each step waits for a file, so that nothing depends on time. */
function jobFile(greeting: string): string {
  return `import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { job } from '@mainspring/sdk'
export const steps = job('steps', async (_: unknown, ctx) => {
  writeFileSync('pid', String(process.pid))
  for (let step = (ctx.checkpoint.value as number | undefined) ?? 0; step < 2; step++) {
    ctx.log.info('${greeting} step ' + step)
    while (!existsSync('step-' + step)) await sleep(20, undefined, { signal: ctx.signal })
    await ctx.checkpoint.save(step + 1)
  }
  return '${greeting} done'
})
export const examples = { steps: null }
`
}

test(
  'dev in an empty folder writes a job, a workflow, a schedule and a test, runs them, and needs no terminal',
  async () => {
    const dev = mainspring('dev')
    await dev.printed(/no jobs found: wrote jobs\/hello\.ts/)
    await dev.printed(
      /store +\.mainspring\/dev\.db \(SQLite, every acknowledgement on disk\)\n +console +http:\/\/127\.0\.0\.1:\d+\n +worker +1 job, 1 workflow, 1 schedule · watching jobs\//,
    )
    const start = mainspring('start', 'hello', '{"name":"Bo"}', '--follow')
    await start.printed(/step one for Bo/)
    await dev.printed(/hello running/)
    await start.printed(/hello \w{5} completed in .*\n"Hello, Bo"/)
    expect(await start.ended).toBe(0)
    const schedules = mainspring('schedule', 'ls')
    await schedules.printed(/good-morning/)
    const tests = mainspring('test')
    await tests.printed(/hello greets, wherever it crashes/)
    expect(await tests.ended).toBe(0)
    dev.signal('SIGTERM')
    expect(await dev.ended).toBe(0)
    expect(dev.text).not.toMatch(/k kill -9/)
    expect(existsSync(join(directory, '.mainspring/dev.json'))).toBe(false)
  },
  SESSION_MS,
)

test(
  'a worker of dev that is killed is replaced; what it had saved is not done again',
  async () => {
    mkdirSync(join(directory, 'jobs'))
    writeFileSync(join(directory, 'jobs/steps.ts'), jobFile('first'))
    const dev = mainspring('dev')
    await dev.printed(/worker +1 job/)
    const start = mainspring('start', 'steps', '--follow')
    await start.printed(/first step 0/)
    writeFileSync(join(directory, 'step-0'), '')
    await start.printed(/first step 1/)
    process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGKILL')
    await dev.printed(/the worker is gone \(SIGKILL\); starting another/)
    await dev.printed(/recovered in [\d.]+ m?s · attempt 2 · nothing lost/)
    writeFileSync(join(directory, 'step-1'), '')
    await start.printed(/steps \w{5} completed in .*\n"first done"/)
    expect(await start.ended).toBe(0)
    expect(start.text.match(/first step 0/g)).toHaveLength(1)
  },
  SESSION_MS,
)

test(
  'a save registers a new version, and the attempt under way ends in the old one',
  async () => {
    const file = join(directory, 'jobs/steps.ts')
    mkdirSync(join(directory, 'jobs'))
    writeFileSync(file, jobFile('old'))
    const dev = mainspring('dev')
    await dev.printed(/worker +1 job/)
    const old = mainspring('start', 'steps', '--follow')
    await old.printed(/old step 0/)
    writeFileSync(file, jobFile('new'))
    await dev.printed(/saved · steps: a new version is registered/)
    const fresh = mainspring('start', 'steps', '--follow')
    await fresh.printed(/new step 0/)
    for (const step of ['step-0', 'step-1']) writeFileSync(join(directory, step), '')
    await Promise.all([old.printed(/"old done"/), fresh.printed(/"new done"/)])
  },
  SESSION_MS,
)

test(
  'a save of what a job file imports, from anywhere in the project, is a new version of its jobs alone',
  async () => {
    for (const folder of ['jobs', 'lib']) mkdirSync(join(directory, folder))
    const write = (file: string, text: string): void => writeFileSync(join(directory, file), text)
    const deep = (word: string): string => `export type Word = string\nexport const word: Word = '${word}'\n`
    write('lib/deep.ts', deep('one'))
    write('lib/words.ts', "export { word } from './deep.ts'\n")
    write('jobs/near.ts', "import { word } from '../lib/words.ts'\nexport const near = () => word\n")
    const define = (name: string, options: string, says: string, line: string): string =>
      `import { job } from '@mainspring/sdk'\n${line}\nexport const ${name} = job('${name}', ${options} async () => ${says})\n`
    write('jobs/speaks.ts', define('speaks', '', 'near()', "import { near } from './near.ts'"))
    write('jobs/named.ts', define('named', "{ version: 'mine' },", 'near()', "import { near } from './near.ts'"))
    write('jobs/alone.ts', define('alone', '', "'alone'", "import type { Word } from '../lib/deep.ts'\nexport type Mine = Word"))
    const dev = mainspring('dev')
    await dev.printed(/worker +3 jobs/)
    const first = mainspring('start', 'speaks', '--wait')
    await first.printed(/"one"/)
    write('lib/deep.ts', deep('two'))
    await dev.printed(/saved · speaks: a new version is registered/)
    const second = mainspring('start', 'speaks', '--wait')
    await second.printed(/"two"/)
    write('lib/deep.ts', deep('two').replace('=', '=='))
    await dev.printed(/lib\/deep\.ts:1.* SyntaxError: .*\[file-mistake\]\n.*The version before it goes on\./)
    write('lib/deep.ts', deep('two'))
    await dev.printed(/saved · no job has changed/)
  },
  SESSION_MS,
)

test(
  'dev that is killed leaves no worker behind',
  async () => {
    mkdirSync(join(directory, 'jobs'))
    writeFileSync(join(directory, 'jobs/steps.ts'), jobFile('first'))
    const dev = mainspring('dev')
    await dev.printed(/worker +1 job/)
    await mainspring('start', 'steps', '--follow').printed(/first step 0/)
    const worker = Number(readFileSync(join(directory, 'pid'), 'utf8'))
    dev.signal('SIGKILL')
    await vi.waitUntil(() => !runs(worker), SESSION_MS)
  },
  SESSION_MS,
)

test(
  'a mistake in a file is told with its place, and the next save goes on',
  async () => {
    const file = join(directory, 'jobs/steps.ts')
    mkdirSync(join(directory, 'jobs'))
    writeFileSync(file, jobFile('x').replace('for (let', 'for ((let'))
    const dev = mainspring('dev')
    await dev.printed(/jobs\/steps\.ts:\d+.* SyntaxError: .*\[file-mistake\]\n.*Waiting for the next save\./)
    writeFileSync(file, "import nothing from 'not-installed'\n".concat(jobFile('x')))
    await dev.printed(/jobs\/steps\.ts:1 {2}Cannot find "not-installed"\.\n +Install it: npm install not-installed/)
    writeFileSync(file, jobFile('x'))
    await dev.printed(/worker +1 job · watching jobs\//)
    writeFileSync(file, jobFile('x').concat('throw new RangeError("at the end")\n'))
    await dev.printed(/jobs\/steps\.ts:\d+:\d+ {2}RangeError: at the end .*\[file-mistake\]\n.*The version before it goes on\./)
  },
  SESSION_MS,
)

test(
  'two sessions share nothing: another folder gets another port, the same folder is refused',
  async () => {
    const other = mkdtempSync(join(tmpdir(), 'mainspring-other-'))
    const dev = mainspring('dev')
    const [, first] = await dev.printed(/console +(\S+)/)
    cpSync(join(directory, 'jobs'), join(other, 'jobs'), { recursive: true })
    const second = new Printing(['dev'], other)
    const [, url] = await second.printed(/console +(\S+)/)
    expect(url).not.toBe(first)
    const third = mainspring('dev')
    await third.printed(/in use by [\s\S]*Is "mainspring dev" running here already\?[\s\S]*\[database-refused\]/)
    expect(await third.ended).toBe(2)
    await second.end()
    rmSync(other, { recursive: true, force: true })
  },
  SESSION_MS,
)

test(
  'a worker beside a server finishes what runs when it is told to stop',
  async () => {
    writeFileSync(join(directory, 'steps.ts'), jobFile('x'))
    const server = mainspring('server', '--port', '0')
    const [, url = ''] = await server.printed(/is ready at (\S+)/)
    const worker = mainspring('worker', 'steps.ts', '--url', url, '--slots', '3')
    await worker.printed(/worker is ready: 1 job \(steps\), 3 slots/)
    const start = mainspring('start', 'steps', '--follow', '--url', url)
    await start.printed(/x step 0/)
    worker.signal('SIGTERM')
    await worker.printed(/SIGTERM: finishing 1 attempt/)
    for (const step of ['step-0', 'step-1']) writeFileSync(join(directory, step), '')
    expect(await worker.ended).toBe(0)
    await start.printed(/"x done"/)
    // A terminal tells the whole group, and a parent tells it again: one press of ctrl-c.
    server.signal('SIGINT')
    server.signal('SIGINT')
    expect(await server.ended).toBe(0)
  },
  SESSION_MS,
)

test(
  'a worker registers the schedules of its files; what has left them is paused; one that is refused is told with its file',
  async () => {
    const code = (schedules: string): string =>
      `import { job, schedule } from '@mainspring/sdk'\nexport const tick = job('tick', async () => {})\n${schedules}\n`
    const often = "export const often = schedule('often', { every: '1s' }, tick)"
    writeFileSync(join(directory, 'jobs.ts'), code(often))
    const server = mainspring('server', '--port', '0')
    const [, url = ''] = await server.printed(/is ready at (\S+)/)
    const first = mainspring('worker', 'jobs.ts', '--url', url)
    await first.printed(/worker is ready: 1 job \(tick\), 1 schedule, 10 slots/)
    await mainspring('schedule', 'show', 'often', '--url', url).printed(/from +code: jobs\.ts/)
    await first.end()
    writeFileSync(join(directory, 'jobs.ts'), code("export const bad = schedule('bad', { cron: '0 2 31 2 *' }, tick)"))
    const second = mainspring('worker', 'jobs.ts', '--url', url)
    await second.printed(/jobs\.ts {2}schedule "bad": .*never fires[\s\S]*\[schedule-never-fires\]\nworker is ready: 1 job/)
    await second.end()
    writeFileSync(join(directory, 'jobs.ts'), code(''))
    const third = mainspring('worker', 'jobs.ts', '--url', url)
    await third.printed(/worker is ready: 1 job \(tick\), 10 slots/)
    await mainspring('schedule', 'ls', '--url', url).printed(/\noften .*no longer in the code of jobs\.ts/)
  },
  SESSION_MS,
)

test(
  'a worker runs commands where it may, without any file; a crontab comes by standard input',
  async () => {
    const server = mainspring('server', '--port', '0')
    const [, url = ''] = await server.printed(/is ready at (\S+)/)
    const worker = mainspring('worker', '--allow-shell', 'all', '--url', url)
    await worker.printed(/executors are ready: shell \(all\), http/)
    writeFileSync(join(directory, 'table'), '# name: hi\n0 2 * * * cat%good morning\n')
    const apply = new Printing(['apply', '-f', '-', '--url', url], directory, join(directory, 'table'))
    await apply.printed(/\+ schedule "hi" [\s\S]*1 created\./)
    await mainspring('schedule', 'trigger', 'hi', '--follow', '--url', url).printed(/good morning[\s\S]*"exitCode": ?0/)
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(0)
  },
  SESSION_MS,
)
