// Airflow 3 with its LocalExecutor and its rows in PostgreSQL, as its documentation would have it: `npm run airflow` in `peers/`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../test/support/free-port.ts'
import type { Case, Figures } from './cases.ts'
import { ITEMS } from './dag-cases.ts'
import { TEN } from './dags.ts'
import { answers, postgresPlace, treeUs } from './places.ts'
import { stopped } from './processes.ts'
import { pause } from './schedules.ts'

const PEERS = join(import.meta.dirname, 'peers')
const AIRFLOW = join(PEERS, '.built', 'airflow', 'bin', 'airflow')
const missing = existsSync(AIRFLOW) ? undefined : 'npm run airflow'

/** As many as Airflow does in half a minute: its tasks are processes. */
const RUNS = 30
const LOOK_MS = 100
/** Tasks at a time, processes that answer them (https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/scheduler.html). */
const PARALLELISM = 4
const API_WORKERS = 1

export const AIRFLOW_CASES: readonly Case[] = [
  { name: 'dag-peer-airflow', missing, place: postgresPlace, run: url => withAirflow(url, flood) },
  { name: 'dag-peer-airflow-more', missing, place: postgresPlace, run: url => withAirflow(url, fanOut) },
]

interface Airflow {
  start(dag: string, count: number): Promise<void>
  /** Until so many runs of it have ended, all of them well. */
  over(dag: string, count: number): Promise<void>
  usedUs(): number
}

async function flood({ start, over, usedUs }: Airflow): Promise<Figures> {
  await start('ten', 2)
  await over('ten', 2)
  const [before, begunAt] = [usedUs(), performance.now()]
  await start('ten', RUNS)
  await over('ten', 2 + RUNS)
  const seconds = (performance.now() - begunAt) / 1_000
  const name = 'tasks of DAGs of ten, Airflow on PostgreSQL'
  return { [`${name}, tasks/s`]: (RUNS * TEN) / seconds, [`${name}, CPU of all its processes µs/task`]: (usedUs() - before) / (RUNS * TEN) }
}

async function fanOut({ start, over }: Airflow): Promise<Figures> {
  await start('ten', 1)
  await over('ten', 1)
  const begunAt = performance.now()
  await start('wide', 1)
  await over('wide', 1)
  return { [`a DAG of ${ITEMS.toLocaleString('en')} tasks at once and one behind them, Airflow on PostgreSQL, ms`]: performance.now() - begunAt }
}

async function withAirflow(database: string, act: (airflow: Airflow) => Promise<Figures>): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-bench-airflow-'))
  const [port, logs] = [await freePort(), await freePort()]
  const env = { ...process.env, ...settings(folder, database, port, logs) }
  execFileSync(AIRFLOW, ['db', 'migrate'], { env, stdio: 'ignore' })
  const parts: ChildProcess[] = []
  const begin = (...words: string[]): ChildProcess => {
    const part = spawn(AIRFLOW, words, { env, stdio: ['ignore', 'ignore', 'inherit'] })
    parts.push(part)
    return part
  }
  const rows = new pg.Pool({ connectionString: database, max: 1 })
  try {
    await answers(port, begin('api-server', '--port', String(port), '--workers', String(API_WORKERS)))
    // Its first answer to a task takes seconds, for it makes all versions of that API.
    await fetch(`http://127.0.0.1:${port}/execution/health`)
    begin('dag-processor')
    begin('scheduler')
    return await act({
      start: starter(`http://127.0.0.1:${port}`),
      async over(dag, count) {
        for (;;) {
          const { rows: found } = await rows.query<{ state: string; runs: number }>(
            'select state, count(*)::int as runs from dag_run where dag_id = $1 group by 1',
            [dag],
          )
          const of = (state: string) => found.find(row => row.state === state)?.runs ?? 0
          if (of('failed') > 0) throw new Error(`a run of ${dag} has failed`)
          if (of('success') >= count) return
          await pause(LOOK_MS)
        }
      },
      usedUs: () => parts.reduce((sum, { pid }) => sum + treeUs(pid as number), 0),
    })
  } finally {
    await rows.end()
    await Promise.all(parts.map(part => stopped(part)))
    rmSync(folder, { recursive: true, force: true })
  }
}

function settings(folder: string, database: string, port: number, logs: number): Record<string, string> {
  return {
    AIRFLOW_HOME: folder,
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: database.replace('postgres:', 'postgresql+psycopg2:'),
    AIRFLOW__CORE__EXECUTOR: 'LocalExecutor',
    AIRFLOW__CORE__DAGS_FOLDER: join(PEERS, 'airflow'),
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION: 'False',
    AIRFLOW__CORE__PARALLELISM: String(PARALLELISM),
    AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG: String(ITEMS),
    AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG: String(ITEMS),
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `http://127.0.0.1:${port}/execution/`,
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True',
    // On a full machine: after 5 seconds a task that waits for its answer would fail.
    AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT: '300',
    AIRFLOW__API_AUTH__JWT_SECRET: folder.repeat(2),
    AIRFLOW__LOGGING__LOGGING_LEVEL: 'ERROR',
    AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT: String(logs),
    AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK: 'False',
  }
}

/** Starts runs over its API, as soon as it knows the DAG. */
function starter(url: string): Airflow['start'] {
  const call = async (path: string, body?: object, token?: string): Promise<{ access_token: string }> => {
    const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
    const answer = await fetch(`${url}${path}`, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) })
    if (answer.status === 404) {
      await pause(LOOK_MS)
      return call(path, body, token)
    }
    if (!answer.ok) throw new Error(`Airflow does not take it: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as { access_token: string }
  }
  return async (dag, count) => {
    const { access_token: token } = await call('/auth/token')
    await Promise.all(Array.from({ length: count }, () => call(`/api/v2/dags/${dag}/dagRuns`, { logical_date: null }, token)))
  }
}
