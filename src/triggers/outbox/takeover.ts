import { type Client, durationMs, RequestRefused, type WireProblem } from '@mainspring/sdk'
import type { Refused, Row } from './table.ts'

/** What became of rows. One that is in neither list was not answered, or waits behind such a one: it is to be sent again. */
export interface Taken {
  started: Row[]
  refused: Refused[]
  /** Why rows were not answered; null: all were, or wait behind one that was refused. */
  failure: Error | null
}

/**
 * Starts a run for each row, `atOnce` at a time. Rows of one order key go one after the other, each when the one before it is on the scheduler's disk; so
 * several relays at once, each in this order, start them in this order too. A refused row stops its order key alone; what is no row's fault begins no other.
 */
export async function takeOver(rows: readonly Row[], client: Client, atOnce: number): Promise<Taken> {
  const taken: Taken = { started: [], refused: [], failure: null }
  const lines = linesOf(rows).values()
  const work = async (): Promise<void> => {
    for (const line of lines)
      for (const row of line) {
        if (taken.failure !== null) return
        try {
          await start(row, client)
          taken.started.push(row)
        } catch (error) {
          const problem = problemOf(error)
          if (problem === null) taken.failure = error as Error
          else taken.refused.push({ row, ...problem })
          break
        }
      }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return taken
}

/** Rows that go one after the other. */
function linesOf(rows: readonly Row[]): Row[][] {
  const lines: Row[][] = []
  const ordered = new Map<string, Row[]>()
  for (const row of rows) {
    const line = row.order === null ? undefined : ordered.get(row.order)
    if (line !== undefined) {
      line.push(row)
      continue
    }
    const begun = [row]
    lines.push(begun)
    if (row.order !== null) ordered.set(row.order, begun)
  }
  return lines
}

/** The row's id is the call key: a repeat finds the run of the first (E9). */
async function start({ id, definition, input, options, createdAtMs }: Row, client: Client): Promise<void> {
  const { delay, ...rest } = options
  // A delay counts from the transaction, however late it is taken over. One that cannot be so is the scheduler's to refuse.
  const ms = rest.at === undefined ? durationMs(delay) : null
  const due = ms === null ? { ...(delay !== undefined && { delay }) } : { at: new Date(createdAtMs + ms).toISOString() }
  const head = JSON.stringify({ definition, ...rest, ...due })
  const body = input === null ? head : `${head.slice(0, -1)},"input":${input}}`
  await client.callText('runs.start', { params: {}, body, callKey: callKeyOf(id) })
}

const DIGITS = '0123456789abcdefghijklmnopqrstuv'
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz'

/** A UUID as the ids of runs are written, so that the run takes its time from it. */
export function callKeyOf(uuid: string): string {
  const text = BigInt(`0x${uuid.replaceAll('-', '')}`)
    .toString(32)
    .padStart(26, '0')
  return text.replace(/./g, digit => CROCKFORD[DIGITS.indexOf(digit)] as string)
}

/** What is wrong with a row by the scheduler's word, or null where the answer says nothing of it: nobody answers, is allowed or has room. */
function problemOf(error: unknown): { problem: WireProblem; again: boolean } | null {
  if (!(error instanceof RequestRefused)) return null
  const { problem, status, code } = error
  // Its worker has not registered it yet; or a bug of the server, which this row meets and others may not.
  if (code === 'unknown-definition' || code === 'internal') return { problem, again: true }
  return REFUSED.has(status) ? { problem, again: false } : null
}
const REFUSED = new Set([400, 409, 413, 422])
