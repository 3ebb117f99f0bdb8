import type { Client, WireEvent, WireHistory, WireRunDetail } from '@mainspring/sdk'
import type { Witness } from './limited-jobs.ts'

/** A run that the server has acknowledged, in the order of the starts of its key. */
export interface LimitedReceipt {
  run: string
  job: string
  key: string
  /** Of what is counted at once. */
  weight: number
}

/** One execution of a handler, by its own word, until it said that it ended or its process was killed; times are of the machine's monotonic clock. */
export interface Execution extends LimitedReceipt {
  attempt: number
  from: number
  to: number
  killed: boolean
  worker: number
}

/** One delivery by the server's own account, until the event that ended its attempt; wall time, whole milliseconds. */
export interface Held extends LimitedReceipt {
  attempt: number
  from: number
  to: number
  /** How its attempt ended. */
  end: string
}

/** What was the limit: from the call that set it until the call that set the next was answered, so that two count while one is being changed. */
export interface Version {
  from: number
  to: number
  max: number
}

export function executionsOf(receipts: readonly LimitedReceipt[], words: readonly Witness[], killedAt: ReadonlyMap<number, number>): Execution[] {
  const byRun = new Map(receipts.map(receipt => [receipt.run, receipt]))
  const ends = new Map(words.filter(({ is }) => is === 'end').map(word => [word.nonce, word.at]))
  return words
    .filter(({ is }) => is === 'start')
    .map(({ run, attempt, nonce, pid, at }) => {
      const receipt = byRun.get(run)
      const to = ends.get(nonce) ?? killedAt.get(pid)
      if (receipt === undefined) throw new Error(`a handler ran for ${run}, which no client was told of`)
      if (to === undefined) throw new Error(`the handler of ${run} in ${pid}, which nobody killed, did not end`)
      return { ...receipt, attempt, from: at, to, killed: !ends.has(nonce), worker: pid }
    })
}

/** Reads run after run: how it ended, what happened, and what was delivered of it. */
export async function accountsOf(
  client: Client,
  receipts: readonly LimitedReceipt[],
): Promise<{ runs: Map<string, WireRunDetail>; histories: Map<string, WireEvent[]>; held: Held[] }> {
  const runs = new Map<string, WireRunDetail>()
  const histories = new Map<string, WireEvent[]>()
  const held: Held[] = []
  const left = receipts[Symbol.iterator]()
  const read = async (): Promise<void> => {
    for (const receipt of left) {
      const [detail, { events }] = await Promise.all([
        client.call<WireRunDetail>('runs.get', { run: receipt.run }),
        client.call<WireHistory>('runs.history', { run: receipt.run }),
      ])
      runs.set(receipt.run, detail)
      histories.set(receipt.run, events)
      let delivered: { at: string; attempt: number; delivery: unknown } | null = null
      for (const event of events) {
        if (event.is === 'delivered') delivered = { at: event.at, attempt: event.attempt as number, delivery: event.delivery }
        else if (delivered !== null && event.delivery === delivered.delivery) {
          const end = event.is === 'attempt_failed' ? (event.why as string) : event.is
          held.push({ ...receipt, attempt: delivered.attempt, from: Date.parse(delivered.at), to: Date.parse(event.at), end })
          delivered = null
        }
      }
    }
  }
  await Promise.all(Array.from({ length: 12 }, read))
  return { runs, histories, held }
}

/** At each begin, what has begun before and not ended, itself included, is no more than the most that the limit was for one of them. */
export function tooManyAtOnce(spans: readonly (Execution | Held)[], maxOf: (span: Execution | Held) => number): { wrong: string[]; most: number } {
  const wrong: string[] = []
  let most = 0
  let open: (Execution | Held)[] = []
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    open = [...open.filter(({ to }) => to > span.from), span]
    const used = open.reduce((sum, { weight }) => sum + weight, 0)
    const max = Math.max(...open.map(maxOf))
    most = Math.max(most, used)
    if (used > max)
      wrong.push(`${span.job} ${span.key}: ${used} at once, allowed ${max}\n    ${open.map(other => JSON.stringify(other)).join('\n    ')}`)
  }
  return { wrong, most }
}

/** No window of `everyMs`, wherever it begins, has more than `max` begins. `closest`: the shortest time in which one more than `max` began. */
export function tooManyInWindow(
  spans: readonly { run: string; key: string; from: number }[],
  max: number,
  everyMs: number,
): { wrong: string[]; closest: number } {
  const wrong: string[] = []
  let closest = Number.POSITIVE_INFINITY
  const sorted = [...spans].sort((a, b) => a.from - b.from)
  for (const [index, first] of sorted.entries()) {
    const further = sorted[index + max]
    if (further === undefined) break
    const ms = further.from - first.from
    closest = Math.min(closest, ms)
    if (ms < everyMs) wrong.push(`${first.key}: ${max + 1} began in ${ms} ms, allowed ${max} in ${everyMs} ms: ${JSON.stringify([first, further])}`)
  }
  return { wrong, closest }
}

/** One at a time, in the order of the starts: whatever began is of the first run that had not ended. */
export function outOfTurn(receipts: readonly LimitedReceipt[], spans: readonly (Execution | Held)[]): string[] {
  const wrong: string[] = []
  const spansOf = Map.groupBy(spans, ({ run }) => run)
  for (const [key, runs] of Map.groupBy(receipts, ({ key }) => key)) {
    let before = Number.NEGATIVE_INFINITY
    for (const { run } of runs) {
      const of = spansOf.get(run) ?? []
      for (const { from, attempt } of of)
        if (from < before) wrong.push(`sequence ${key}: ${run} (attempt ${attempt}) began at ${from}, one before it ended at ${before}`)
      for (const { to } of of) before = Math.max(before, to)
    }
  }
  return wrong
}
