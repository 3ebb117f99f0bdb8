import { readFileSync } from 'node:fs'
import { type Client, connect, schedule, type WireHistory } from '@mainspring/sdk'
import type { Figures } from './cases.ts'
import { INPUT, noop } from './jobs.ts'
import type { BenchServer } from './processes.ts'
import { startAll } from './starts.ts'

const PUTS_AT_ONCE = 64
const IDLE_MS = 20_000
/** After a flood the collector and the write-ahead log have their own to do. */
const SETTLE_MS = 20_000
/** Fires once a day each, all at other seconds: 1.2 a second in all. */
const daily = (index: number): string => `${index % 60} ${Math.floor(index / 60) % 60} ${Math.floor(index / 3_600) % 24} * * *`

/** What so many schedules cost while next to nothing is due. */
export async function idleSchedules(server: BenchServer, count: number): Promise<Figures> {
  const client = connect({ url: server.url, namespace: 'default', retryFor: '1m' })
  await client.register([noop])
  const madeAt = performance.now()
  await putAll(client, count, daily)
  const perSecond = count / ((performance.now() - madeAt) / 1_000)
  await pause(SETTLE_MS)
  const before = server.cpuUs()
  await pause(IDLE_MS)
  const after = server.cpuUs()
  await client.close()
  const shown = count.toLocaleString('en')
  return {
    [`${shown} schedules made over HTTP, schedules/s`]: perSecond,
    [`${shown} schedules idle, % of one core`]: ((after.main + after.others - before.main - before.others) / (IDLE_MS * 1_000)) * 100,
  }
}

/** So many are due in one second: how long after it the last of their runs is there. */
export async function dueAtOnce(server: BenchServer, count: number): Promise<Figures> {
  const client = connect({ url: server.url, namespace: 'default', retryFor: '1m' })
  await client.register([noop])
  const begunAt = performance.now()
  await putAll(client, Math.ceil(count / 20), daily)
  const leadMs = (performance.now() - begunAt) * 20 * 1.5 + 5_000
  const dueAt = Math.ceil((Date.now() + leadMs) / 1_000) * 1_000
  const at = new Date(dueAt)
  await putAll(client, count, () => `${at.getUTCSeconds()} ${at.getUTCMinutes()} ${at.getUTCHours()} * * *`)
  await pause(dueAt - Date.now() + 8_000)
  const createdAt: number[] = []
  for (let cursor: string | undefined; ; ) {
    const { runs, next } = await client.runs.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) })
    for (const { trigger, createdAt: created } of runs)
      if (trigger.is === 'schedule' && Date.parse(trigger.nominalAt) === dueAt) createdAt.push(Date.parse(created))
    if (next === null) break
    cursor = next
  }
  await client.close()
  if (createdAt.length !== count) throw new Error(`${createdAt.length} of ${count} were started`)
  const late = createdAt.map(created => created - dueAt).sort((a, b) => a - b)
  const shown = count.toLocaleString('en')
  return { [`${shown} schedules due in one second, last started after ms`]: late.at(-1) as number }
}

const WAKING = 2_000
const WAKE_OVER_MS = 10_000

/** Memory that so many sleeping runs add, and how late those among them wake whose time comes. */
export async function sleepers(server: BenchServer, count: number): Promise<Figures> {
  const client = connect({ url: server.url, namespace: 'default', retryFor: '5m' })
  await client.register([noop])
  await startAll(client, noop, INPUT, 10_000, 1_000, 4)
  await pause(2_000)
  const before = rssMiB(server)
  for (let started = 0; started < count; started += 40_000)
    await Promise.all(
      Array.from({ length: 4 }, (_, call) =>
        client.startMany(
          noop,
          Array.from({ length: Math.min(10_000, Math.max(0, count - started - call * 10_000)) }, () => ({ input: INPUT, delay: '12h' })),
        ),
      ),
    )
  await pause(SETTLE_MS)
  const added = rssMiB(server) - before
  const from = Date.now() + 3_000
  const waking = await client.startMany(
    noop,
    Array.from({ length: WAKING }, (_, index) => ({ input: INPUT, at: new Date(from + Math.floor((index * WAKE_OVER_MS) / WAKING)).toISOString() })),
  )
  await pause(from + WAKE_OVER_MS - Date.now() + 5_000)
  const late: number[] = []
  for (const [index, run] of waking.entries()) {
    if (index % 10 !== 0) continue
    const { events } = await client.call<WireHistory>('runs.history', { run: run.id })
    const due = events.find(({ is }) => is === 'due')
    if (due === undefined) throw new Error(`run ${run.id} did not wake`)
    late.push(Date.parse(due.at) - (from + Math.floor((index * WAKE_OVER_MS) / WAKING)))
  }
  await client.close()
  late.sort((a, b) => a - b)
  const shown = count.toLocaleString('en')
  return {
    [`${shown} sleeping runs, memory added MiB`]: added,
    [`${shown} sleeping runs, wake late p95 ms`]: late[Math.floor(late.length * 0.95)] as number,
  }
}

async function putAll(client: Client, count: number, cron: (index: number) => string): Promise<void> {
  let next = 0
  const put = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++)
      await client.schedules.put(schedule(`s-${index}`, { cron: cron(index), overlap: 'allow' }, noop, INPUT))
  }
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, put))
}

function rssMiB({ child }: BenchServer): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024
}

/** What it takes after a minute of rest. V8 gives its heap back in one go, and not at all where nothing happens. */
export async function settledMiB(server: BenchServer): Promise<number> {
  await pause(60_000)
  return rssMiB(server)
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, Math.max(0, ms)))
}
