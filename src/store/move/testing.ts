import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { newId } from '../../core/ids.ts'
import { bornRow, closingRow, keyRow, type Lane, logRow, openLane, pages, rateRow, streamRow } from '../conformance/fixtures.ts'
import { openPostgresStore } from '../postgres/store.ts'
import { openSource } from '../sqlite/source.ts'
import { openSqliteStore } from '../sqlite/store.ts'
import { temporaryFolder } from '../sqlite/testing.ts'
import type { LedgerRow, Store } from '../store.ts'
import { type Moved, move } from './move.ts'
import type { Progress } from './tables.ts'

export const folder = temporaryFolder()
export const id = () => newId(Date.now(), Math.random)
let files = 0

let template: ReturnType<typeof fill> | null = null

/** A database of its own with something in every table. */
export async function filled(): Promise<{ file: string; runs: string[] }> {
  template ??= fill()
  const { file, runs } = await template
  const copy = join(folder, `${++files}.db`)
  copyFileSync(file, copy)
  return { file: copy, runs }
}

/** Texts that are easily spoilt, and more rows than a page has. */
async function fill(): Promise<{ file: string; runs: string[] }> {
  const odd = { 'ключ "\u0000"': '😀\n', '1': 'one', '': '' }
  const waiting = bornRow({
    namespace: 'other',
    tags: odd,
    input: '{"at":{"$date":"2026-01-02T03:04:05.678Z"},"nul":"\u0000"}',
    wakeAt: 4_102_444_800_123,
    body: '["é\u0000"]',
  })
  const running = bornRow({
    state: 'running',
    delivered: true,
    startedAt: 5,
    gate: 9_007_199_254_740_991,
    sort: -60_000.5,
    createdAt: 1_764_000_000_123,
  })
  const schedule = bornRow({ kind: 'schedule', name: 'nightly', queue: '', wakeAt: 7 })
  const long = bornRow({ name: 'long', tags: { team: 'a' } })
  const parked = bornRow({ state: 'waiting', kind: 'batch', wakeAt: null })
  const closed = Array.from({ length: 2_500 }, (_, n) => bornRow({ input: `${n}`, tags: n % 2 === 0 ? { n: `${n}` } : null, createdAt: n }))
  const closedSchedule = bornRow({ kind: 'schedule', name: 'gone' })
  const never = bornRow({ namespace: 'third' })
  const line = (n: number): LedgerRow =>
    ({
      schedule: schedule.id,
      n,
      source: 'time',
      at: n * 10,
      until: n * 10 + 5,
      count: 2,
      account: n === 2 ? 'skipped' : 'fired',
      run: n === 2 ? null : id(),
      lateMs: n === 2 ? null : 4,
      why: n === 2 ? 'overlap' : null,
      note: n === 2 ? 'naïve\u0000' : null,
      accountedAt: n,
    }) as LedgerRow
  const file = await source(async lane => {
    for (const name of ['a', 'b'] as const)
      await lane.commit({
        definitions: [
          { namespace: 'default', name, version: '1', kind: 'job', options: '{"queue":"q"}', schema: name === 'a' ? '{}' : null, registeredAt: 3 },
        ],
      })
    await lane.commit({ definitions: [{ namespace: 'default', name: 'a', version: '0', kind: 'job', options: '{}', schema: null, registeredAt: 3 }] })
    await lane.commit({
      settings: [
        { namespace: 'default', kind: 'pause', name: 'queue:q', value: '{"by":"ü"}', changedAt: 11 },
        { namespace: '', kind: 'api-key', name: 'laptop', value: '"hash"', changedAt: 12 },
      ],
      born: [waiting, running, schedule, long, parked],
      keys: [
        keyRow({ run: waiting.id, key: '\u0000k' }),
        keyRow({ run: waiting.id, scope: 'unique', key: '{}', expiresAt: null }),
        keyRow({ run: running.id, scope: 'sequence', key: 's', inputHash: 'stopped', expiresAt: null }),
        keyRow({ run: long.id, scope: 'call', key: 'c', expiresAt: 4_102_444_800_123 }),
      ],
      segments: [
        { run: long.id, first: 0, events: '["ß"]' },
        { run: long.id, first: 10, events: '[]' },
        { run: running.id, first: 0, events: '[1]' },
      ],
      logs: [
        ...Array.from({ length: 2_200 }, (_, n) =>
          logRow({ run: running.id, delivery: n % 2 === 0 ? 'a' : 'b', n, at: 10_000 - n, message: `line ${n} \u0000`, fields: '{"k":1}' }),
        ),
        ...[0, 1].map(n => logRow({ run: long.id, n, level: 'error' })),
        logRow({ run: (closed[0] as { id: string }).id }),
      ],
      streams: [
        ...[3, 4, 9].map(last => streamRow({ run: running.id, last, chunks: `"ü"\n${last}`, step: last === 3 ? null : 'naïve' })),
        streamRow({ run: running.id, stream: 'b', restarted: true }),
        streamRow({ run: long.id }),
      ],
      ledger: [1, 2, 3].map(line),
      rates: [rateRow(), rateRow({ key: 'k\u0000', spent: '[1,2]' })],
      holds: [{ id: id(), part: 7, namespace: 'default', limit: 'pool', key: 'ü', run: running.id, weight: 0.5, since: 9 }],
      mail: [
        { to: 3, from: 1, n: 1, id: id(), body: '{"b":"\u0000"}' },
        { to: 255, from: 0, n: 2, id: id(), body: '{}' },
      ],
      closed: [
        ...closed.map(row => closingRow(row, row, { output: row.input, purgeAt: 4_102_444_800_123 })),
        closingRow(closedSchedule, closedSchedule),
        closingRow(never, never, { state: 'cancelled', startedAt: null }),
      ],
    })
    await lane.commit({ born: [bornRow({ id: '0'.repeat(26), input: '0' })] })
    await lane.commit({ closed: [closingRow(bornRow({ id: '0'.repeat(26) }))] })
  })
  return { file, runs: [waiting, running, schedule, long, parked, ...closed, closedSchedule, never].map(row => row.id).concat('0'.repeat(26)) }
}

export async function source(fill: (lane: Lane) => Promise<unknown>): Promise<string> {
  const file = join(folder, `${++files}.db`)
  await onSource(file, async store => {
    const lane = await openLane(store)
    const commit = lane.commit.bind(lane)
    lane.commit = async writes => {
      const answer = await commit(writes)
      expect(answer).toEqual({ is: 'committed' })
      return answer
    }
    await fill(lane)
  })
  return file
}

/** All that a port can be asked for. */
export async function everything(store: Store, runs: string[]) {
  const { claim } = await openLane(store, await store.lanes())
  const sorted = <Row>(rows: readonly Row[]) => rows.map(row => JSON.stringify(row, Object.keys(row as object).sort())).sort()
  const keys = [
    { scope: 'key', key: '\u0000k' },
    { scope: 'unique', key: '{}' },
    { scope: 'sequence', key: 's' },
    { scope: 'call', key: 'c' },
  ] as const
  const [waiting, running, schedule, long] = runs as [string, string, string, string]
  const found = {
    actors: (await store.loadActors(claim, runs)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    due: await store.loadDue(claim, Number.MAX_SAFE_INTEGER, { after: null, limit: 100 }),
    delivered: await store.loadDelivered(claim, { after: null, limit: 100 }),
    groups: await store.loadGroups(claim),
    keys: sorted(
      await store.findKeys(
        claim,
        keys.map(key => ({ namespace: 'default', definition: 'job', ...key })),
      ),
    ),
    rates: sorted(await store.loadRates(claim)),
    holds: await store.loadHolds(claim),
    mail: await store.loadMail(claim, { after: null, limit: 100 }),
    counts: sorted(await store.loadCounts(claim)),
    tagged: (await store.read.runs({ namespace: 'other', tags: { '1': 'one', 'ключ "\u0000"': '😀\n' } }, { after: null, limit: 9 })).rows.map(
      row => row.id,
    ),
    even: (await store.read.runs({ namespace: 'default', tags: { n: '2498' } }, { after: null, limit: 9 })).rows.map(row => row.id),
    list: (await pages(after => store.read.runs({ namespace: 'default' }, { after, limit: 1_000 }))).map(row => row.id),
    definitions: await store.read.definitions(),
    settings: (await store.read.settings()).sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    segments: [...(await store.read.segments(long)), ...(await store.read.segments(running))],
    logs: await pages(after => store.read.logs(running, { after, limit: 1_000 })),
    streams: await pages(after => store.read.streams(running, null, { after, limit: 2 })),
    ledger: await store.read.ledger(schedule, {}, { after: null, limit: 100 }),
    schedules: await store.read.schedules('default', { after: null, limit: 100 }),
    run: await store.read.run('other', waiting),
  }
  await store.release(claim)
  return found
}

export async function onSource<T>(file: string, body: (store: Store) => Promise<T>): Promise<T> {
  return used(await openSqliteStore({ file, nodeName: 'the server' }), body)
}

export async function onTarget<T>(url: string, body: (store: Store) => Promise<T>): Promise<T> {
  return used(await openPostgresStore({ url }), body)
}

async function used<T>(store: Store, body: (store: Store) => Promise<T>): Promise<T> {
  try {
    return await body(store)
  } finally {
    await store.close()
  }
}

interface Given {
  progress?: (told: Progress) => void
  signal?: AbortSignal
}

export function moved(file: string, url: string, given: Given = {}): Promise<Moved> {
  return onTarget(url, store => moveInto(file, store, given))
}

export async function moveInto(
  file: string,
  target: Store,
  { progress = () => {}, signal = new AbortController().signal }: Given = {},
): Promise<Moved> {
  const source = openSource(file, 'move')
  try {
    return await move({ source, target, targetText: 'there', nodeName: 'move', progress, signal })
  } finally {
    source.close()
  }
}
