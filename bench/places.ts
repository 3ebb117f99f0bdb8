// Where a case keeps its rows: each a place of its own, made for it and gone afterwards.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../test/support/free-port.ts'
import { stopped, TICK_US, ticks } from './processes.ts'

export interface Place {
  url: string
  /** What its server has spent so far. */
  costs(): Promise<Record<string, number>>
  end(): Promise<void>
}

/** The server of the tests. Nobody else may use it meanwhile: its log and its CPU are counted whole. */
const SERVER = process.env.MAINSPRING_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'

export async function filePlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-bench-'))
  return {
    url: join(folder, 'bench.db'),
    costs: async () => ({}),
    end: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

export async function postgresPlace(): Promise<Place> {
  const name = `bench_${process.pid}`
  const server = new pg.Client({ connectionString: SERVER })
  await server.connect()
  await server.query(`drop database if exists ${name} with (force)`)
  await server.query(`create database ${name}`)
  const url = Object.assign(new URL(SERVER), { pathname: `/${name}` }).href
  const { rows } = await server.query<{ pid: number }>('select pg_backend_pid() as pid')
  const postmaster = parentOf(rows[0]?.pid as number)
  return {
    url,
    async costs() {
      // What a session has done is counted at its end.
      for (;;) {
        const { rows } = await server.query<{ others: number }>(`select count(*)::int as others from pg_stat_activity where datname = '${name}'`)
        if (rows[0]?.others === 0) break
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      const own = new pg.Client({ connectionString: url })
      await own.connect()
      const { rows } = await own.query<{ wal: string; commits: string; dead: string }>(`select pg_current_wal_insert_lsn() - '0/0' as wal,
        (select xact_commit from pg_stat_database where datname = '${name}') as commits,
        (select coalesce(sum(n_tup_upd + n_tup_del), 0) from pg_stat_user_tables) as dead`)
      await own.end()
      const { wal, commits, dead } = rows[0] as { wal: string; commits: string; dead: string }
      return { 'WAL bytes': Number(wal), commits: Number(commits), 'dead rows': Number(dead), 'database CPU µs': treeUs(postmaster) }
    },
    async end() {
      await server.query(`drop database ${name} with (force)`)
      await server.end()
    },
  }
}

/** A Redis that writes each command to its log, and flushes it `always` before it answers, or `everysec`. */
export async function redisPlace(fsync: 'always' | 'everysec'): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-bench-redis-'))
  const port = await freePort()
  const server = spawn('redis-server', ['--port', String(port), '--dir', folder, '--appendonly', 'yes', '--appendfsync', fsync, '--save', ''], {
    stdio: 'ignore',
  })
  await answers(port, server)
  return {
    url: `redis://127.0.0.1:${port}`,
    costs: async () => ({ 'database CPU µs': treeUs(server.pid as number) }),
    async end() {
      await stopped(server)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A node of Restate that keeps its log on disk, flushed before it answers, as it does by default. */
export async function restatePlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-bench-restate-'))
  const [ingress, admin, fabric] = [await freePort(), await freePort(), await freePort()]
  const settings = {
    RESTATE_INGRESS__BIND_PORT: String(ingress),
    RESTATE_ADMIN__BIND_PORT: String(admin),
    RESTATE_BIND_PORT: String(fabric),
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BASE_DIR: folder,
    RESTATE_LOG_FILTER: 'error,octocrab=off',
    RESTATE_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: '1',
  }
  const binary = join(import.meta.dirname, `peers/node_modules/@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`)
  const server = spawn(binary, ['--no-logo'], { env: { ...process.env, ...settings }, stdio: ['ignore', 'ignore', 'inherit'] })
  for (const port of [ingress, admin]) await answers(port, server)
  return {
    url: `http://127.0.0.1:${ingress}?admin=${admin}`,
    costs: async () => ({ 'server CPU µs': treeUs(server.pid as number) }),
    async end() {
      await stopped(server)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Until somebody listens there. */
export async function answers(port: number, server: ChildProcess): Promise<void> {
  const failed = new Promise<never>((_, reject) => server.once('error', reject))
  for (;;) {
    const reached = new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy())
    })
    if (await Promise.race([reached, failed])) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** CPU of a process, its children, and those that have ended. Nothing where the server is elsewhere. */
export function treeUs(root: number): number {
  const children = readdirSync('/proc').filter(name => /^\d+$/.test(name) && parentOf(Number(name)) === root)
  return children.reduce((sum, pid) => sum + usedUs(pid), usedUs(root))
}

function usedUs(pid: number | string): number {
  try {
    return ticks(`/proc/${pid}/stat`, true) * TICK_US
  } catch {
    return 0 // it ends at this moment
  }
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
