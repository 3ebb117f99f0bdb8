import { hostname } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import { newId } from '../../core/ids.ts'
import type { MovedMark } from '../sqlite/moved.ts'
import type { Source, SourceRows, SourceTable } from '../sqlite/source.ts'
import { type ClosedRow, type ClosingRow, type Store, StoreRefused, type Writes } from '../store.ts'
import { type Standing, standingOf, standingRow } from './standing.ts'
import { isOfTarget, type Progress, TABLES } from './tables.ts'
import { TargetLane } from './target.ts'
import { type Verified, verify } from './verify.ts'

export interface MoveOptions {
  source: Source
  target: Store
  /** The target, as people may see it. */
  targetText: string
  /** What others are told of this process. */
  nodeName: string
  progress(told: Progress): void
  /** Ends it after the batch in flight: MoveInterrupted. */
  signal: AbortSignal
}

export interface Moved {
  tables: Record<SourceTable, Verified>
  /** A move that was interrupted has been finished. */
  resumed: boolean
}

/** It was asked to stop. What is there stays there. */
export class MoveInterrupted extends Error {
  override readonly name = 'MoveInterrupted'
}

/**
 * Moves all that a source holds into an empty target, where its nodes go on with it. It may be killed at any moment and run again:
 * - the source is marked first, so that no server starts on it while a part of it is elsewhere. The mark names the move, and each target has a move of its
 *   own: a part that lies in another target can never be finished beside it.
 * - how far it is stands in the target, in the same batch as the rows: after a crash exactly the rows are there that it says.
 * - the target has one lane, which holds all shards, and its nodes stand by until `ended` says that it is whole.
 * - once every row has been read back and compared, first the source is marked as moved, then the target as whole: there is no moment at which both could run.
 * @throws StoreRefused @throws MoveInterrupted @throws StoreUnavailable
 */
export async function move(options: MoveOptions): Promise<Moved> {
  const { source, target, targetText, nodeName, signal } = options
  const before = await standingOf(target)
  if (before?.ended != null && before.id === source.mark()?.id) return { tables: before.ended.tables, resumed: true }
  const lane = await TargetLane.open(target, nodeName)
  try {
    // Not before nobody else can write it any more.
    const found = await standingOf(target)
    refuseOthers(source, found)
    if (found === null) await refuseUsed(target, lane, source)
    const known = found === null ? null : source.mark()
    const mark = known ?? { id: newId(Date.now(), Math.random), target: targetText, startedAt: Date.now(), endedAt: null }
    if (known === null) source.setMark(mark)
    const standing = found ?? begun(mark, source.file)
    const write: Write = (writes, what) => lane.commit({ ...writes, settings: [...(writes.settings ?? []), standingRow(standing, Date.now())] }, what)
    if (found === null) await write({}, BEGINNING)
    await copy(options, standing, write)
    const tables = await verify({ ...options, lane })
    signal.throwIfAborted()
    const ended = { ...mark, endedAt: mark.endedAt ?? Date.now() }
    source.setMark(ended)
    standing.ended = { at: ended.endedAt, tables }
    await write({}, END)
    return { tables, resumed: found !== null }
  } catch (error) {
    throw signal.aborted && (error as Error).name === 'AbortError' ? new MoveInterrupted() : error
  } finally {
    await lane.release()
  }
}

/** `what` is for people: what could not be written. */
type Write = (writes: Partial<Writes>, what: string) => Promise<void>
const BEGINNING = 'the beginning of a move'
const END = 'the end of a move'

async function copy({ source, progress, signal }: MoveOptions, standing: Standing, write: Write): Promise<void> {
  for (const table of TABLES.slice(TABLES.indexOf(standing.table))) {
    const of = source.count(table)
    if (table !== standing.table) Object.assign(standing, { table, after: null })
    progress({ doing: 'copying', table, rows: standing.rows[table], of })
    for (let page = source.page(table, standing.after); page.next !== null; ) {
      signal.throwIfAborted()
      const what = `a row of ${table} after ${standing.after === null ? 'the first' : standing.after.join(', ')}`
      standing.after = page.next
      standing.rows[table] += page.rows.length
      const writing = write(writesOf(table, page.rows), what)
      writing.catch(() => {})
      // Reading keeps this thread busy: what is to be written must have left before, and the database works on it meanwhile.
      await turn()
      page = source.page(table, page.next)
      await writing
      progress({ doing: 'copying', table, rows: standing.rows[table], of })
    }
  }
}

function writesOf<Table extends SourceTable>(table: Table, rows: SourceRows[Table][]): Partial<Writes> {
  if (table === 'open') return { born: rows as SourceRows['open'][] }
  if (table === 'closed') return { closed: (rows as ClosedRow[]).map(closing) }
  return { [table]: rows }
}

/** As if it had never been in the table of open runs: then its whole row comes with it. */
function closing({ id, queue, state, startedAt, closedAt, output, body, purgeAt, ...kept }: ClosedRow): ClosingRow {
  const open = { state: 'queued', gate: null, sort: null, wakeAt: null, delivered: false, startedAt, body: '' } as const
  return { id, born: { id, queue, ...kept, ...open }, queue, state, startedAt, closedAt, output, body, purgeAt }
}

function begun({ id, startedAt }: MovedMark, file: string): Standing {
  const rows = Object.fromEntries(TABLES.map(table => [table, 0])) as Standing['rows']
  return { id, file, host: hostname(), startedAt, ended: null, table: TABLES[0], after: null, rows }
}

/** @throws StoreRefused when the target holds another move than this source's. */
function refuseOthers(source: Source, found: Standing | null): void {
  if (found === null || found.id === source.mark()?.id) return
  const { file, host, ended } = found
  throw new StoreRefused(
    ended === null
      ? `The target holds a part of ${file} on ${host}, of a move that was not finished or was given up. Drop its schema, or name another by ?schema= in the URL.`
      : `The target holds what was moved there from ${file} on ${host}. Name another schema by ?schema= in the URL.`,
  )
}

/** @throws StoreRefused when this is no place to begin: the source is elsewhere already, or there is anything of anybody's in the target. */
async function refuseUsed(target: Store, { claim }: TargetLane, source: Source): Promise<void> {
  const mark = source.mark()
  if (mark !== null && mark.endedAt !== null)
    throw new StoreRefused(`The database ${source.file} was moved to ${mark.target} already, and the target that is named now is another.`)
  const namespaces = new Set(['default', ...source.page('definitions', null).rows.map(({ namespace }) => namespace)])
  const [settings, definitions, counts, due, expired, ...schedules] = await Promise.all([
    target.read.settings(),
    target.read.definitions(),
    target.loadCounts(claim),
    target.loadDue(claim, Number.MAX_SAFE_INTEGER, { after: null, limit: 1 }),
    target.loadExpired(claim, Number.MAX_SAFE_INTEGER, 1),
    ...[...namespaces].map(namespace => target.read.schedules(namespace, { after: null, limit: 1 })),
  ])
  const found = [
    settings.some(row => !isOfTarget(row)) && 'settings',
    definitions.length > 0 && 'definitions',
    (counts.length > 0 || due.rows.length > 0) && 'open runs',
    expired.runs.length > 0 && 'closed runs',
    schedules.some(({ rows }) => rows.length > 0) && 'schedules',
  ].filter(what => what !== false)
  if (found.length > 0)
    throw new StoreRefused(`The target is not empty: it has ${found.join(', ')}. A move adds to nothing: name another schema by ?schema= in the URL.`)
}
