import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { guarded } from './guardian.ts'

/** PgBouncer does not run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const START_MS = 10_000

/** Why there is none to test with; null: there is one. Debian's package is `pgbouncer`. */
export function pgbouncerMissing(): string | null {
  return spawnSync(program(), ['--version']).status === 0 ? null : 'pgbouncer is not installed'
}

export type PoolMode = 'session' | 'transaction' | 'statement'

/** A PgBouncer of one's own before a PostgreSQL. */
export interface PgBouncer {
  /** The URL of the database, by way of it. */
  through(url: string): string
  end(): Promise<void>
}

/** Few sessions in turn, so that no client keeps one: what a session would have to remember shows. */
export async function pgbouncer(target: string, mode: PoolMode): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-pgbouncer-'))
  const { hostname, port: targetPort, username } = new URL(target)
  const port = await freePort()
  const users = join(folder, 'users.txt')
  writeFileSync(users, `"${username}" ""\n`)
  const configuration = join(folder, 'pgbouncer.ini')
  writeFileSync(
    configuration,
    `[databases]
* = host=${hostname} port=${targetPort || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 8
server_round_robin = 1
max_client_conn = 200
`,
  )
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(folder, NOBODY.uid, NOBODY.gid)
  const child = guarded(spawn(program(), ['--quiet', configuration], { stdio: 'ignore', cwd: folder, ...(isRoot ? NOBODY : {}) }))
  for (const until = Date.now() + START_MS; !(await answers(port)); ) {
    if (Date.now() > until || child.exitCode !== null) throw new Error(`pgbouncer did not start (${child.exitCode})`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return {
    through(url) {
      const by = new URL(url)
      by.host = `127.0.0.1:${port}`
      return by.href
    },
    async end() {
      if (child.exitCode === null) {
        const ended = once(child, 'exit')
        child.kill('SIGQUIT')
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Debian keeps it where only root's PATH leads. */
function program(): string {
  return spawnSync('pgbouncer', ['--version']).status === 0 ? 'pgbouncer' : '/usr/sbin/pgbouncer'
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
