import type { BatchId, ClaimId, RunId } from '../../core/ids.ts'
import { streamCursorOf } from '../cursor.ts'
import type { Answer, Batch, ClosedRow, ClosingRow, OpenRow, SegmentRow, TouchedRow, Writes } from '../store.ts'
import { standing } from './claims.ts'
import { copyOpen, type Lane, mailText, type Tables } from './tables.ts'

/** Why a batch is at fault beyond what the port says, or null: stands for what a database cannot hold (E14). */
export type Refuse = (batch: Batch) => string | null

export function commit(tables: Tables, batch: Batch, refuse: Refuse | undefined): Answer {
  const lane = fence(tables, batch)
  if (lane === null) return { is: 'fenced' }
  const claims = missingClaims(tables, batch.checks)
  if (claims.length > 0) return { is: 'unchecked', claims }
  const why = refuse?.(batch) ?? disagreement(tables, batch.writes)
  if (why !== null) return { is: 'refused', resend: false, why }
  advance(tables, lane, batch.id)
  write(tables, batch.writes)
  tables.seal()
  return { is: 'committed' }
}

export function settle(tables: Tables, batch: Batch, settling: BatchId): 'in' | 'out' | 'fenced' {
  const lane = fence(tables, batch)
  if (lane !== null) {
    advance(tables, lane, settling)
    tables.seal()
    return 'out'
  }
  const now = tables.lanes.get(batch.lane)
  if (now?.sequence !== batch.sequence + 1) return 'fenced'
  return now.lastBatch === batch.id ? 'in' : now.lastBatch === settling ? 'out' : 'fenced'
}

/** The lane, if the batch is the next link of its chain (E1). */
function fence(tables: Tables, batch: Batch): Lane | null {
  const lane = standing(tables, batch)
  return lane?.sequence === batch.sequence && lane.lastBatch === batch.lastBatch ? lane : null
}

function advance(tables: Tables, lane: Lane, id: BatchId): void {
  const sequence = lane.sequence + 1
  tables.setLane({ ...lane, sequence, lastBatch: id })
  tables.link({ lane: lane.row.lane, sequence, id })
}

function missingClaims(tables: Tables, checks: readonly ClaimId[]): ClaimId[] {
  if (checks.length === 0) return []
  const stand = new Set([...tables.lanes.values()].filter(lane => lane.stands).map(lane => lane.row.claim))
  return checks.filter(claim => !stand.has(claim))
}

/** Where memory of the engine and store disagree: an insert that meets an existing key, an update that meets no row. */
function disagreement(tables: Tables, writes: Writes): string | null {
  const seen = new Set<RunId>()
  const again = (id: RunId) => seen.size === seen.add(id).size
  for (const row of writes.born)
    if (again(row.id) || tables.open.has(row.id) || tables.closed.has(row.id)) return `Run ${row.id} is born and exists already.`
  for (const row of writes.touched) if (again(row.id) || !tables.open.has(row.id)) return `Run ${row.id} is touched and not open.`
  for (const row of writes.touched)
    if (row.bodyAlone && moreDiffers(tables.open.get(row.id) as OpenRow, row)) return `More of run ${row.id} differs than its body.`
  for (const row of writes.closed) {
    if (again(row.id) || tables.closed.has(row.id)) return `Run ${row.id} closes and exists already.`
    if (tables.open.has(row.id) !== (row.born === null)) return `Run ${row.id} closes and is ${row.born === null ? 'not open' : 'open already'}.`
  }
  const holds = new Set<string>()
  for (const { id } of writes.holds) if (tables.holds.has(id) || holds.size === holds.add(id).size) return `Hold ${id} exists already.`
  const mail = new Set<string>()
  for (const row of writes.mail) {
    const name = mailText(row)
    if (tables.mail.has(name) || mail.size === mail.add(name).size) return `Mail ${name} exists already.`
  }
  const taken = new Set<string>()
  for (const { id, ...name } of writes.mailTaken)
    if (tables.mail.get(mailText(name))?.id !== id || taken.size === taken.add(id).size) return `Mail ${mailText(name)} is not there, or another.`
  const segments = new Set<string>()
  for (const { run, first } of writes.segments) {
    const segment = `${run} ${first}`
    if (segments.has(segment) || tables.segments.get(run)?.has(first)) return `Segment ${first} of run ${run} exists already.`
    segments.add(segment)
  }
  const streams = new Set<string>()
  for (const row of writes.streams) {
    const name = streamCursorOf(row)
    if (streams.size === streams.add(`${row.run} ${name}`).size || tables.streams.get(row.run)?.has(name))
      return `Chunk ${row.last} of stream ${row.stream} of run ${row.run} exists already.`
  }
  return null
}

function write(tables: Tables, writes: Writes): void {
  for (const row of writes.born) tables.setOpen(row.id, copyOpen(row))
  for (const row of writes.touched) tables.setOpen(row.id, touch(tables.open.get(row.id) as OpenRow, row))
  for (const row of writes.closed) {
    const before = row.born === null ? (tables.open.get(row.id) as OpenRow) : copyOpen(row.born)
    if (row.born === null) tables.setOpen(row.id, null)
    tables.setClosed(row.id, closedRow(before, row))
  }
  for (const name of writes.keyDrops) tables.setKey(name, null)
  for (const { namespace, scope, definition, key, run, inputHash, expiresAt } of writes.keys)
    tables.setKey({ namespace, scope, definition, key }, { namespace, scope, definition, key, run, inputHash, expiresAt })
  for (const [run, rows] of Map.groupBy(writes.segments, row => row.run)) tables.setSegments(run, withSegments(tables.segments.get(run), rows))
  for (const row of writes.logs) tables.addLog({ ...row })
  for (const row of writes.streams) tables.addStream({ ...row })
  for (const row of writes.definitions) tables.setDefinition({ ...row })
  for (const row of writes.settings) tables.setSetting({ ...row })
  if (writes.definitions.length + writes.settings.length > 0) tables.nextSettingsVersion()
  for (const [schedule, rows] of Map.groupBy(writes.ledger, row => row.schedule)) {
    const lines = new Map(tables.ledgers.get(schedule))
    for (const row of rows) lines.set(row.n, { ...row })
    tables.setLedger(schedule, lines)
  }
  for (const [schedule, names] of Map.groupBy(writes.ledgerDrops, row => row.schedule)) {
    const lines = new Map(tables.ledgers.get(schedule))
    for (const { n } of names) lines.delete(n)
    tables.setLedger(schedule, lines.size === 0 ? undefined : lines)
  }
  for (const row of writes.rates) tables.setRate({ ...row })
  for (const row of writes.holds) tables.setHold(row.id, { ...row })
  for (const id of writes.holdDrops) tables.setHold(id, undefined)
  for (const name of writes.mailTaken) tables.setMail(name, undefined)
  for (const row of writes.mail) tables.setMail(row, { ...row })
  for (const id of writes.purge) {
    if (!tables.closed.has(id)) continue
    tables.setClosed(id, null)
    tables.setSegments(id, undefined)
    tables.dropLogs(id)
    tables.dropStreams(id)
    tables.setLedger(id, undefined)
  }
}

function touch(before: OpenRow, { queue, state, gate, sort, wakeAt, delivered, startedAt, body }: TouchedRow): OpenRow {
  return { ...before, queue, state, gate, sort, wakeAt, delivered, startedAt, body }
}

function moreDiffers(before: OpenRow, row: TouchedRow): boolean {
  const { bodyAlone: _, body: __, ...columns } = row
  return Object.entries(columns).some(([name, value]) => before[name as keyof OpenRow] !== value)
}

function closedRow(before: OpenRow, closing: ClosingRow): ClosedRow {
  const { id, namespace, kind, name, createdAt, tags, input } = before
  const { queue, state, startedAt, closedAt, output, body, purgeAt } = closing
  return { id, namespace, kind, name, queue, state, createdAt, startedAt, closedAt, tags, input, output, body, purgeAt }
}

function withSegments(before: ReadonlyMap<number, SegmentRow> | undefined, rows: readonly SegmentRow[]): Map<number, SegmentRow> {
  const segments = new Map(before)
  for (const row of rows) segments.set(row.first, { ...row })
  return segments
}
