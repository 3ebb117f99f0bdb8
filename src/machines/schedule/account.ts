import type { LedgerEntry } from '../../core/ledger.ts'
import type { Context, Message } from '../../core/machine.ts'
import type { Instant } from '../../core/time.ts'
import type { Nominal } from '../../time/timetable.ts'
import { startMessage, withRun } from './start.ts'
import { evolve, isBusy } from './state.ts'
import { dueOf, timetableOf } from './timetables.ts'
import type { ScheduleEvent, ScheduleState } from './types.ts'

/** Nominal times that one transition looks at, and starts that it asks for (E8): with more to do, the schedule wakes itself again at once. */
const TIMES_MAX = 2_000
const STARTS_MAX = 500
/** Later than this a time was missed, and the catch-up policy decides: longer than a fail-over, shorter than what people notice as late. */
export const LATE_MS = 10_000
/** Times that wait at most. What comes beyond is skipped, and says so. */
const BUFFER_MAX = 1_000

export interface Accounted {
  state: ScheduleState
  events: ScheduleEvent[]
  messages: Message[]
  /** False: there are more nominal times up to now than one transition may see to. */
  done: boolean
}

/**
 * Writes every nominal time up to now into the ledger and starts what is to be started (E13). The next time follows from the last accounted one, so it does not
 * matter how late this comes or how often. With `jitter: 'cut'` times that are only put off are seen to now: what follows changes what they were made from.
 */
export function account(state: ScheduleState, context: Context, jitter: 'waits' | 'cut'): Accounted {
  const until = state.paused?.until ?? null
  if (until === null || until > context.now) return accountUpTo(state, context, context.now, jitter)
  const paused = accountUpTo(state, context, until - 1, 'cut')
  if (!paused.done) return paused
  const resumed: ScheduleEvent = { is: 'resumed', at: context.now, by: null }
  const rest = accountUpTo(evolve(paused.state, resumed), context, context.now, jitter)
  return { ...rest, events: [...paused.events, resumed, ...rest.events], messages: [...paused.messages, ...rest.messages] }
}

function accountUpTo(state: ScheduleState, context: Context, last: Instant, jitter: 'waits' | 'cut'): Accounted {
  const table = timetableOf(state)
  let next = table.next(state.accounted)
  if (next === null || next.at > last) return { state, events: [], messages: [], done: true }
  const page = new LedgerPage(state, context)
  let through = state.accounted
  let done = true
  for (let times = 0; next !== null && next.at <= last; times++) {
    const dueAt = dueOf(state, next.at)
    if (dueAt > context.now && jitter === 'waits') break
    if (times === TIMES_MAX || page.starts >= STARTS_MAX) {
      done = false
      break
    }
    const following = table.next(next.at)
    page.enter(next, Math.min(dueAt, context.now), () => {
      const later = following?.held ? table.nextFiring(following.at) : following
      return later !== null && dueOf(state, later.at) <= context.now
    })
    through = next.at
    next = following
  }
  if (through === state.accounted) return { state, events: [], messages: [], done }
  const event: ScheduleEvent = { is: 'accounted', at: context.now, through, entries: page.entries }
  if (page.stopping.length > 0) event.stopping = page.stopping
  return { state: evolve(state, event), events: [event], messages: page.messages, done }
}

/** What one transition adds to the ledger. */
class LedgerPage {
  readonly messages: Message[] = []
  readonly stopping: string[] = []
  starts = 0
  private readonly state: ScheduleState
  private readonly context: Context
  private readonly lines = new Map<number, LedgerEntry>()
  private tail: LedgerEntry | null
  private next: number
  private busy: boolean
  /** Numbers of those that wait. */
  private buffered: LedgerEntry[]

  constructor(state: ScheduleState, context: Context) {
    this.state = state
    this.context = context
    this.tail = state.tail
    this.next = state.next
    this.busy = isBusy(state)
    this.buffered = [...state.buffered]
  }

  get entries(): LedgerEntry[] {
    return [...this.lines.values()]
  }

  enter({ at, held }: Nominal, dueAt: Instant, laterIsDue: () => boolean): void {
    const { paused, spec } = this.state
    if (paused !== null) return this.stretch(at, 'paused', paused.gone ? 'gone-from-code' : null, paused.note)
    if (held !== null) return this.stretch(at, held.is, null, held.by)
    const lateMs = this.context.now - dueAt
    if (lateMs <= LATE_MS) return this.fire(at, lateMs, null)
    const { policy, windowMs } = spec.catchup
    if (policy === 'none') return this.stretch(at, 'skipped', 'missed', null)
    if (windowMs !== null && lateMs > windowMs) return this.stretch(at, 'skipped', 'catch-up-window', null)
    if (policy === 'latest' && laterIsDue()) return this.stretch(at, 'skipped', 'catch-up-latest', null)
    this.fire(at, lateMs, 'catch-up')
  }

  private fire(at: Instant, lateMs: number, why: string | null): void {
    const { overlap } = this.state.spec
    if (overlap === 'allow' || (!this.busy && this.buffered.length === 0)) return this.start(at, lateMs, why)
    if (overlap === 'terminate_other') {
      this.stopOthers('terminate')
      return this.start(at, lateMs, why)
    }
    if (overlap === 'skip') return this.stretch(at, 'skipped', 'overlap', this.inTheWay())
    if (overlap === 'cancel_other') {
      this.stopOthers('cancel')
      for (const entry of this.buffered) this.lines.set(entry.n, { ...entry, account: 'skipped', why: 'replaced', accountedAt: this.context.now })
      this.buffered = []
    } else if (this.buffered.length >= (overlap === 'buffer_one' ? 1 : BUFFER_MAX)) return this.stretch(at, 'skipped', 'buffer-full', this.inTheWay())
    this.buffered.push(this.line(at, { account: 'intended', why, lateMs }))
  }

  private start(at: Instant, lateMs: number, why: string | null): void {
    const entry = withRun(this.state, this.line(at, { account: 'intended', why, lateMs }), this.context)
    this.lines.set(entry.n, entry)
    this.messages.push(startMessage(this.state, entry, this.context, false))
    this.busy = true
    this.starts++
  }

  private stopOthers(is: 'cancel' | 'terminate'): void {
    for (const { run, stopAskedAt } of this.state.open) {
      if ((is === 'cancel' && stopAskedAt !== null) || this.stopping.includes(run)) continue
      this.stopping.push(run)
      this.messages.push(stopMessage(is, run, this.state.name, this.context))
    }
  }

  private inTheWay(): string | null {
    const { open, outstanding } = this.state
    return open[0]?.run ?? outstanding[0]?.run ?? this.entries.find(({ run }) => run !== null)?.run ?? null
  }

  private line(at: Instant, facts: Pick<LedgerEntry, 'account' | 'why' | 'lateMs'> & { note?: string | null }): LedgerEntry {
    const entry: LedgerEntry = {
      n: this.next++,
      source: 'time',
      at,
      until: at,
      count: 1,
      run: null,
      note: null,
      accountedAt: this.context.now,
      ...facts,
    }
    this.lines.set(entry.n, entry)
    this.tail = null
    return entry
  }

  /** Times that share an account and its reason are one line. */
  private stretch(at: Instant, account: LedgerEntry['account'], why: string | null, note: string | null): void {
    const { tail } = this
    if (tail !== null && tail.account === account && tail.why === why && tail.note === note) {
      this.tail = { ...tail, until: at, count: tail.count + 1, accountedAt: this.context.now }
      this.lines.set(tail.n, this.tail)
    } else this.tail = this.line(at, { account, why, note, lateMs: null })
  }
}

export function stopMessage(is: 'cancel' | 'terminate', run: string, schedule: string, context: Context): Message {
  return { is: 'tell', to: run, input: { is, command: context.id(), by: `schedule ${schedule}`, why: 'the next run is due' } as { is: string } }
}
