import { newId, type Random } from '../../core/ids.ts'
import type { MemoryTables } from '../../store/memory/store.ts'
import { ALL_SHARDS, type Batch, type ClosingRow, noWrites, type Store, type Writes } from '../../store/store.ts'

/** Rows a batch: few enough to stay far below what a commit may hold. */
const ROWS = 1_000

/** Writes all that one store holds into another, empty one, through the port: as many batches of one lane as it takes. */
export async function copy(from: MemoryTables, to: Store, random: Random): Promise<void> {
  const now = await to.now()
  const id = (): string => newId(now, random)
  const claim = await to.claim({ lane: id(), claim: id(), node: id(), nodeName: 'demo', address: null, wanted: ALL_SHARDS, dead: [] })
  for (const part of partsOf(from)) {
    const { lane, sequence, lastBatch } = claim
    const batch: Batch = { id: id(), lane, claim: claim.claim, sequence, lastBatch, checks: [], writes: { ...noWrites(), ...part } }
    const answer = await to.commit(batch)
    if (answer.is !== 'committed') throw new Error(`The played day could not be written: ${'why' in answer ? answer.why : answer.is}.`)
    claim.sequence++
    claim.lastBatch = batch.id
  }
  await to.release(claim)
}

function* partsOf(tables: MemoryTables): Generator<Partial<Writes>> {
  yield* pages('definitions', [...tables.definitions.values()])
  yield* pages('settings', [...tables.settings.values()])
  yield* pages('born', [...tables.open.values()])
  yield* pages('closed', [...tables.closed.values()].map(closing))
  yield* pages('keys', [...tables.keys.values()])
  yield* pages(
    'segments',
    [...tables.segments.values()].flatMap(rows => [...rows.values()]),
  )
  yield* pages(
    'logs',
    [...tables.logs.values()].flatMap(rows => [...rows.values()]),
  )
  yield* pages(
    'ledger',
    [...tables.ledgers.values()].flatMap(rows => [...rows.values()]),
  )
  yield* pages('rates', [...tables.rates.values()])
}

function* pages<Name extends keyof Writes>(name: Name, rows: Writes[Name]): Generator<Partial<Writes>> {
  for (let from = 0; from < rows.length; from += ROWS) yield { [name]: rows.slice(from, from + ROWS) }
}

/** As if it had never been in the table of open runs: then its whole row comes with it. */
function closing(row: MemoryTables['closed'] extends ReadonlyMap<string, infer Row> ? Row : never): ClosingRow {
  const { id, queue, state, startedAt, closedAt, output, body, purgeAt, namespace, kind, name, createdAt, tags, input } = row
  const open = { gate: null, sort: null, wakeAt: null, delivered: false } as const
  const born = { id, namespace, kind, name, queue, state: 'queued' as const, createdAt, startedAt, tags, input, body, ...open }
  return { id, born, queue, state, startedAt, closedAt, output, body, purgeAt }
}
