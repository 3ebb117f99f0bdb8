import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import type { HistoryEvent, Payload } from '../../core/run.ts'
import type { Paged, StreamRow } from '../../store/store.ts'
import type { Transaction } from '../work.ts'

/** Results of steps beside the history (the SDK's kept.ts): what a fork may take along. */
const KEPT_VALUES_LENGTH_MAX = 16 * 1024 * 1024
const ROWS_AT_ONCE = 32
const IS_KEPT = '{"$type":"Kept","value":{"stream":"'

/** What has one name, as it was written together. */
export interface KeptValue {
  stream: string
  rows: (readonly Payload[])[]
}

/** Those that events name: a run that goes on from a point of another has its own. @throws UserError `history-too-long` */
export async function keptBy(
  events: readonly HistoryEvent[],
  read: (stream: string, after: number, limit: number) => Promise<Paged<StreamRow>>,
): Promise<KeptValue[]> {
  const values: KeptValue[] = []
  let length = 0
  for (const event of events.filter(isKept)) {
    const { stream } = (JSON.parse(event.output as string) as { value: { stream: string } }).value
    let rows: StreamRow[] = []
    for (let after = -1, more = true; more; ) {
      const page = await read(stream, after, ROWS_AT_ONCE)
      for (const row of page.rows) {
        if (row.restarted) rows = []
        rows.push(row)
        length += row.chunks.length
        after = row.last
      }
      if (length > KEPT_VALUES_LENGTH_MAX)
        throw new UserError('history-too-long', {
          hint: `results of more than ${KEPT_VALUES_LENGTH_MAX} characters do not go along: choose an earlier step`,
        })
      more = page.next !== null
    }
    values.push({ stream, rows: rows.map(({ chunks }) => chunks.split('\n')) })
  }
  return values
}

export function namesKept(events: readonly HistoryEvent[]): boolean {
  return events.some(isKept)
}

function isKept({ is, output }: HistoryEvent): boolean {
  return is === 'step_completed' && typeof output === 'string' && output.startsWith(IS_KEPT)
}

/** In the commit that brings the run. */
export function giveKept(transaction: Transaction, run: RunId, values: readonly KeptValue[]): void {
  const actor = transaction.actor(run)
  if (actor === null) return
  for (const { stream, rows } of values) {
    for (const chunks of rows) transaction.append(actor, { stream, step: null, attempt: 1, writer: null, from: 0, chunks })
  }
}
