import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../../../scripts/run.ts'
import { freePort } from '../../support/free-port.ts'
import { guarded } from '../../support/guardian.ts'

/** A folder of a user who has installed the packages, with a port of its own. All that was started there ends with it. */
export class Place implements AsyncDisposable {
  readonly folder: string
  readonly port: number
  readonly environment: Record<string, string>
  readonly #running = new Set<Running>()

  static async open(environment: Record<string, string> = {}): Promise<Place> {
    return new Place(await freePort(), environment)
  }

  private constructor(port: number, environment: Record<string, string>) {
    this.folder = mkdtempSync(join(tmpdir(), 'mainspring-e2e-'))
    this.port = port
    const tools = join(this.folder, 'node_modules', '.bin')
    mkdirSync(join(this.folder, 'node_modules', '@mainspring'), { recursive: true })
    mkdirSync(tools)
    symlinkSync(ROOT, join(this.folder, 'node_modules', 'mainspring'))
    symlinkSync(join(ROOT, 'sdk/typescript'), join(this.folder, 'node_modules', '@mainspring', 'sdk'))
    for (const name of ['zod', 'vitest', 'pg', 'postgres', 'drizzle-orm', 'kysely', 'express'])
      symlinkSync(join(ROOT, 'node_modules', name), join(this.folder, 'node_modules', name))
    symlinkSync(join(ROOT, 'node_modules/.bin/vitest'), join(tools, 'vitest'))
    this.write('package.json', '{ "name": "place", "private": true, "type": "module" }\n')
    const node = `exec "${process.execPath}" --disable-warning=ExperimentalWarning`
    this.#tool('node', `${node} "$@"`)
    this.#tool('mainspring', `${node} "${join(ROOT, 'bin/mainspring.js')}" "$@"`)
    this.#tool('npx', '"$@"')
    this.environment = {
      PATH: `${tools}:${process.env.PATH}`,
      HOME: this.folder,
      NO_COLOR: '1',
      MAINSPRING_PORT: String(port),
      MAINSPRING_URL: `http://127.0.0.1:${port}`,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      ...environment,
    }
  }

  #tool(name: string, script: string): void {
    const file = join(this.folder, 'node_modules', '.bin', name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  write(file: string, text: string): void {
    const path = join(this.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  /** Starts a command; it belongs to this place from then on. */
  start(command: string, arguments_: readonly string[] = [], environment: Record<string, string> = {}, input: 'ignore' | 'pipe' = 'ignore'): Running {
    const running = new Running([command, ...arguments_], this.folder, { ...this.environment, ...environment }, input)
    this.#running.add(running)
    return running
  }

  /** The same in a terminal of its own: keys can be typed. */
  inTerminal(environment: Record<string, string>, ...arguments_: string[]): Running {
    return this.start('script', ['--quiet', '--return', '--command', ['mainspring', ...arguments_].join(' '), '/dev/null'], environment, 'pipe')
  }

  mainspring(...arguments_: string[]): Running {
    return this.start(process.execPath, ['--disable-warning=ExperimentalWarning', join(ROOT, 'bin/mainspring.js'), ...arguments_])
  }

  /** Starts a server on this place's port and waits until it serves. */
  async server(...flags: string[]): Promise<Running> {
    const server = this.mainspring('server', '--database', 'mainspring.db', ...flags)
    await server.printed(/is ready at/)
    return server
  }

  /** Starts a worker for these files of the repository's examples and waits until the server knows it. */
  async worker(files: readonly string[], environment: Record<string, string> = {}, name = 'worker'): Promise<Running> {
    const paths = files.map(file => join(ROOT, 'examples', file))
    const worker = this.start(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(ROOT, 'bin/mainspring.js'), 'worker', ...paths, '--name', name],
      environment,
    )
    await worker.printed(/\S/)
    return worker
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of [...this.#running].reverse()) running.kill('SIGKILL')
    await Promise.all([...this.#running].map(running => running.ended))
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A process of a test: what it prints can be waited for. */
export class Running {
  /** Everything printed so far, both streams. */
  text = ''
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>
  readonly #child: ChildProcess
  readonly #name: string
  readonly #listeners = new Set<() => void>()
  #over = false

  constructor([command, ...rest]: [string, ...string[]], cwd: string, env: Record<string, string>, input: 'ignore' | 'pipe' = 'ignore') {
    this.#name = [command, ...rest].join(' ')
    // A group of its own, so that what a shell has started ends with it.
    this.#child = guarded(spawn(command, rest, { cwd, env, stdio: [input, 'pipe', 'pipe'], detached: true }), 'group')
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (part: string) => {
        this.text += part
        this.#tell()
      })
    this.ended = new Promise(done => {
      this.#child.on('error', error => {
        this.text += String(error)
      })
      this.#child.on('close', (code, signal) => {
        this.#over = true
        this.#tell()
        done(signal ?? code ?? 1)
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Resolves once what it has printed is right; rejects when it ends before. `wanted` says what was waited for. */
  printed(wanted: RegExp | string, right = (text: string): boolean => (wanted as RegExp).test(text)): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = right(this.text)
        if (found || this.#over) this.#listeners.delete(look)
        if (found) resolve()
        else if (this.#over) reject(new Error(`${this.#name} ended and did not print ${wanted}:\n${this.text}`))
      }
      this.#listeners.add(look)
      look()
    })
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  /** Waits for its end; throws, with all that it printed, where the code is another one. */
  async exits(code = 0): Promise<string> {
    const ended = await this.ended
    if (ended !== code) throw new Error(`${this.#name} ended with ${ended}, expected ${code}:\n${this.text}`)
    return this.text
  }

  /** The process alone, as a supervisor stops it. */
  stop(): void {
    this.#child.kill('SIGTERM')
  }

  /** The whole group: a shell and what it has started. */
  kill(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it has ended already
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
