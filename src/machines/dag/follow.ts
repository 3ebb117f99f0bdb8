import { slotOf } from '../../core/ids.ts'
import { refersToKept } from '../../core/kept.ts'
import type { LateText } from '../../core/late.ts'
import type { Context, Decision, Message } from '../../core/machine.ts'
import type { Outcome, Payload } from '../../core/run.ts'
import type { LookedInput } from '../memo/types.ts'
import type { PlacedInput } from '../timeline/types.ts'
import { endedMessages, openedMessages, taskMessages } from './announce.ts'
import { startMessage, stopMessages } from './children.ts'
import { chosenBy, skipsAfter } from './choices.ts'
import { closingOf, isOver } from './closing.ts'
import { Found } from './found.ts'
import { factsOf, inputOf } from './input.ts'
import { isTogether } from './items.ts'
import { JUDGED, join } from './joined.ts'
import { keptRefusal } from './kept.ts'
import { activeRefs, letterOf, placeOf } from './letters.ts'
import { madeMessages } from './making.ts'
import { listOf, refusalFor } from './mapping.ts'
import { keepMessage, lookMessage, type Memo, memoOf } from './memo.ts'
import { inRow, nextOf } from './next.ts'
import { confirmMessage, enterMessage, idleMessage, leaveMessage, passMessages } from './past.ts'
import { type MappedGroup, type Plan, planOf, reached } from './plan.ts'
import { judge, type TaskEnding, type Verdict } from './rules.ts'
import { type DagSpec, type DagWait, isEmpty, type Json, OUTPUTS_LENGTH_MAX } from './spec.ts'
import { evolve, wakeAt } from './state.ts'
import { hasBegun, Tally } from './tally.ts'
import { fill, refusalOf } from './template.ts'
import { type Closing, type DagEvent, type DagState, LETTERS, type Reference } from './types.ts'
import { beginning, giveMessage } from './waits.ts'

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
  /** Before the last of them. */
  private previous: DagState
  private readonly messages: Message[] = []
  private readonly tally: Tally
  /** Tasks that something has changed for. */
  private touched: number[] = []
  private touchedItems: Reference[] = []
  private touchedGroups: MappedGroup[] = []
  private readonly freed: number[] = []
  private readonly freedItems: Reference[] = []
  private outcome: Outcome | undefined

  constructor(before: DagState, context: Context) {
    const { version } = before.started
    const spec = context.definition?.(version) as DagSpec | undefined
    if (spec === undefined) throw new Error(`version ${version} of this DAG is not known here`)
    this.plan = planOf(spec)
    this.before = before
    this.state = before
    this.previous = before
    this.context = context
    const known = tallies.get(before.started)
    const fits = known !== undefined && known.tally.plan === this.plan && known.tasks === before.tasks && known.mapped === before.mapped
    this.tally = fits ? known.tally : new Tally(this.plan, before)
    // It goes along with what is decided now: should that be thrown away, it is counted anew.
    tallies.delete(before.started)
  }

  private add(event: DagEvent): void {
    const { state, events } = this
    this.state = evolve(state, event)
    const { length } = events
    join(events, event)
    if (events.length > length) this.previous = state
  }

  /** All that wait for nobody, or for somebody whose end is kept; what a branch that is kept has left out stays so. */
  begin(): void {
    for (const [n, upstream] of this.plan.upstream.entries())
      if (upstream.length === 0 || upstream.some(other => this.letter(other) !== '.')) this.touched.push(n)
    for (const group of this.plan.mappedGroups) this.touchedGroups.push(group)
    this.expandGroups()
    for (const [ref, output] of Object.entries(this.state.started.choices ?? {})) this.choose(Number(ref), output)
  }

  /** It is due, and asks for its place among the runs of its DAG. */
  enter(): void {
    this.add({ is: 'queued', at: this.context.now, ...(this.state.queuedAt === undefined ? {} : { again: true }) })
    this.messages.push(enterMessage(this.plan, this.state, this.context), ...openedMessages(this.state, this.context))
  }

  /** It is due, and its tasks may begin. */
  due(): void {
    this.add({ is: 'due', at: this.context.now })
    this.messages.push(...openedMessages(this.state, this.context))
    this.begin()
  }

  /** What it is told of its place is confirmed, and its tasks begin if they may. */
  placed({ n, active, held }: PlacedInput): void {
    this.messages.push(confirmMessage(this.state, n, this.context))
    if (n <= (this.state.place?.n ?? 0)) return
    this.add({ is: 'placed', at: this.context.now, n, active, ...(held.length > 0 && { held }) })
    if (!active || this.state.isDue) return
    this.add({ is: 'due', at: this.context.now })
    this.begin()
  }

  /** Their runs are there. */
  begun(refs: readonly Reference[]): void {
    if (refs.length === 0) return
    this.add({ is: 'begun', at: this.context.now, ...(refs.length === 1 ? { ref: refs[0] as Reference } : { refs }) } as DagEvent)
    const byTask = Map.groupBy(refs, ref => placeOf(this.state, ref).n)
    for (const own of byTask.values()) this.passed(own)
  }

  /** A run has ended, or could not begin. */
  end(ref: Reference, as: TaskEnding, more: { run?: string; reason?: string; output?: Payload; watermark?: Payload; cachedAt?: number } = {}): void {
    const { n } = placeOf(this.state, ref)
    const memo = this.state.memos?.[ref]
    const { id: task } = this.plan.tasks[n] as Plan['tasks'][number]
    const { output, ...rest } = more
    const isKept = this.isKept(ref)
    const isTooMuch = as === 'success' && output !== undefined && isKept && this.state.outputsLength + output.length > OUTPUTS_LENGTH_MAX
    const ending = isTooMuch ? 'failed' : as
    const event = { is: 'ended', at: this.context.now, ref, task, as: ending, ...rest } as DagEvent & { is: 'ended' }
    if (isTooMuch) event.reason = 'outputs-too-large'
    else if (output !== undefined && as === 'success' && isKept) event.output = output
    const mayGo = output !== undefined && refersToKept(output)
    if (memo !== undefined && ending === 'success' && rest.run !== undefined && rest.cachedAt === undefined && !mayGo)
      this.messages.push(keepMessage(this.plan, this.state, ref, memo, { run: rest.run, ...(output !== undefined && { output }) }, this.context))
    const hadBegun = letterOf(this.state, ref) === 'r'
    this.add(event)
    this.stopped([ref])
    if (!hadBegun) this.passed([ref])
    this.ended([ref], ending)
    if (ending === 'success') this.choose(ref, output ?? null)
  }

  /** A person says how it has ended; its output is kept where it is needed, and chooses as that of its run would. */
  marked(event: DagEvent & { is: 'marked' }, output: Payload | undefined): void {
    const { as } = event
    const refs = event.refs as Reference[]
    const running = refs.filter(ref => 'ar'.includes(letterOf(this.state, ref)))
    this.messages.push(...stopMessages(this.state, this.context, running))
    const waiting = refs.filter(ref => '.qa'.includes(letterOf(this.state, ref)))
    this.add(output !== undefined && refs.length === 1 && this.isKept(refs[0] as Reference) ? { ...event, output } : event)
    this.stopped(running)
    if (waiting.length > 0) this.passed(waiting)
    this.ended(refs, as)
    if (as === 'success') for (const ref of refs) this.choose(ref, output ?? null)
  }

  cancel(event: DagEvent): void {
    this.add(event)
    // Teardowns still run, by their rules; of a mapped group that has no items yet there is nothing to tear down.
    const waits = [...this.plan.ids.keys()].filter(n => {
      const { task, group } = this.plan.tasks[n] as Plan['tasks'][number]
      return !task.teardown || (group !== null && this.letter(n) === '.')
    })
    this.skip(waits.filter(n => this.waits(n)))
    const left = new Set(waits)
    this.touched = this.touched.filter(n => !left.has(n))
    this.messages.push(...stopMessages(this.state, this.context))
  }

  /** `starts` false: what may begin does so in a transition of its own. */
  decided(starts = true): Decision<DagEvent> {
    const now = this.context.now
    // Before it is due nothing follows: all that waits is judged then.
    if (this.state.closing === null && this.state.isDue) {
      this.judge()
      if (isOver(this.state)) this.close()
      else {
        this.tellTimeline()
        if (starts) this.start()
        else if (this.next() !== null) this.mark()
      }
    }
    const last = this.events.at(-1)
    if (last !== undefined && this.freed.length + this.freedItems.length > 0) {
      const freed = new Set(this.freed)
      const freedItems = this.freedItems.filter(ref => !freed.has(placeOf(this.state, ref).n))
      if (this.freed.length + freedItems.length > 0)
        this.rewrite({ ...last, ...(this.freed.length > 0 && { freed: this.freed }), ...(freedItems.length > 0 && { freedItems }) } as DagEvent)
    }
    tallies.set(this.state.started, { tasks: this.state.tasks, mapped: this.state.mapped, tally: this.tally })
    const decision: Decision<DagEvent> = { events: this.events, state: this.state }
    const at = wakeAt(this.state)
    if (at !== wakeAt(this.before) || (at !== null && at <= now)) decision.wakeAt = at
    if (this.messages.length > 0) decision.messages = this.messages
    if (this.outcome !== undefined) decision.outcome = this.outcome
    return decision
  }

  /** Others may wait for what has passed, or go first where all that is left waits for the past. */
  private tellTimeline(): void {
    const { state, context } = this
    this.messages.push(...taskMessages(this.plan, this.before, state, context))
    if (state.started.timeline === undefined) return
    if (this.before.isDue) this.messages.push(...passMessages(this.plan, this.before, state, context))
    const idle = state.active === 0 && state.place !== undefined && state.place.held.length > 0 && this.next() === null
    if (this.plan.spec.maxActiveRuns === undefined || state.place === undefined || state.place.idle === idle) return
    this.add({ is: 'idled', at: context.now, idle })
    this.messages.push(idleMessage(state, idle, context))
  }

  close(closing: Closing = closingOf(this.state, this.plan, this.context.now), output?: Payload): void {
    if (closing.is === 'completed' && this.plan.spec.output !== undefined) {
      const { output } = this.plan.spec
      const refusal = keptRefusal(output, this.plan, this.state) ?? refusalOf(output, factsOf(this.plan, this.tally, this.state, this.context))
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
    if (this.state.queuedAt !== undefined) this.messages.push(leaveMessage(this.plan, this.state, this.context))
    this.add(closing as DagEvent)
    this.messages.push(...endedMessages(this.plan, this.state, closing.is, this.context))
    this.outcome = { state: closing.is, reason: closing.reason ?? null }
    if (given !== undefined) this.outcome.output = given
    if (closing.is === 'completed' && this.state.watermark !== undefined) this.outcome.watermark = this.state.watermark
    if (closing.failure !== undefined) this.outcome.failure = closing.failure
  }

  /** What is kept for its key is its output; there being nothing, its run begins. */
  looked({ ref, hit }: LookedInput): void {
    if (hit !== null) return this.end(ref, 'success', { run: hit.run, cachedAt: hit.at, ...(hit.output !== undefined && { output: hit.output }) })
    const isTeardown = this.plan.tasks[placeOf(this.state, ref).n]?.task.teardown
    if (this.state.cancelRequested && !isTeardown) return this.end(ref, 'failed', { reason: 'cancelled' })
    const message = startMessage(this.plan, this.state, ref, this.given(ref), false, this.context)
    const isElsewhere = slotOf(message.run) !== slotOf(this.context.self)
    this.add({ is: 'looked', at: this.context.now, refs: [ref], ...(isElsewhere && { elsewhere: { [ref]: message.run } }) })
    this.messages.push(message)
  }

  askAgain(): void {
    const refs = activeRefs(this.state, /a/g).slice(0, STARTS_MAX)
    if (refs.length === 0) return
    this.add({ is: 'asked', at: this.context.now, refs, again: true })
    for (const ref of refs) {
      const memo = this.state.memos?.[ref]
      this.messages.push(
        memo?.looking
          ? lookMessage(this.plan, this.state, ref, memo, this.context)
          : startMessage(this.plan, this.state, ref, this.given(ref), true, this.context),
      )
    }
  }

  /** What a run of a task is started with. */
  private given(ref: Reference): { input: Payload | null; late: LateText[] } {
    const late: LateText[] = []
    return { input: inputOf(this.plan, this.tally, this.state, ref, this.context, late), late }
  }

  private letter = (n: number): string => this.state.tasks[n] as string

  /** Somebody may need what it gives. */
  private isKept(ref: Reference): boolean {
    const { n, item } = placeOf(this.state, ref)
    return (this.tally.awaited[n] as number) > 0 && (this.tally.items.isAwaited(n, item) ?? true)
  }

  private pass(n: number): void {
    this.freed.push(...this.tally.passed(n))
  }

  /** They have begun, or never will: of one task all. */
  private passed(refs: readonly Reference[]): void {
    const { n } = placeOf(this.state, refs[0] as Reference)
    if (this.isItem(n)) for (const ref of refs) this.freedItems.push(...this.tally.items.passed(n, placeOf(this.state, ref).item))
    if (hasBegun(this.state, n)) this.pass(n)
  }

  private stopped(refs: readonly Reference[]): void {
    for (const ref of refs) {
      const { n, item } = placeOf(this.state, ref)
      this.tally.items.stopped(n, item)
    }
  }

  /** What is judged of it is judged item by item. */
  private isItem(n: number): boolean {
    return this.state.mapped[n] !== undefined && this.plan.tasks[n]?.group !== null
  }

  /** Of one task: who waits for them is judged anew. */
  private ended(refs: readonly Reference[], ending: TaskEnding): void {
    const { n } = placeOf(this.state, refs[0] as Reference)
    if (!this.isItem(n)) for (const other of this.tally.ended(n, ending, refs.length)) this.touched.push(other)
    else
      for (const ref of refs) {
        for (const other of this.tally.itemEnded(n, placeOf(this.state, ref).item, ending)) this.touched.push(other)
        for (const other of this.plan.downstream[n] as number[]) if (isTogether(this.plan, n, other)) this.touchedItems.push(ref - n + other)
      }
    if (this.tally.hasEnded(n)) for (const group of this.plan.tasks[n]?.expands ?? []) this.touchedGroups.push(group)
  }

  /** It, or an item of it, has not begun. */
  private waits(n: number): boolean {
    return /[.q]/.test(this.state.mapped[n]?.items ?? this.letter(n))
  }

  /** What a branch or a short circuit leaves out. One in a mapped group leaves out what is in there, of its item (Airflow: `skip_all_except` with its map index). */
  private choose(ref: Reference, output: Payload | null): void {
    const { n } = placeOf(this.state, ref)
    const { task } = this.plan.tasks[n] as Plan['tasks'][number]
    const skips = skipsAfter(task, output)
    if (!task.branch && skips === null) return
    const isItem = this.isItem(n)
    const isOpen = (other: number): boolean => {
      if (this.plan.tasks[other]?.task.teardown) return false
      if (isItem) return isTogether(this.plan, n, other) && '.q'.includes(letterOf(this.state, ref - n + other) || '-')
      return '.q'.includes(this.letter(other)) || (this.isItem(other) && this.waits(other))
    }
    const skip = (others: readonly number[]): void => {
      const open = others.filter(isOpen)
      if (isItem) this.skipItems(open.map(other => ref - n + other))
      else this.skip(open)
    }
    const below = this.plan.downstream[n] as number[]
    if (task.branch) {
      const chosen = chosenBy(this.plan, n, output)
      const goesOn = reached([...chosen], this.plan.downstream)
      skip(below.filter(other => !chosen.has(other) && !goesOn.has(other)))
    }
    if (skips !== null) skip(skips === 'direct' ? below : [...reached([n], this.plan.downstream)])
  }

  private skip(ns: readonly number[]): void {
    const mapped = ns.filter(n => this.state.mapped[n] !== undefined)
    const plain = ns.filter(n => this.state.mapped[n] === undefined)
    const every = mapped.map(n => ({ n, as: 'skipped' as const, ready: true as const }))
    const refs = mapped.map(n => this.itemsThat(n, /[.q]/g))
    this.tell({ ...(plain.length > 0 && { skipped: plain }), ...(every.length > 0 && { every }) })
    this.followed([...plain.map(n => [n]), ...refs].map(refs => ({ refs, as: 'skipped' })))
  }

  private skipItems(refs: readonly Reference[]): void {
    this.tell(refs.length > 0 ? { skipped: refs } : {})
    this.followed(refs.map(ref => ({ refs: [ref], as: 'skipped' })))
  }

  private itemsThat(n: number, letters: RegExp): Reference[] {
    return [...(this.state.mapped[n]?.items ?? '').matchAll(letters)].map(({ index }) => index * this.plan.ids.length + n)
  }

  private tell(lists: Partial<Record<(typeof JUDGED)[number], readonly unknown[]>>): void {
    const told = JUDGED.filter(list => (lists[list]?.length ?? 0) > 0)
    if (told.length === 0) return
    const event: Record<string, unknown> = { is: 'judged', at: this.context.now }
    for (const list of told) event[list] = lists[list]
    this.add(event as DagEvent)
  }

  /** None of these had begun; each stands for one task. */
  private followed(ended: readonly { refs: readonly Reference[]; as: TaskEnding }[]): void {
    for (const { refs } of ended) this.passed(refs)
    for (const { refs, as } of ended) this.ended(refs, as)
  }

  /** Until nothing follows any more. Tasks have their numbers after those that they wait for, so each round goes down. */
  private judge(): void {
    while (this.touched.length + this.touchedItems.length + this.touchedGroups.length > 0) {
      this.expandGroups()
      const [tasks, items] = [inOrder(this.touched), inOrder(this.touchedItems)]
      this.touched = []
      this.touchedItems = []
      this.round(tasks, items)
    }
  }

  private round(tasks: readonly number[], items: readonly Reference[]): void {
    const found = new Found()
    for (const n of tasks) {
      const { group, rule, task } = this.plan.tasks[n] as Plan['tasks'][number]
      if (this.isItem(n)) this.judgeItems(n, found)
      if (group !== null || this.letter(n) !== '.') continue
      const verdict = judge(rule, this.tally.before(n, this.letter))
      if (verdict === 'run' && task.map !== undefined && !this.state.cancelRequested) this.map(n, found)
      else this.take(n, verdict, found)
    }
    const size = this.plan.ids.length
    if (items.length > 0) {
      // What is touched as a whole was judged with all its items.
      const whole = new Set(tasks)
      for (const ref of items)
        if (this.isItem(ref % size) && !whole.has(ref % size) && letterOf(this.state, ref) === '.') this.take(ref, this.verdictOf(ref), found)
    }
    if (found.isEmpty) return
    this.tell(found.lists((ref, output) => (this.isKept(ref) ? { n: ref, output } : { n: ref })))
    for (const { n, items, ran } of found.mapped) {
      this.tally.expanded(n, items)
      this.tally.ready.add(n)
      if (ran === undefined) continue
      this.messages.push(...madeMessages(this.plan, this.state, n, this.context))
      this.followed([{ refs: Array.from({ length: items }, (_, item) => item * size + n), as: 'success' }])
    }
    for (const ref of found.ready) if (this.isItem(ref % size)) this.tally.ready.add(ref % size)
    for (const { n, as } of found.every) if (as === 'ready') this.tally.ready.add(n)
    for (const { n } of found.ran) if (n < size && !this.isItem(n)) this.messages.push(...madeMessages(this.plan, this.state, n, this.context))
    this.followed(found.ended())
    for (const { n, output } of found.ran) this.choose(n, output)
  }

  /** All its items that wait; where all end alike that is told in one. */
  private judgeItems(n: number, found: Found): void {
    const refs = this.itemsThat(n, /\./g)
    const own = new Found()
    for (const ref of refs) this.take(ref, this.verdictOf(ref), own)
    found.add(own, n, refs)
  }

  private verdictOf(ref: Reference): Verdict {
    const { n, item } = placeOf(this.state, ref)
    const letter = (other: number): string => letterOf(this.state, isTogether(this.plan, n, other) && this.isItem(other) ? ref - n + other : other)
    return judge((this.plan.tasks[n] as Plan['tasks'][number]).rule, this.tally.before(n, letter, item))
  }

  private take(ref: Reference, verdict: Verdict, found: Found): void {
    if (verdict === 'wait') return
    const { task } = this.plan.tasks[placeOf(this.state, ref).n] as Plan['tasks'][number]
    const reason = verdict === 'run' ? refusalFor(this.plan, this.tally, this.state, ref, this.context) : null
    if (verdict !== 'run') found[verdict].push(ref)
    else if (this.state.cancelRequested && !task.teardown) found.skipped.push(ref)
    else if (reason !== null) found.failed.push({ n: ref, reason })
    else if (isEmpty(task)) found.ran.push({ n: ref, output: inputOf(this.plan, this.tally, this.state, ref, this.context) ?? 'null' })
    else found.ready.push(ref)
  }

  private map(n: number, found: Found): void {
    const { task } = this.plan.tasks[n] as Plan['tasks'][number]
    const facts = factsOf(this.plan, this.tally, this.state, this.context)
    const items = this.list(n, 1)
    if (typeof items === 'string') found.failed.push({ n, reason: items })
    else if (items === null) {
      // Who gave nothing was skipped, and so is this; what gave something else is at fault.
      const gaveNothing = (this.plan.tasks[n]?.references ?? []).some(other => this.letter(other) !== LETTERS.success && this.letter(other) !== 'm')
      if (gaveNothing) found.skipped.push(n)
      else found.failed.push({ n, reason: 'map-not-a-list' })
    } else if (items.length === 0) found.skipped.push(n)
    else if (!isEmpty(task)) found.mapped.push({ n, items: items.length })
    else {
      const outputs = this.isKept(n)
        ? items.map((item, index) => JSON.stringify(fill((task.input ?? '{{item}}') as Json, { ...facts, item, index })))
        : true
      found.mapped.push({ n, items: items.length, ran: outputs })
    }
  }

  /** Tasks of mapped groups have their items once all that these are from has ended; what has failed or was skipped makes them end alike (Airflow: `MappedTaskUpstreamDep`). */
  private expandGroups(): void {
    if (this.touchedGroups.length === 0) return
    const groups = new Set(this.touchedGroups)
    this.touchedGroups = []
    for (const group of groups) {
      const { sources } = group
      const ns = group.tasks.filter(n => this.letter(n) === '.')
      const first = ns[0]
      if (first === undefined || !sources.every(n => this.tally.hasEnded(n))) continue
      const letters = sources.map(this.letter).join('')
      const as = /[fu]/.test(letters) ? 'upstream_failed' : this.state.cancelRequested || /[kx]/.test(letters) ? 'skipped' : null
      const items = as === null ? this.list(first, ns.length) : []
      if (Array.isArray(items) && items.length > 0) {
        this.tell({ grouped: [{ ns, items: items.length }] })
        for (const n of ns) this.tally.expanded(n, items.length)
        for (const n of ns) this.tally.items.expanded(n, this.state)
        this.touched.push(...ns)
      } else if (Array.isArray(items)) this.endAlike(ns, as ?? 'skipped')
      else {
        const begin = ns.filter(n => n === first || !(this.plan.upstream[n] as number[]).some(other => ns.includes(other)))
        this.tell({ failed: begin.map(n => ({ n, reason: items ?? 'map-not-a-list' })) })
        this.followed(begin.map(n => ({ refs: [n], as: 'failed' })))
        this.endAlike(
          ns.filter(n => !begin.includes(n)),
          'upstream_failed',
        )
      }
    }
  }

  private list(n: number, tasks: number): readonly Json[] | string | null {
    const { plan, tally, state, context } = this
    return listOf(plan, tally, state, n, { facts: factsOf(plan, tally, state, context), tasks, context })
  }

  private endAlike(ns: readonly number[], as: 'skipped' | 'upstream_failed'): void {
    this.tell({ [as]: ns })
    this.followed(ns.map(n => ({ refs: [n], as })))
  }

  private next(): Reference | null {
    return nextOf(this.plan, this.state, this.tally)
  }

  private start(): void {
    for (let left = STARTS_MAX; ; ) {
      const refs = inRow(this.plan, this.state, this.tally, Math.max(left, 1))
      if (refs.length === 0) return
      if (left === 0) return this.mark()
      left -= refs.length
      this.ask(refs)
    }
  }

  /** Several: they wait for nothing. */
  private ask(refs: readonly Reference[]): void {
    const { now, self } = this.context
    const event: DagEvent & { is: 'asked' } = { is: 'asked', at: now, refs }
    const elsewhere: Record<Reference, string> = {}
    const memos: Record<Reference, Memo> = {}
    let given: ReturnType<typeof beginning>['given']
    for (const ref of refs) {
      const { n, item } = placeOf(this.state, ref)
      this.tally.items.began(n, item)
      const memo = memoOf(this.plan, this.tally, this.state, ref, this.context)
      if (memo !== null) memos[ref] = memo
      if (memo?.looking) {
        this.messages.push(lookMessage(this.plan, this.state, ref, memo, this.context))
        continue
      }
      const message = startMessage(this.plan, this.state, ref, this.given(ref), false, this.context)
      const { run, order } = message
      if (slotOf(run) !== slotOf(self)) elsewhere[ref] = run
      if (order.kind === 'approval') event.persons = [ref]
      if (order.kind === 'wait') {
        const wait = beginning(this.state, ref, JSON.parse(order.input as Payload) as DagWait)
        event.waits = [wait.waiting]
        if (wait.taken) event.taken = [wait.taken]
        given = wait.given
      }
      this.messages.push(message)
    }
    if (hasAny(elsewhere)) event.elsewhere = elsewhere
    if (hasAny(memos)) event.memos = memos
    this.add(event)
    if (given !== undefined) this.messages.push(giveMessage(this.state, refs[0] as Reference, given, this.context))
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
    this.state = evolve(this.previous, event)
  }

  private output(): Payload | undefined {
    const { output } = this.plan.spec
    if (output === undefined) return undefined
    return JSON.stringify(fill(output, factsOf(this.plan, this.tally, this.state, this.context)))
  }
}

/** Each once. */
function inOrder(numbers: number[]): number[] {
  return numbers.length < 2 ? numbers : [...new Set(numbers)].sort((a, b) => a - b)
}

function hasAny(record: Readonly<Record<number, unknown>>): boolean {
  for (const _ in record) return true
  return false
}
