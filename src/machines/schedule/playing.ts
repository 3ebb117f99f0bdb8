import { callRunId, newId, slotOf } from '../../core/ids.ts'
import type { LedgerEntry } from '../../core/ledger.ts'
import type { Context, Decision, Message } from '../../core/machine.ts'
import type { Instant } from '../../core/time.ts'
import { timetable } from '../../time/timetable.ts'
import { schedule } from './machine.ts'
import type { ScheduleEvent, ScheduleInput, ScheduleSpec, ScheduleState } from './types.ts'

/** For tests: a schedule alone, with what it asked for and what its ledger says. */
export class Play {
  state: ScheduleState | null = null
  now: Instant
  readonly ledger = new Map<number, LedgerEntry>()
  /** Asked for and not answered, by run. */
  readonly asked = new Map<string, Message & { is: 'start' }>()
  readonly told: { to: string; is: string }[] = []
  /** Of each start, what of assets triggered it. */
  readonly triggers: string[] = []
  /** And how far the runs before it had come. */
  readonly marks: (string | null)[] = []
  readonly open = new Set<string>()
  /** What was in force when: a time belongs to the first epoch that ends at or after it. */
  readonly epochs: { spec: ScheduleSpec; after: Instant; created: Instant }[] = []
  closed = false
  readonly self = callRunId('schedule', 0)
  private seed = 1

  constructor(now: string | Instant) {
    this.now = typeof now === 'number' ? now : Date.parse(now)
  }

  at(now: string | Instant): this {
    this.now = Math.max(this.now, typeof now === 'number' ? now : Date.parse(now))
    return this
  }

  give(input: ScheduleInput): Decision<ScheduleEvent> {
    const context: Context = {
      self: this.self,
      now: this.now,
      random: () => this.random(),
      id: () => newId(this.now, () => this.random()),
      home: () => slotOf(this.self),
      asset: name => `asset ${name}`,
    }
    const before = this.state
    const decision = schedule.decide(before, input, context)
    for (const event of decision.events) {
      const text = JSON.parse(JSON.stringify(event)) as ScheduleEvent
      this.state = schedule.evolve(this.state, text)
      if (event.is === 'created' || event.is === 'edited' || event.is === 'overridden')
        this.epochs.push({ spec: this.state.spec, after: this.now, created: this.state.createdAt })
    }
    for (const entry of decision.ledger ?? []) this.ledger.set(entry.n, entry)
    for (const message of decision.messages ?? []) {
      if (message.is === 'start') {
        if (!this.asked.has(message.run)) {
          this.triggers.push(eventsOf(message))
          this.marks.push((message.order.trigger as { watermark?: string }).watermark ?? null)
        }
        this.asked.set(message.run, message)
      } else if (message.is === 'tell') this.told.push({ to: message.to, is: message.input.is })
    }
    if (decision.outcome !== undefined) this.closed = true
    return decision
  }

  put(
    spec: Partial<ScheduleSpec> & Pick<ScheduleSpec, 'timetable'>,
    origin: (ScheduleInput & { is: 'put' })['origin'] = { is: 'api' },
  ): Decision<ScheduleEvent> {
    return this.give({ is: 'put', name: 'nightly', spec: { ...SPEC, ...spec }, origin, command: this.command(), by: 'ana' })
  }

  /** Wakes it as often as it asks for by now. */
  wake(rounds = 10_000): this {
    for (let round = 0; round < rounds; round++) {
      const at = this.state === null ? null : schedule.pending(this.state).wakeAt
      if (at === null || at > this.now || this.closed) return this
      this.give({ is: 'wake' })
      this.answerAll()
    }
    throw new Error('it wakes itself for ever')
  }

  /** All that was asked for is started. */
  answerAll(refusal: string | null = null): this {
    for (const [run, message] of this.asked) {
      this.asked.delete(run)
      if (refusal === null) this.open.add(run)
      this.give({ is: 'answered', reference: message.reference, run: refusal === null ? run : null, closed: false, refusal })
    }
    return this
  }

  close(run = [...this.open][0] as string, state: 'completed' | 'failed' = 'completed', watermark?: string): this {
    this.open.delete(run)
    const n = this.state?.open.find(one => one.run === run)?.n
    this.give({
      ...{ is: 'child_closed', run, state, ...(n !== undefined && { reference: n }) },
      outcome: { state, reason: null, ...(watermark !== undefined && { watermark }) },
    })
    return this.answerAll()
  }

  /** An asset answers that it tells of its events. */
  link(...assets: string[]): this {
    for (const asset of assets) this.give({ is: 'asset_linked', asset, n: 0 })
    return this
  }

  /** An asset has an event: `a` or `a:partition`. */
  hear(...assets: string[]): this {
    for (const said of assets) {
      const [asset = '', partition] = said.split(':')
      const n = (this.numbers.get(asset) ?? 0) + 1
      this.numbers.set(asset, n)
      this.give({ is: 'asset_happened', asset, event: { n, at: this.now, source: { is: 'call' }, ...(partition !== undefined && { partition }) } })
    }
    return this
  }
  private readonly numbers = new Map<string, number>()

  command(): string {
    return newId(this.now, () => this.random())
  }

  /** Lines as people read them: nominal time, account, reason, count. */
  lines(): string[] {
    return [...this.ledger.values()]
      .sort((a, b) => a.n - b.n)
      .map(
        ({ at, account, why, count, source }) =>
          `${new Date(at).toISOString().slice(5, 16)} ${account}${why === null ? '' : ` ${why}`}${count > 1 ? ` x${count}` : ''}${source === 'time' ? '' : ` (${source})`}`,
      )
  }

  /** Every nominal time since the creation is in exactly one line, in order, and nothing else is (P4). Answers what is wrong, or null. */
  untiled(): string | null {
    const lines = [...this.ledger.values()].filter(({ source }) => source === 'time').sort((a, b) => a.n - b.n)
    const meant: Instant[] = []
    for (const [index, { spec, after, created }] of this.epochs.entries()) {
      const until = Math.min(this.epochs[index + 1]?.after ?? Number.POSITIVE_INFINITY, this.state?.accounted ?? 0)
      for (const { at } of timetable(spec.timetable, created).between(after, until, 100_000)) meant.push(at)
    }
    let next = 0
    for (const line of lines) {
      const stretch = meant.slice(next, next + line.count)
      if (stretch[0] !== line.at || stretch.at(-1) !== line.until || stretch.length !== line.count)
        return `line ${line.n} (${JSON.stringify(line)}) is not the ${line.count} times from ${new Date(meant[next] ?? 0).toISOString()} on`
      next += line.count
    }
    return next === meant.length
      ? null
      : `${meant.length - next} times are in no line, the first is ${new Date(meant[next] as Instant).toISOString()}`
  }

  private random(): number {
    this.seed = (this.seed * 16807) % 2147483647
    return this.seed / 2147483647
  }
}

/** `a1 a2 b1`: the events, each by its asset and number. */
function eventsOf({ order: { trigger } }: Message & { is: 'start' }): string {
  const events = trigger.is === 'schedule' ? (trigger.assets?.events ?? []) : []
  return events.map(({ asset, n }) => `${asset}${n}`).join(' ')
}

export const SPEC: ScheduleSpec = {
  timetable: { cron: '* * * * *' },
  target: { definition: 'report', input: null, options: {} },
  overlap: 'allow',
  catchup: { policy: 'all', windowMs: null },
  jitterMs: 0,
}
