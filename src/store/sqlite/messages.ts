import type { Kind } from '../../core/machine.ts'
import type { ClosedState, OpenState } from '../../core/run.ts'
import type { Batch, ClosedRow, ClosingRow, MailRow, OpenRow, Row, TouchedRow } from '../store.ts'
import { MessageReader, MessageWriter, release } from './codec.ts'

/** The last batch's size, plus a quarter: batches of a busy lane resemble each other. */
let expectedBytes = 4096

/**
 * A batch as the writer thread reads it (commit.ts): head, then each list behind its length, those of few rows as one JSON text.
 * `touched` and `closed` go in two lists each, as they become two statements: what changes but for its body alone, and what does not; runs that move, and runs that
 * were never open.
 */
export function encodeBatch(batch: Batch): ArrayBuffer {
  const { writes } = batch
  const writer = new MessageWriter(expectedBytes)
  writer.text(JSON.stringify([batch.id, batch.lane, batch.claim, batch.sequence, batch.lastBatch, batch.checks]))
  list(writer, writes.born, writeOpen)
  const bodies = writes.touched.filter(row => row.bodyAlone === true)
  list(writer, bodies.length === 0 ? writes.touched : writes.touched.filter(row => row.bodyAlone !== true), writeTouched)
  list(writer, bodies, (writer, { id, body }) => {
    writer.text(id)
    writer.text(body)
  })
  const moves = writes.closed.filter(row => row.born === null)
  list(writer, moves, writeClosing)
  list(writer, moves.length === writes.closed.length ? [] : writes.closed.filter(row => row.born !== null), (writer, row) => {
    writeClosing(writer, row)
    writeOpen(writer, row.born as OpenRow)
  })
  list(writer, writes.keyDrops, (writer, name) => {
    writer.word(name.namespace)
    writer.word(name.scope)
    writer.word(name.definition)
    writer.text(name.key)
  })
  list(writer, writes.keys, (writer, row) => {
    writer.word(row.namespace)
    writer.word(row.scope)
    writer.word(row.definition)
    writer.text(row.key)
    writer.text(row.run)
    writer.text(row.inputHash)
    writer.number(row.expiresAt)
  })
  list(writer, writes.segments, (writer, row) => {
    writer.text(row.run)
    writer.number(row.first)
    writer.text(row.events)
  })
  list(writer, writes.logs, (writer, row) => {
    writer.word(row.run)
    writer.word(row.delivery)
    writer.number(row.n)
    writer.number(row.at)
    writer.number(row.attempt)
    writer.word(row.level)
    writer.text(row.message)
    writer.text(row.fields)
  })
  list(writer, writes.streams, (writer, row) => {
    writer.word(row.run)
    writer.word(row.stream)
    for (const number of [row.last, row.count, row.at]) writer.number(number)
    writer.text(row.step)
    writer.number(row.attempt)
    writer.number(row.restarted ? 1 : 0)
    writer.text(row.chunks)
  })
  list(writer, writes.definitions, (writer, row) => {
    for (const text of [row.namespace, row.name, row.version, row.kind, row.options, row.schema]) writer.text(text)
    writer.number(row.registeredAt)
  })
  list(writer, writes.settings, (writer, row) => {
    for (const text of [row.namespace, row.kind, row.name, row.value]) writer.text(text)
    writer.number(row.changedAt)
  })
  list(writer, writes.ledger, (writer, row) => {
    writer.word(row.schedule)
    writer.number(row.n)
    writer.word(row.source)
    for (const number of [row.at, row.until, row.count]) writer.number(number)
    writer.word(row.account)
    writer.text(row.run)
    writer.number(row.lateMs)
    writer.text(row.why)
    writer.text(row.note)
    writer.number(row.accountedAt)
  })
  list(writer, writes.ledgerDrops, (writer, row) => {
    writer.word(row.schedule)
    writer.number(row.n)
  })
  list(writer, writes.rates, (writer, row) => {
    writer.word(row.namespace)
    writer.word(row.limit)
    writer.text(row.key)
    writer.text(row.spent)
  })
  list(writer, writes.holds, (writer, row) => {
    writer.text(row.id)
    writer.number(row.part)
    writer.word(row.namespace)
    writer.word(row.limit)
    writer.text(row.key)
    writer.text(row.run)
    writer.number(row.weight)
    writer.number(row.since)
  })
  list(writer, writes.holdDrops, (writer, id) => writer.text(id))
  list(writer, writes.mailTaken, writeMailName)
  list(writer, writes.mail, (writer, row) => {
    writeMailName(writer, row)
    writer.text(row.body)
  })
  list(writer, writes.purge, (writer, id) => writer.text(id))
  expectedBytes = Math.ceil(writer.length * 1.25)
  return writer.finish()
}

function list<T>(writer: MessageWriter, rows: readonly T[], write: (writer: MessageWriter, row: T) => void): void {
  writer.count(rows.length)
  for (const row of rows) write(writer, row)
}

function writeMailName(writer: MessageWriter, row: Omit<MailRow, 'body'>): void {
  writer.number(row.from)
  writer.number(row.n)
  writer.number(row.to)
  writer.text(row.id)
}

function writeOpen(writer: MessageWriter, row: OpenRow): void {
  writer.text(row.id)
  writer.word(row.namespace)
  writer.word(row.kind)
  writer.word(row.name)
  writer.word(row.queue)
  writer.word(row.state)
  writer.number(row.gate)
  writer.number(row.sort)
  writer.number(row.wakeAt)
  writer.count(row.delivered ? 1 : 0)
  writer.number(row.createdAt)
  writer.number(row.startedAt)
  writer.text(row.tags === null ? null : JSON.stringify(row.tags))
  writer.text(row.input)
  writer.text(row.body)
}

function writeTouched(writer: MessageWriter, row: TouchedRow): void {
  writer.text(row.id)
  writer.word(row.queue)
  writer.word(row.state)
  writer.number(row.gate)
  writer.number(row.sort)
  writer.number(row.wakeAt)
  writer.count(row.delivered ? 1 : 0)
  writer.number(row.startedAt)
  writer.text(row.body)
}

function writeClosing(writer: MessageWriter, row: ClosingRow): void {
  writer.text(row.id)
  writer.word(row.queue)
  writer.word(row.state)
  writer.number(row.startedAt)
  writer.number(row.closedAt)
  writer.number(row.purgeAt)
  writer.text(row.output)
  writer.text(row.body)
}

/** Columns of a row as the threads answer it; those of the other table are null. `closed_at` tells which table it is from. */
const SHARED = 'id, namespace, kind, name, queue, state, created_at, started_at, tags, input, body'
export const OPEN_COLUMNS = `${SHARED}, gate, sort, wake_at, delivered, null as closed_at, null as purge_at, null as output`
export const CLOSED_COLUMNS = `${SHARED}, null as gate, null as sort, null as wake_at, null as delivered, closed_at, purge_at, output`

/** A row of these columns, as an array. */
export type Columns = unknown[]

export function encodeRows(rows: readonly Columns[]): ArrayBuffer {
  return encodeLists([rows], rows.length)
}

/** What is reserved at first: about what a row takes, for no more rows than so many. More makes the buffer grow. */
const ROW_BYTES = 1_000
const ROWS_RESERVED_MAX = 2_000

/** Each list is asked for once the one before is written, so that the rows of many need not outlive a collection. `rowsMax`: of all lists together. */
export function encodeLists(lists: Iterable<readonly Columns[]>, rowsMax: number): ArrayBuffer {
  const writer = new MessageWriter(ROW_BYTES * Math.min(rowsMax + 1, ROWS_RESERVED_MAX))
  for (const rows of lists) writeRows(writer, rows)
  return writer.finish()
}

function writeRows(writer: MessageWriter, rows: readonly Columns[]): void {
  for (const row of rows) {
    writer.count(1)
    writer.text(row[0] as string)
    for (let column = 1; column < 6; column++) writer.word(row[column] as string)
    for (let column = 6; column < 8; column++) writer.number(row[column] as number | null)
    writer.text(row[8] as string | null)
    writer.bytes(row[9] as Uint8Array | null)
    writer.bytes(row[10] as Uint8Array | null)
    for (let column = 11; column < 17; column++) writer.number(row[column] as number | null)
    if (row[15] !== null) writer.bytes(row[17] as Uint8Array | null)
  }
  writer.count(0)
}

/** The message is used up by it. */
export function decodeRows(message: ArrayBuffer): Row[] {
  return decodeLists(message, 1)[0] as Row[]
}

/** The message is used up by it. */
export function decodeLists(message: ArrayBuffer, count: number): Row[][] {
  const reader = new MessageReader(message)
  const lists = Array.from({ length: count }, () => {
    const rows: Row[] = []
    while (reader.count() === 1) rows.push(decodeRow(reader))
    return rows
  })
  release(message)
  return lists
}

function decodeRow(reader: MessageReader): Row {
  const id = reader.text()
  const namespace = reader.word()
  const kind = reader.word() as Kind
  const name = reader.word()
  const queue = reader.word()
  const state = reader.word()
  const createdAt = reader.number()
  const startedAt = reader.numberOrNull()
  const tagsText = reader.textOrNull()
  const tags = tagsText === null ? null : (JSON.parse(tagsText) as Record<string, string>)
  const input = reader.textOrNull()
  const body = reader.text()
  const gate = reader.numberOrNull()
  const sort = reader.numberOrNull()
  const wakeAt = reader.numberOrNull()
  const delivered = reader.number() === 1
  const closedAt = reader.numberOrNull()
  const purgeAt = reader.numberOrNull()
  if (closedAt === null) {
    const row: OpenRow = {
      id,
      namespace,
      kind,
      name,
      queue,
      state: state as OpenState,
      gate,
      sort,
      wakeAt,
      delivered,
      createdAt,
      startedAt,
      tags,
      input,
      body,
    }
    return row
  }
  const output = reader.textOrNull()
  const row: ClosedRow = {
    id,
    namespace,
    kind,
    name,
    queue,
    state: state as ClosedState,
    createdAt,
    startedAt,
    closedAt,
    tags,
    input,
    output,
    body,
    purgeAt: purgeAt as number,
  }
  return row
}
