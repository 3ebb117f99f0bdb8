import type { RunHandle, WireHistory, WireVersions } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { parcelOf } from './support/parcel.ts'
import { Stage, until, type WorkerChild } from './support/processes.ts'

const stage = new Stage()
afterAll(() => stage.end())

const RUNS = 20
type HistoryEvent = WireHistory['events'][number]

test('a rolling deployment under open runs: what does not fit the new version stays with the old one, says so, and goes on when that is back', {
  timeout: 240_000,
}, async () => {
  const records = stage.file('records.jsonl')
  const server = await stage.server({ database: stage.file('main.db'), lease: '1s' })
  const client = server.client()
  const worker = (name: string, parcel: 'v1' | 'v2'): WorkerChild => stage.worker({ url: server.url, slots: 5, name, records, parcel, drainMs: 100 })
  const eventsOf = async (run: string): Promise<HistoryEvent[]> => (await client.call<WireHistory>('runs.history', { run })).events
  const stepOf = async (run: string): Promise<string | undefined> =>
    (await eventsOf(run)).find(({ is }) => is === 'child_asked')?.run as string | undefined
  const codesOf = async (run: string): Promise<string[]> => (await client.handle(run).explain()).reasons.map(({ code }) => code)

  const olds = [worker('old-1', 'v1'), worker('old-2', 'v1')]
  const runs: RunHandle<string[]>[] = await client.startMany(
    parcelOf('v1'),
    Array.from({ length: RUNS }, (_, n) => ({ input: n })),
  )
  const even = runs.filter((_, n) => n % 2 === 0)
  const odd = runs.filter((_, n) => n % 2 === 1)
  // The first half has come to its queued step, the other waits for a signal.
  const [first, second] = [runs.slice(0, RUNS / 2), runs.slice(RUNS / 2)]
  await Promise.all(first.map((run, n) => run.signal('address', `to ${n}`)))
  await until('each waits', async () => {
    const asked = await Promise.all(first.map(run => stepOf(run.id)))
    const states = await Promise.all(second.map(async run => (await run.get()).reason))
    return !asked.includes(undefined) && states.every(reason => reason === 'signal')
  })

  // The new version comes, the old one goes; a worker of the new one is killed.
  const fresh = worker('new-1', 'v2')
  await fresh.word(({ is }) => is === 'ready')
  await Promise.all(olds.map(old => old.kill('SIGTERM')))
  await client.limits.set('lorries', { concurrency: 3 })
  await Promise.all(second.map((run, n) => run.signal('address', `to ${n + RUNS / 2}`)))
  await until('something is sent', async () => (await Promise.all(even.map(run => run.get()))).some(({ state }) => state === 'completed'))
  await fresh.kill('SIGKILL')
  worker('new-2', 'v2')

  const results = await Promise.all(even.map(run => run.result()))
  expect(results).toEqual(even.map((_, n) => [`pack ${n * 2}`, `to ${n * 2}`, `send ${n * 2}`]))
  await until('each of the others says why it waits', async () => {
    const said = await Promise.all(odd.map(async run => codesOf((await stepOf(run.id)) ?? run.id)))
    return said.every(codes => codes.includes('no-version'))
  })
  const { versions } = await client.call<WireVersions>('versions.get', { name: 'parcel' })
  expect(versions.find(({ version }) => version === 'v1')).toMatchObject({ open: RUNS / 2, workers: [] })
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain('queue_untaken{namespace="default",queue="default"} 2')

  worker('old-3', 'v1')
  expect(await Promise.all(odd.map(run => run.result()))).toEqual(odd.map((_, n) => [`pack ${n * 2 + 1}`, `to ${n * 2 + 1}`, `send ${n * 2 + 1}`]))
  for (const { id } of runs) {
    const events = await eventsOf(id)
    const results = events.flatMap(({ is, n }) => (is === 'step_completed' || is === 'child_closed' ? [n] : []))
    expect(new Set(results).size, 'a step has one accepted result').toBe(results.length)
    expect(gets(events), 'no version gets again what does not fit it').toEqual([])
    expect(gets(await eventsOf((await stepOf(id)) as string))).toEqual([])
  }
})

/** The versions that got a run back which they had left to others, before it was offered to all again. */
function gets(events: readonly HistoryEvent[]): unknown[] {
  const left = new Set<unknown>()
  const found: unknown[] = []
  let version: unknown
  for (const event of events) {
    if (event.anew === true) left.clear()
    if (event.is === 'delivered') {
      version = event.version
      if (left.has(version)) found.push(version)
    }
    if (event.misfit !== undefined || (event.failure as { code?: string } | undefined)?.code === 'diverged') left.add(version)
  }
  return found
}
