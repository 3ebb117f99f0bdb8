import type { Context, Decision, Message } from '../../core/machine.ts'
import type { Outcome, Payload } from '../../core/run.ts'
import { childId, startMessage, stopMessages } from './children.ts'
import { factsOf, inputOf } from './input.ts'
import { type Plan, planOf, reached } from './plan.ts'
import { judge, type TaskEnding } from './rules.ts'
import { type DagSpec, type Json, MAP_ITEMS_MAX, OUTPUTS_LENGTH_MAX } from './spec.ts'
import { activeRefs, evolve, letterOf, placeOf, wakeAt } from './state.ts'
import { hasBegun, Tally } from './tally.ts'
import { fill, reasonOf, refusalOf } from './template.ts'
import { type Closing, type DagEvent, type DagState, ENDING_OF, LETTERS, type Reference } from './types.ts'

/** Starts that one transition asks for (E8): with more to do it goes on at once. */
const STARTS_MAX = 500

/** Of runs in memory: what was counted, and for which letters. */
const tallies = new WeakMap<object, { tasks: string; mapped: DagState['mapped']; tally: Tally }>()

/**
 * What a transition makes of a run: events are folded as they come, and what follows from them is judged. Nothing that is judged twice changes, and nothing is
 * looked at but what is right behind what has ended.
 */
export class Follow {
  readonly plan: Plan
  state: DagState
  private readonly before: DagState
  private readonly context: Context
  private readonly events: DagEvent[] = []
  private readonly messages: Message[] = []
  private readonly tally: Tally
  /** Tasks that something has changed for. */
  private touched = new Set<number>()
  private readonly freed: number[] = []
  private outcome: Outcome | undefined

  constructor(before: DagState, context: Context) {
    const { version } = before.started
    const spec = context.definition?.(version) as DagSpec | undefined
    if (spec === undefined) throw new Error(`version ${version} of this DAG is not known here`)
    this.plan = planOf(spec)
    this.before = before
    this.state = before
    this.context = context
    const known = tallies.get(before.started)
    const fits = known !== undefined && known.tally.plan === this.plan && known.tasks === before.tasks && known.mapped === before.mapped
    this.tally = fits ? known.tally : new Tally(this.plan, before)
    // It goes along with what is decided now: should that be thrown away, it is counted anew.
    tallies.delete(before.started)
  }

  add(event: DagEvent): void {
    const begun = new Set<number>()
    if (event.is === 'begun') begun.add(placeOf(this.state, event.ref as Reference).n)
    this.state = evolve(this.state, event)
    this.put(event)
    for (const n of begun) if (hasBegun(this.state, n)) this.pass(n)
  }

  /** What is judged in one transition is one event. */
  private put(event: DagEvent): void {
    const last = this.events.at(-1)
    if (event.is !== 'judged') {
      this.events.push(event)
      return
    }
    const into = last?.is === 'judged' ? last : ({ is: 'judged', at: event.at } as DagEvent)
    if (into !== last) this.events.push(into)
    for (const list of JUDGED) {
      const more = event[list] as unknown[] | undefined
      if (more === undefined) continue
      const known = (into[list] ?? []) as unknown[]
      Object.assign(into, { [list]: known })
      for (const one of more) known.push(one)
    }
  }

  /** All that wait for nobody, or for somebody whose end is kept; what a branch that is kept has left out stays so. */
  begin(): void {
    for (const [n, upstream] of this.plan.upstream.entries())
      if (upstream.length === 0 || upstream.some(other => this.letter(other) !== '.')) this.touched.add(n)
    for (const [n, output] of Object.entries(this.state.started.choices ?? {})) this.choose(Number(n), output)
  }

  /** A run has ended, or could not begin. */
  end(ref: Reference, as: TaskEnding, more: { run?: string; reason?: string; output?: Payload } = {}): void {
    const { n } = placeOf(this.state, ref)
    const { id: task } = this.plan.tasks[n] as Plan['tasks'][number]
    const { output, ...rest } = more
    const isTooMuch = as === 'success' && output !== undefined && this.isKept(n) && this.state.outputsLength + output.length > OUTPUTS_LENGTH_MAX
    const ending = isTooMuch ? 'failed' : as
    const event = { is: 'ended', at: this.context.now, ref, task, as: ending, ...rest } as DagEvent & { is: 'ended' }
    if (isTooMuch) event.reason = 'outputs-too-large'
    else if (output !== undefined && as === 'success' && this.isKept(n)) event.output = output
    const hadBegun = hasBegun(this.state, n)
    this.add(event)
    if (!hadBegun && hasBegun(this.state, n)) this.pass(n)
    this.tallied(n, ending)
    if (ending === 'success') this.choose(n, output ?? null)
  }

  /** A person says how it has ended; its output is kept where it is needed, and chooses as that of its run would. */
  marked(n: number, event: DagEvent & { is: 'marked' }, output: Payload | undefined): void {
    const { as } = event
    const refs = event.refs as Reference[]
    const running = refs.filter(ref => 'ar'.includes(letterOf(this.state, ref)))
    this.messages.push(...stopMessages(this.state, this.context, running))
    const hadBegun = hasBegun(this.state, n)
    this.add(output !== undefined && this.isKept(n) && refs.length === 1 ? { ...event, output } : event)
    if (!hadBegun && hasBegun(this.state, n)) this.pass(n)
    this.tallied(n, as, refs.length)
    if (as === 'success') this.choose(n, output ?? null)
  }

  cancel(event: DagEvent): void {
    this.add(event)
    // Teardowns still run, by their rules.
    const waits = this.waiting(n => !this.plan.tasks[n]?.task.teardown)
    this.skip(waits)
    for (const n of waits) this.touched.delete(n)
    this.messages.push(...stopMessages(this.state, this.context))
  }

  /** `starts` false: what may begin does so in a transition of its own. */
  decided(starts = true): Decision<DagEvent> {
    const now = this.context.now
    // Before it is due nothing follows: all that waits is judged then.
    if (this.state.closing === null && this.state.isDue) {
      this.judge()
      if (this.isOver()) this.close()
      else if (starts) this.start()
      else if (this.next() !== null) this.mark()
    }
    const last = this.events.at(-1)
    if (last !== undefined && this.freed.length > 0) this.rewrite({ ...last, freed: this.freed } as DagEvent)
    tallies.set(this.state.started, { tasks: this.state.tasks, mapped: this.state.mapped, tally: this.tally })
    const decision: Decision<DagEvent> = { events: this.events, state: this.state }
    const at = wakeAt(this.state)
    if (at !== wakeAt(this.before) || (at !== null && at <= now)) decision.wakeAt = at
    if (this.messages.length > 0) decision.messages = this.messages
    if (this.outcome !== undefined) decision.outcome = this.outcome
    return decision
  }

  close(closing: Closing = this.ending(), output?: Payload): void {
    if (closing.is === 'completed' && this.plan.spec.output !== undefined) {
      const refusal = refusalOf(this.plan.spec.output, factsOf(this.plan, this.tally, this.state, this.context))
      if (refusal !== null)
        return this.close({
          is: 'failed',
          at: closing.at,
          reason: 'invalid-template',
          failure: { type: 'InvalidTemplate', message: refusal, code: 'invalid-template' },
        })
    }
    const given = closing.is === 'completed' ? this.output() : output
    if (closing.is !== 'completed') this.messages.push(...stopMessages(this.state, this.context))
    this.add(closing as DagEvent)
    this.outcome = { state: closing.is, reason: closing.reason ?? null }
    if (given !== undefined) this.outcome.output = given
    if (closing.failure !== undefined) this.outcome.failure = closing.failure
  }

  askAgain(): void {
    const refs = activeRefs(this.state, /a/g).slice(0, STARTS_MAX)
    if (refs.length === 0) return
    this.add({ is: 'asked', at: this.context.now, refs, again: true })
    for (const ref of refs)
      this.messages.push(startMessage(this.plan, this.state, ref, inputOf(this.plan, this.tally, this.state, ref, this.context), true, this.context))
  }

  private letter = (n: number): string => this.state.tasks[n] as string

  private isKept(n: number): boolean {
    return (this.tally.awaited[n] as number) > 0
  }

  private pass(n: number): void {
    this.freed.push(...this.tally.passed(n))
  }

  private tallied(n: number, ending: TaskEnding, times = 1): void {
    this.tally.ended(n, ending, times)
    for (const other of this.plan.downstream[n] as number[]) this.touched.add(other)
  }

  private waiting(fits: (n: number) => boolean): number[] {
    const found: number[] = []
    for (let n = 0; n < this.state.tasks.length; n++) if ('.q'.includes(this.letter(n)) && fits(n)) found.push(n)
    return found
  }

  /** What a branch or a short circuit leaves out. */
  private choose(n: number, output: Payload | null): void {
    const { task } = this.plan.tasks[n] as Plan['tasks'][number]
    const isOpen = (other: number): boolean => '.q'.includes(this.letter(other)) && !this.plan.tasks[other]?.task.teardown
    const below = this.plan.downstream[n] as number[]
    if (task.branch) {
      const chosen = this.chosen(n, output)
      const goesOn = reached([...chosen], this.plan.downstream)
      this.skip(below.filter(other => isOpen(other) && !chosen.has(other) && !goesOn.has(other)))
    }
    if (task.shortCircuit !== undefined && isFalse(output)) {
      const skipped = task.shortCircuit === 'direct' ? below : [...reached([n], this.plan.downstream)]
      this.skip(skipped.filter(isOpen))
    }
  }

  /** Those right after it that its output names, by themselves or by their group. */
  private chosen(n: number, output: Payload | null): Set<number> {
    const named = output === null ? null : (JSON.parse(output) as unknown)
    const names = new Set(Array.isArray(named) ? named : [named])
    const { groups = {} } = this.plan.spec
    const isNamed = (other: number): boolean => {
      const { id, task } = this.plan.tasks[other] as Plan['tasks'][number]
      if (names.has(id)) return true
      for (let group = task.group; group !== undefined; group = groups[group]?.group) if (names.has(group)) return true
      return false
    }
    return new Set((this.plan.downstream[n] as number[]).filter(isNamed))
  }

  private skip(skipped: readonly number[]): void {
    if (skipped.length === 0) return
    const begun = skipped.filter(n => !hasBegun(this.state, n))
    this.add({ is: 'judged', at: this.context.now, skipped })
    for (const n of begun) this.pass(n)
    for (const n of skipped) this.tallied(n, 'skipped')
  }

  /** Until nothing follows any more. Tasks have their numbers after those that they wait for, so each round goes down. */
  private judge(): void {
    while (this.touched.size > 0) {
      const touched = [...this.touched].filter(n => this.letter(n) === '.').sort((a, b) => a - b)
      this.touched = new Set()
      if (touched.length > 0) this.round(touched)
    }
  }

  private round(touched: readonly number[]): void {
    const now = this.context.now
    const judged = { ready: [] as number[], skipped: [] as number[], upstream_failed: [] as number[] }
    const failed: { n: number; reason: string }[] = []
    const ran: { n: number; output?: Payload }[] = []
    const mapped: { n: number; items: number; ran?: Payload[] | true }[] = []
    for (const n of touched) {
      const { rule, task } = this.plan.tasks[n] as Plan['tasks'][number]
      const verdict = judge(rule, this.tally.before(n, this.letter))
      if (verdict === 'wait') continue
      if (verdict !== 'run') judged[verdict].push(n)
      else if (this.state.cancelRequested && !task.teardown) judged.skipped.push(n)
      else if (task.map !== undefined) this.map(n, { skipped: judged.skipped, failed, mapped })
      else if (this.refusal(n) !== null) failed.push({ n, reason: this.refusal(n) as string })
      else if (task.job === undefined) ran.push({ n, output: inputOf(this.plan, this.tally, this.state, n, this.context) ?? 'null' })
      else judged.ready.push(n)
    }
    const lists = { ...judged, failed, ran: ran.map(one => (this.isKept(one.n) ? one : { n: one.n })), mapped }
    const told = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
    if (Object.keys(told).length === 0) return
    this.add({ is: 'judged', at: now, ...told } as DagEvent)
    for (const { n, items, ran: done } of mapped) {
      this.tally.expanded(n, items)
      if (done === undefined) continue
      this.pass(n)
      this.tallied(n, 'success', items)
    }
    for (const n of [...judged.skipped, ...judged.upstream_failed, ...failed.map(one => one.n), ...ran.map(one => one.n)]) this.pass(n)
    for (const n of judged.skipped) this.tallied(n, 'skipped')
    for (const n of judged.upstream_failed) this.tallied(n, 'upstream_failed')
    for (const { n } of failed) this.tallied(n, 'failed')
    for (const { n } of ran) this.tallied(n, 'success')
    for (const { n, output } of ran) this.choose(n, output ?? null)
  }

  private map(
    n: number,
    into: { skipped: number[]; failed: { n: number; reason: string }[]; mapped: { n: number; items: number; ran?: Payload[] | true }[] },
  ): void {
    const { task } = this.plan.tasks[n] as Plan['tasks'][number]
    const facts = factsOf(this.plan, this.tally, this.state, this.context)
    const items = this.itemsOf(n, facts)
    if (typeof items === 'string') into.failed.push({ n, reason: items })
    else if (items === null) {
      // Who gave nothing was skipped, and so is this; what gave something else is at fault.
      const gaveNothing = (this.plan.tasks[n]?.references ?? []).some(other => this.letter(other) !== LETTERS.success && this.letter(other) !== 'm')
      if (gaveNothing) into.skipped.push(n)
      else into.failed.push({ n, reason: 'map-not-a-list' })
    } else if (typeof items === 'number') into.failed.push({ n, reason: `map-too-large: ${items} items, and there may be ${MAP_ITEMS_MAX}` })
    else if (items.length === 0) into.skipped.push(n)
    else if (task.job !== undefined) into.mapped.push({ n, items: items.length })
    else {
      const outputs = this.isKept(n)
        ? items.map((item, index) => JSON.stringify(fill((task.input ?? '{{item}}') as Json, { ...facts, item, index })))
        : true
      into.mapped.push({ n, items: items.length, ran: outputs })
    }
  }

  /** Why its input cannot be made; null: it can. */
  private refusal(n: number): string | null {
    return refusalOf(this.plan.tasks[n]?.task.input ?? null, factsOf(this.plan, this.tally, this.state, this.context))
  }

  /** A text says why they, or the input of one of them, cannot be made. */
  private itemsOf(n: number, facts: ReturnType<typeof factsOf>): ReturnType<Tally['itemsOf']> | string {
    const { task } = this.plan.tasks[n] as Plan['tasks'][number]
    try {
      const items = this.tally.itemsOf(n, task.map as NonNullable<typeof task.map>, facts)
      if (!Array.isArray(items)) return items
      for (const [index, item] of items.entries()) {
        const refusal = refusalOf((task.input ?? null) as Json, { ...facts, item, index })
        if (refusal !== null) return `${refusal} Item ${index}.`
      }
      return items
    } catch (error) {
      return reasonOf(error)
    }
  }

  /** The next that may begin and has a slot; null: none. */
  private next(): Reference | null {
    const { state, plan } = this
    if (state.active >= plan.maxActive) return null
    const plain = state.tasks.indexOf('q')
    if (plain >= 0) return plain
    for (const key in state.mapped) {
      const n = Number(key)
      const { items, active } = state.mapped[n] as DagState['mapped'][number]
      if (active >= (plan.tasks[n]?.task.map?.concurrency ?? plan.maxActive)) continue
      const item = items.indexOf('q')
      if (item >= 0) return item * plan.ids.length + n
    }
    return null
  }

  private start(): void {
    const { now, self } = this.context
    for (let count = 0, ref = this.next(); ref !== null; count++, ref = this.next()) {
      if (count === STARTS_MAX) return this.mark()
      const input = inputOf(this.plan, this.tally, this.state, ref, this.context)
      const message = startMessage(this.plan, this.state, ref, input, false, this.context)
      const { run } = message
      const isElsewhere = run !== childId(self, ref)
      const event: DagEvent = { is: 'asked', at: now, refs: [ref], ...(isElsewhere ? { elsewhere: { [ref]: run } } : {}) }
      this.merge(event)
      this.messages.push(message)
    }
  }

  /** Several starts in a row are one event. */
  private merge(event: DagEvent): void {
    const last = this.events.at(-1)
    this.state = evolve(this.state, event)
    if (last?.is !== 'asked' || last.again) {
      this.events.push(event)
      return
    }
    const { refs, elsewhere } = event as DagEvent & { is: 'asked' }
    ;(last.refs as Reference[]).push(...(refs as Reference[]))
    if (elsewhere !== undefined) last.elsewhere = { ...(last.elsewhere as object), ...elsewhere }
  }

  /** It goes on at once, by itself. */
  private mark(): void {
    const last = this.events.at(-1)
    if (last === undefined) return
    this.rewrite({ ...last, more: true } as DagEvent)
  }

  /** Of the last event alone, what is said beside it. */
  private rewrite(event: DagEvent): void {
    this.events[this.events.length - 1] = event
    this.state = this.events.reduce<DagState>(evolve, this.before)
  }

  private isOver(): boolean {
    const { state } = this
    if (state.ended === state.total) return true
    // Whoever waits for what is removed waits for ever.
    return state.active === 0 && !/q/.test(state.tasks) && !Object.values(state.mapped).some(({ items }) => items.includes('q'))
  }

  /** As its last tasks have ended. */
  private ending(): Closing {
    const { state, plan } = this
    const at = this.context.now
    if (state.cancelRequested) return { is: 'cancelled', at, reason: 'cancelled' }
    if (state.ended < state.total) return { is: 'failed', at, reason: 'deadlocked' }
    const failed = plan.leaves.filter(n => this.hasFailed(n))
    if (failed.length === 0) return { is: 'completed', at }
    const names = failed.slice(0, NAMED_MAX).map(n => plan.ids[n])
    const more = failed.length > NAMED_MAX ? ` and ${failed.length - NAMED_MAX} more` : ''
    const message = `${names.join(', ')}${more} failed, or could not run since what came before failed`
    return { is: 'failed', at, reason: 'tasks-failed', failure: { type: 'TasksFailed', message, code: 'tasks-failed' } }
  }

  private hasFailed(n: number): boolean {
    const letters = this.state.mapped[n]?.items ?? this.letter(n)
    return [...letters].some(letter => ENDING_OF[letter] === 'failed' || ENDING_OF[letter] === 'upstream_failed')
  }

  private output(): Payload | undefined {
    const { output } = this.plan.spec
    if (output === undefined) return undefined
    return JSON.stringify(fill(output, factsOf(this.plan, this.tally, this.state, this.context)))
  }
}
const NAMED_MAX = 5
const JUDGED = ['ready', 'skipped', 'upstream_failed', 'failed', 'ran', 'mapped'] as const

function isFalse(output: Payload | null): boolean {
  if (output === null) return true
  const value = JSON.parse(output) as unknown
  return Array.isArray(value) ? value.length === 0 : !value
}
