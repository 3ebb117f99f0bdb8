import type { Client, WireEvent, WireHistory, WireRun, WireRunDetail } from '@mainspring/sdk'
import type { Proof } from './jobs.ts'
import type { Receipt } from './load.ts'
import type { Record } from './records.ts'

export interface Findings {
  /** What must not be: each with the run, what was expected and what was found. */
  violations: string[]
  runs: number
  /** How much the faults did, so that a test can tell that they did something. */
  lostAttempts: number
  lostOnce: number
  /** Executions whose result came too late. */
  superseded: number
  /** Executions beyond the first of the same attempt: of deliveries that died unrecorded. */
  repeatedAttempts: number
}

/** Compares three accounts of what happened: the server's, run by run, over the API; the clients' receipts; and what handlers and workers wrote down. */
export async function check(
  client: Client,
  receipts: readonly Receipt[],
  records: readonly Record[],
  /** Which runs it is about. */
  about: (run: WireRun) => boolean = () => true,
): Promise<Findings> {
  const runs = await allRuns(client, about)
  const findings: Findings = { violations: [], runs: runs.size, lostAttempts: 0, lostOnce: 0, superseded: 0, repeatedAttempts: 0 }
  const complain = (run: string, what: string): void => void findings.violations.push(`${run}: ${what}`)
  checkStarts(runs, receipts, complain)
  const receiptsOf = Map.groupBy(receipts, receipt => receipt.run)
  const recordsOf = Map.groupBy(records, record => record.run)
  for (const [run, of] of recordsOf) if (!runs.has(run)) complain(run, `a handler ran that the server does not know: ${of[0]!.is}`)
  await concurrently([...runs.values()], 12, async run => {
    const [detail, { events }] = await Promise.all([
      client.call<WireRunDetail>('runs.get', { run: run.id }),
      client.call<WireHistory>('runs.history', { run: run.id }),
    ])
    const account: Account = { run: detail, events, records: recordsOf.get(run.id) ?? [], receipts: receiptsOf.get(run.id) ?? [] }
    for (const what of [...historyFaults(events), ...endFaults(account), ...executionFaults(account), ...answerFaults(account)])
      complain(run.id, `${run.definition}, ${what}\n    history ${JSON.stringify(events)}\n    records ${JSON.stringify(account.records)}`)
    count(account, findings)
  })
  return findings
}

interface Account {
  run: WireRunDetail
  events: WireEvent[]
  records: readonly Record[]
  receipts: readonly Receipt[]
}

async function allRuns(client: Client, about: (run: WireRun) => boolean): Promise<Map<string, WireRun>> {
  const runs = new Map<string, WireRun>()
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.runs.list({ limit: 1_000, ...(cursor && { cursor }) })
    for (const run of page.runs) if (about(run)) runs.set(run.id, run)
    cursor = page.next
  }
  return runs
}

/** Nothing acknowledged is lost, and nothing is there that nobody asked for: a repeated call starts nothing twice. */
function checkStarts(runs: ReadonlyMap<string, WireRun>, receipts: readonly Receipt[], complain: (run: string, what: string) => void): void {
  const acknowledged = new Set(receipts.map(receipt => receipt.run))
  for (const { run, kind } of receipts) if (!runs.has(run)) complain(run, `acknowledged (${kind}) and lost`)
  const byKey = Map.groupBy(
    receipts.filter(({ key }) => key !== undefined),
    ({ key }) => key,
  )
  for (const [key, of] of byKey) {
    const ids = new Set(of.map(({ run }) => run))
    if (ids.size > 1) complain([...ids].join(' '), `one key, ${key}, and several runs`)
  }
  const children = new Map<string, number>()
  for (const run of runs.values()) {
    // A schedule's ledger accounts for its runs.
    if (acknowledged.has(run.id) || run.trigger.is === 'schedule') continue
    if (run.trigger.is !== 'job') complain(run.id, `a run of ${run.definition} that no client has a receipt of`)
    else children.set(run.trigger.run, (children.get(run.trigger.run) ?? 0) + 1)
  }
  for (const { run, kind } of receipts)
    if (kind === 'parent' && children.get(run) !== 1) complain(run, `a parent with ${children.get(run) ?? 0} children, expected 1`)
}

/** A history is dense: each event follows from the ones before, it begins with `started` and ends with the one event that closes. */
function historyFaults(events: readonly WireEvent[]): string[] {
  const faults: string[] = []
  if (events[0]?.is !== 'started') faults.push(`the history starts with ${events[0]?.is}`)
  const closings = events.filter(({ is }) => CLOSED.has(is))
  if (closings.length !== 1) faults.push(`${closings.length} closing events, expected 1`)
  if (!CLOSED.has(events.at(-1)?.is ?? '')) faults.push(`the history ends with ${events.at(-1)?.is}`)
  let attempt = 1
  let delivery: unknown = null
  for (const [index, event] of events.entries()) {
    if (index > 0 && event.at < events[index - 1]!.at) faults.push(`event ${index} is earlier than the one before`)
    if (event.is === 'started' && index > 0) faults.push('started twice')
    if (event.is === 'delivered') {
      if (event.attempt !== attempt) faults.push(`event ${index} delivers attempt ${event.attempt}, current is ${attempt}`)
      if (delivery !== null) faults.push(`event ${index} delivers while delivery ${delivery} is out`)
      delivery = event.delivery
    }
    if (event.is === 'attempt_failed') {
      if (event.attempt !== attempt) faults.push(`event ${index} fails attempt ${event.attempt}, current is ${attempt}`)
      if (event.delivery !== delivery) faults.push(`event ${index} fails delivery ${event.delivery}, out is ${delivery}`)
      attempt++
      delivery = null
    }
    if (event.is === 'returned') delivery = null
    if (CLOSED.has(event.is) && event.delivery !== delivery) faults.push(`closed by delivery ${event.delivery}, out is ${delivery}`)
  }
  return faults
}
const CLOSED = new Set(['completed', 'failed', 'cancelled', 'timed_out', 'terminated'])

/** How each kind must have ended, and that nobody was told of another result. */
function endFaults({ run, events, records, receipts }: Account): string[] {
  const faults: string[] = []
  const starts = records.filter(record => record.is === 'start')
  if (run.state !== events.at(-1)?.is) faults.push(`the state is ${run.state}, the history ends with ${events.at(-1)?.is}`)
  if (run.definition === 'hopeless') {
    if (run.state !== 'failed' || run.reason !== 'aborted') faults.push(`ended ${run.state} (${run.reason}), expected failed (aborted)`)
  } else if (run.definition === 'once') {
    if (starts.length > 1) faults.push(`attempts: 1, and its handler started ${starts.length} times`)
    if (run.attempt !== 1) faults.push(`attempts: 1, and attempt ${run.attempt}`)
    if (run.state !== 'completed' && !(run.state === 'failed' && run.reason === 'lost'))
      faults.push(`ended ${run.state} (${run.reason}), expected completed or failed (lost)`)
  } else if (run.state !== 'completed') faults.push(`ended ${run.state} (${run.reason}), expected completed`)
  const { nonce = null } = (run.output ?? {}) as Partial<Proof>
  if (run.state === 'completed' && !records.some(record => record.is === 'end' && record.nonce === nonce && record.how === 'returned'))
    faults.push(`the output ${nonce} is of no execution that returned`)
  for (const { result } of receipts)
    if (result !== undefined && result !== nonce) faults.push(`a client was told the result ${result}, kept is ${nonce}`)
  return faults
}

/** Nothing runs early, and no attempt leaves before the end of the one before is on disk (E16). */
function executionFaults({ events, records, receipts }: Account): string[] {
  const faults: string[] = []
  for (const record of records) {
    if (record.is !== 'start') continue
    for (const { dueAt } of receipts) if (dueAt !== undefined && record.at < dueAt) faults.push(`started ${dueAt - record.at} ms before it was due`)
    if (record.attempt === 1) continue
    const before = events.find(event => event.is === 'attempt_failed' && event.attempt === record.attempt - 1)
    if (before === undefined) faults.push(`attempt ${record.attempt} was started, and the history knows no end of the one before`)
    else if (Date.parse(before.at) > record.at) faults.push(`attempt ${record.attempt} was started before the end of the one before was kept`)
  }
  return faults
}

/** A result that was accepted is the one that is kept, and only one is accepted an attempt. */
function answerFaults({ run, events, records }: Account): string[] {
  const faults: string[] = []
  const accepted = records.filter(record => record.is === 'answered' && record.answer === 'accepted')
  const doubled = [...Map.groupBy(accepted, record => record.attempt)].filter(([, of]) => of.length > 1)
  for (const [attempt, of] of doubled) faults.push(`${of.length} results of attempt ${attempt} were accepted`)
  for (const { attempt, pid, worker } of accepted) {
    const ends = records.filter(record => record.is === 'end' && record.attempt === attempt && record.pid === pid)
    const threw = ends.some(record => record.is === 'end' && record.how === 'threw')
    const kept = threw
      ? events.some(
          event =>
            (event.is === 'attempt_failed' && event.attempt === attempt && event.why === 'failed') ||
            (event.is === 'failed' && run.attempt === attempt),
        )
      : run.state === 'completed' &&
        run.attempt === attempt &&
        ends.some(record => record.is === 'end' && record.nonce === (run.output as Proof | null)?.nonce)
    if (!kept) faults.push(`the result of attempt ${attempt} by ${worker} was accepted and is not what is kept`)
  }
  return faults
}

function count({ run, events, records }: Account, findings: Findings): void {
  findings.lostAttempts += events.filter(event => event.is === 'attempt_failed' && event.why === 'lost').length
  if (run.definition === 'once' && run.state === 'failed') findings.lostOnce++
  findings.superseded += records.filter(record => record.is === 'answered' && record.answer !== 'accepted').length
  const starts = records.filter(record => record.is === 'start')
  findings.repeatedAttempts += starts.length - new Set(starts.map(({ attempt }) => attempt)).size
}

async function concurrently<Item>(items: readonly Item[], width: number, act: (item: Item) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of left) await act(item)
    }),
  )
}
