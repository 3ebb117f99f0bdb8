import { untag } from '../codec.ts'
import { isKept } from '../kept.ts'
import type { WireEntry, WireEvent } from '../wire.ts'
import { Ahead } from './ahead.ts'
import { Cancel } from './cancel.ts'
import { Conditions } from './conditions.ts'
import type { StepContext } from './context.ts'
import { Drops } from './drops.ts'
import { Diverged, NotDurable } from './errors.ts'
import { Events } from './events.ts'
import { type Code, runCode } from './main.ts'
import { Messages } from './messages.ts'
import { type Operation, Operations } from './operations.ts'
import { reasonIn } from './parts.ts'
import { Patches } from './patches.ts'
import { seededRandom } from './random.ts'
import { isDue, Running } from './running.ts'
import { Scopes } from './scopes.ts'
import { Shown } from './shown.ts'
import { Signals } from './signals.ts'
import { isSame, ToldOperations, words } from './told.ts'

/** What a live run needs of the worker that it is in. */
export interface FlowHost {
  /** After all that follows at once. */
  soon(call: () => void): void
  after(ms: number, call: () => void): () => void
  /** Of retries alone. */
  random(): number
  /** In tests: what runs in place of the function of a step. */
  mock?(name: string): ((step: StepContext) => unknown) | undefined
}

/** What a call of the journal protocol says of a flow. */
export interface Turn {
  entries: WireEntry[]
  /** So many of the last ones count only if nothing has happened that the code has not seen: it goes on ahead of what is accepted. */
  ahead?: number
  /** Nothing of it runs before something happens. */
  yields: boolean
}

/** What a worker asks of a flow, whether its code runs here or elsewhere. */
export type LiveFlow = Pick<
  Flow,
  | 'base'
  | 'upTo'
  | 'discarded'
  | 'hasEnded'
  | 'isStill'
  | 'waitsForMore'
  | 'mayEndMore'
  | 'fits'
  | 'feed'
  | 'take'
  | 'goAhead'
  | 'overtaken'
  | 'news'
  | 'poke'
  | 'discard'
  | 'queued'
  | 'begunHere'
> & { readonly messages: Pick<Messages, 'answer'> }

/** The most that one call takes, and children that are open at once: further ones wait for these. */
const ENTRIES_MAX = 500
const CHILDREN_OPEN_MAX = 1_000
const OVERLAP_MAX = 100
/** Code that goes on in spite of its cancel would not end. */
const REFUSALS_MAX = 100_000

/**
 * A live run of a workflow: its code, and how far its history has come.
 *
 * The code goes on only while an event of the history is applied, one after the other, and all that follows from one is over before the next. So code that runs for
 * the first time and code that is replayed take the same way, and a promise never settles in another order. What the code asks for meanwhile is an operation,
 * numbered; of those that no event tells of, `take` makes entries of the journal, or begins to run them (steps).
 */
export class Flow {
  /** So many events it has seen. */
  upTo: number
  /** Nothing of it counts any more: the run is another worker's. */
  discarded = false
  readonly operations: Operations
  readonly messages = new Messages()
  readonly conditions = new Conditions()
  readonly shown: Shown
  readonly cancel: Cancel
  readonly scopes: Scopes
  random: () => number
  /** How far the runs of its schedule had come when it was started; null: none had, or no schedule started it. */
  watermark: unknown = null
  #now = 0
  readonly #code: Code
  readonly #host: FlowHost
  /** Number of the event with which the code begins. */
  readonly base: number
  /** Rejects when it breaks: for queued steps, which few have. */
  #breaking: PromiseWithResolvers<never> | null = null
  readonly #signals = new Signals()
  readonly #told = new ToldOperations()
  readonly #events: Events
  readonly #drops: Drops
  readonly #running: Running
  readonly #goneAhead: Ahead
  /** The last events, to tell whether a history that overlaps is this one. */
  #tail: string[] = []
  readonly #patches = new Patches()
  /** A step is due, and what is presumed is not accepted yet. */
  #heldBack = false
  #applying = false
  /** So many events are known and not applied yet. */
  #unapplied = 0
  /** How its code has ended, as of when it is asked. */
  #finished: (() => WireEntry) | null = null
  #finishSent = false
  #broken: Error | null = null
  #wake: (() => void) | null = null
  /** Of what follows from one event: operations that were asked for where all was cancelled. */
  #refusals = 0

  constructor(code: Code, base: number, host: FlowHost) {
    this.#code = code
    this.base = base
    this.#host = host
    this.upTo = base
    this.random = seededRandom(`${code.run}:${base}`)
    this.shown = new Shown(code.metadata)
    this.#goneAhead = new Ahead(code.handler)
    this.#running = new Running(code, base, host, () => this.poke())
    this.operations = new Operations(
      operation => this.#made(operation),
      (kind, name) => {
        if (this.messages.looks) this.messages.broken = `${kind} "${name}"`
        return !this.messages.looks
      },
    )
    this.cancel = new Cancel(code.run, this.operations, this.conditions)
    this.#drops = new Drops(this.operations, this.#signals)
    this.scopes = new Scopes({
      operations: this.operations,
      conditions: this.conditions,
      drops: this.#drops,
      cancel: this.cancel,
      mayCancel: () => this.#mayCancel(),
    })
    this.#events = new Events({ operations: this.operations, told: this.#told, signals: this.#signals, cancel: this.cancel, drops: this.#drops })
  }

  /** Runs the function of a queued step, which this code has asked for. Null: it has not, or hears of it no more. */
  queued({ n, name, step, ...context }: Omit<StepContext, 'key'> & { n: number; name: string; step: string }): Promise<unknown> | null {
    const operation = this.operations.get(n)
    if (operation?.name !== name || operation.fn === undefined) return null
    const fn = this.#host.mock?.(step) ?? operation.fn
    const run = async (): Promise<unknown> => fn({ ...context, key: this.#running.keyOf(n) })
    this.#breaking ??= Promise.withResolvers<never>()
    if (this.#broken !== null) this.#breaking.reject(this.#broken)
    return Promise.race([run(), this.#breaking.promise])
  }

  /** When the last event was. */
  get now(): number {
    this.#goneAhead.asksForTime()
    return this.#now
  }

  /** Tells those outside something, once: not where it is replayed, and where the code is ahead when that is accepted. */
  say(tell: () => void): void {
    if (this.#unapplied <= 1) this.#goneAhead.say(tell)
  }

  /** Whether the code takes the new way of a change. */
  patched(id: string): boolean {
    return this.#patches.ask(id, this.operations.last)
  }

  /** Something else has happened before what the code was told: it is to be replayed. */
  get overtaken(): boolean {
    return this.#goneAhead.overtaken
  }

  /** Its code has ended, or begins anew. */
  get hasEnded(): boolean {
    return this.#finished !== null && this.messages.running === 0
  }

  /** What it has seen is all applied, and it fits. */
  get isStill(): boolean {
    return !this.#applying && this.#unapplied === 0 && !this.#goneAhead.is && this.#broken === null && !this.discarded
  }

  /** It waits for something besides its steps, of which it does not hear as long as they run. */
  get waitsForMore(): boolean {
    return this.messages.updates.size > 0 || this.operations.open().some(({ kind, backsOff }) => kind !== 'step' || backsOff)
  }

  /** Something of it runs, and may have more to tell in a moment. */
  get mayEndMore(): boolean {
    return this.#running.count > 0 || this.messages.running > 0
  }

  /** False: this is not the history that it has seen. */
  fits(from: number, events: readonly WireEvent[]): boolean {
    if (from > this.upTo) return false
    const first = this.upTo - this.#tail.length
    return events.every((event, index) => {
      const number = from + index
      return number < first || number >= this.upTo || this.#tail[number - first] === fingerprint(event)
    })
  }

  /** Applies events, the first of which has the number `from`: at once where the code does not go on with any of them. @throws Diverged, NotDurable */
  feed(from: number, events: readonly WireEvent[]): Promise<void> | undefined {
    const fresh = from === this.upTo ? events : events.slice(Math.max(0, this.upTo - from))
    for (const event of fresh) this.#told.note(event)
    this.#patches.note(fresh)
    this.#unapplied = fresh.length
    for (let index = 0; index < fresh.length; index++) {
      const event = fresh[index] as WireEvent
      if (this.#isOverBy(event)) return
      if (this.#begins(event)) return this.#feedFrom(fresh, index)
      this.#ends()
    }
    this.#fed()
  }

  /** The code goes on with the event at `begun`. */
  async #feedFrom(events: readonly WireEvent[], begun: number): Promise<void> {
    await this.#follows()
    this.#ends()
    for (let index = begun + 1; index < events.length; index++) {
      const event = events[index] as WireEvent
      if (this.#isOverBy(event)) return
      if (this.#begins(event)) await this.#follows()
      this.#ends()
    }
    this.#fed()
  }

  #isOverBy(event: WireEvent): boolean {
    return this.discarded || this.#goneAhead.isOvertakenBy(event)
  }

  /** True: the code goes on with it. */
  #begins(event: WireEvent): boolean {
    this.#now = Math.max(this.#now, Date.parse(event.at))
    this.#applying = true
    const goesOn = this.#confirmed(event) ? false : this.#apply(event)
    this.upTo++
    this.#tail.push(fingerprint(event))
    return goesOn
  }

  #ends(): void {
    this.#applying = false
    this.#unapplied--
    if (this.#broken !== null) throw this.#broken
  }

  #fed(): void {
    if (this.#tail.length > 2 * OVERLAP_MAX) this.#tail = this.#tail.slice(-OVERLAP_MAX)
    if (this.#goneAhead.is) this.#goneAhead.overtaken = true
    if (!this.overtaken) this.#checkDurable()
  }

  /** Resolves when all that follows from an event is over. */
  #follows(): Promise<void> {
    this.#refusals = 0
    return new Promise(resolve => {
      const settled = (): void => {
        if (this.conditions.settle()) this.#host.soon(settled)
        else resolve()
      }
      this.#host.soon(settled)
    })
  }

  /** What is to be sent now, so many entries at most. Steps that are due begin. */
  take(max = ENTRIES_MAX): Turn {
    if (this.#broken !== null) throw this.#broken
    this.#heldBack = false
    // What is given back is there for those that ask for it next.
    const patches = this.#patches.take()
    let entries: WireEntry[] = []
    add(entries, this.#drops.take(max - patches.length))
    add(entries, patches)
    add(entries, this.#signals.took(max - entries.length))
    const { outcomes } = this.#running
    if (outcomes.length > 0) {
      const ended = outcomes.splice(0, max - entries.length)
      if (entries.length === 0) entries = ended
      else add(entries, ended)
    }
    add(entries, this.messages.take(max - entries.length))
    const shown = entries.length < max ? this.shown.take() : null
    if (shown !== null) entries.push(shown)
    let children: number | null = null
    for (const operation of this.operations.open()) {
      if (entries.length >= max) break
      // What code that has ended did not wait for is not begun, save children that go on by themselves.
      if (this.hasEnded && operation.child?.detached !== true) continue
      if (operation.kind === 'step') {
        if (!isDue(operation)) continue
        if (this.#goneAhead.is) this.#heldBack = true
        else this.#running.begin(operation, entries)
      } else if (!operation.sent) {
        if (operation.kind === 'child') {
          children ??= this.operations.count('child')
          if (children >= CHILDREN_OPEN_MAX) continue
          children++
        }
        operation.sent = true
        entries.push(operation.entry as WireEntry)
      }
    }
    const isAll = entries.length < max && outcomes.length === 0 && !this.#heldBack
    // What was accepted is answered first.
    if (isAll && this.hasEnded && !this.#finishSent) {
      this.#finishSent = true
      entries.push((this.#finished as () => WireEntry)())
    }
    return { entries, yields: isAll && (this.#finishSent || this.#running.count === 0) }
  }

  /**
   * Lets the code go on with how its steps ended before that is accepted, so that what it asks for next goes with it in one call. Steps that are due then wait for the
   * answer: nothing that others could see rests on what may not be kept.
   */
  goAhead(said: Turn): Turn | Promise<Turn> {
    return this.#maySayMore(said) ? this.#ahead(said) : said
  }

  async #ahead(said: Turn): Promise<Turn> {
    for (const { n, output } of said.entries as (WireEntry & { is: 'completed' })[]) {
      this.#goneAhead.presume(n)
      this.#applying = true
      const value = typeof output === 'object' && output !== null ? untag(JSON.parse(JSON.stringify(output))) : output
      if (this.#events.completed(n, value)) await this.#follows()
      this.#applying = false
    }
    if (this.#goneAhead.isSpoilt || this.#broken !== null || this.discarded) return said
    const { entries, yields } = this.take(ENTRIES_MAX - said.entries.length)
    add(said.entries, entries)
    return { entries: said.entries, ahead: entries.length, yields }
  }

  /** All that there is to say is how steps have ended, with values that are here, and none is under way. */
  #maySayMore({ entries }: Turn): boolean {
    const areResults = entries.length > 0 && entries.every(entry => entry.is === 'completed' && !isKept(entry.output))
    const isAll = this.#running.count === 0 && this.#running.outcomes.length === 0 && this.messages.running === 0 && !this.discarded
    return areResults && isAll && entries.length < ENTRIES_MAX && this.#goneAhead.mayBe
  }

  /** True: the code was told of it before. */
  #confirmed(event: WireEvent): boolean {
    const step = this.#goneAhead.confirmed(event)
    if (step === null) return false
    this.#told.forget(step)
    return true
  }

  /** Steps that are tried once, whose event "begun" whoever goes on with the run here has brought about: they have not run. */
  begunHere(steps: readonly number[]): void {
    for (const n of steps) {
      const operation = this.operations.get(n)
      if (operation?.begun === true) operation.sent = true
    }
  }

  /** Resolves when a step has ended, or somebody pokes. */
  news(): Promise<void> {
    if (this.#running.outcomes.length > 0 || this.#broken !== null) return Promise.resolve()
    return new Promise(resolve => (this.#wake = resolve))
  }

  poke(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  /** `reason`: what steps that run are told. Made for them alone: an error with its stack costs as much as a step. */
  discard(reason: () => Error): void {
    this.discarded = true
    for (const { stop } of this.operations.open()) stop?.abort(reason())
    this.poke()
  }

  /** Of a history that is over: its code has ended by now, and asks for nothing else. @throws Diverged */
  checkEnd(hasEnded: boolean): void {
    if (!hasEnded || this.#finished !== null) return
    const next = this.operations.open().find(({ n }) => this.#told.get(n) === undefined) ?? this.operations.open()[0]
    if (next !== undefined) throw new Diverged(next.n, 'the end', words(next))
  }

  #break(error: Error): void {
    this.#broken ??= error
    this.#breaking?.reject(error)
  }

  /** An operation that the code has just asked for. */
  #made(operation: Operation): void {
    operation.part = this.scopes.here
    operation.part?.open.add(operation)
    if (!this.#applying) {
      const name = `"${operation.name}"`
      this.#break(new NotDurable(`The code asks for ${operation.kind} ${name} after something that is not kept, or inside of a step.`))
      return this.poke()
    }
    const told = this.#told.get(operation.n)
    if (told !== undefined && !isSame(told, operation)) return this.#break(new Diverged(operation.n, words(told), words(operation)))
    const reason = reasonIn(operation.part)
    if (reason !== null) return this.#refused(operation, reason)
    if (!this.cancel.meets(operation) && operation.kind === 'signal' && this.#takes(operation)) return
    if (operation.kind === 'signal') this.#signals.waits(operation)
  }

  /** Where it is asked for was cancelled before. */
  #refused(operation: Operation, reason: Error): void {
    if (++this.#refusals > REFUSALS_MAX)
      return this.#break(
        new NotDurable('The code asks for something again and again in a scope that was cancelled: catch Cancelled outside of the loop.'),
      )
    this.operations.reject(operation, reason)
    this.operations.forget(operation.n)
  }

  /** By the code itself, and not while it only looks. */
  #mayCancel(): boolean {
    if (this.messages.looks) this.messages.broken = 'the cancel of a scope'
    else if (!this.#applying) this.#break(new NotDurable('A scope is cancelled after something that is not kept, or inside of a step.'))
    return this.#applying && !this.messages.looks
  }

  /** False: the server is asked for a signal. */
  #takes(operation: Operation): boolean {
    const taken = this.#signals.take(operation, this.#told.get(operation.n))
    if (taken === null) return false
    if (taken instanceof Diverged) {
      this.#break(taken)
      return true
    }
    operation.sent = true
    return this.operations.resolve(operation, taken.payload)
  }

  /** True: the code goes on. */
  #apply(event: WireEvent): boolean {
    switch (event.is) {
      case 'started':
      case 'continued':
        return this.#start(event)
      case 'update_accepted':
        this.#finishSent = false
        this.messages.begin(this.upTo, event, () => this.#handled())
        return true
      case 'update_answered':
        this.messages.told(event.update as number)
        return false
      case 'shown':
        this.shown.told(event)
        return false
      case 'cancel_requested':
        return this.cancel.request()
      default:
        return this.#events.apply(event, this.upTo)
    }
  }

  #start(event: WireEvent): boolean {
    if (this.upTo !== this.base) return false
    const { seed, beganAt, trigger, watermark } = event as { seed?: string; beganAt?: string; trigger?: WireMarked; watermark?: unknown }
    this.watermark = untag(event.is === 'started' ? trigger?.watermark : watermark) ?? null
    // It goes on from a point of another run, and sees what that one saw.
    if (seed !== undefined) this.random = seededRandom(seed)
    if (beganAt !== undefined) this.#now = Date.parse(beganAt)
    for (const { number, name, payload } of (event.signals ?? []) as { number: number; name: string; payload: string | null }[])
      this.#signals.add(number, name, payload === null ? undefined : untag(JSON.parse(payload)))
    void runCode(this.#code, this).then(end => {
      if (end === null) return
      this.#finished = () => ({ is: 'finished', end: typeof end === 'function' ? end() : end })
      // It ended by itself, after something that nobody keeps.
      if (!this.#applying) this.#break(new NotDurable('The code ended after something that is not kept.'))
      this.poke()
    })
    return true
  }

  #handled(): void {
    if (!this.#applying && !this.discarded) this.#break(new NotDurable('The handler of an update ended after something that is not kept.'))
    this.poke()
  }

  /** Of code that waits, and asks for nothing, nobody would ever hear again. */
  #checkDurable(): void {
    if (this.#finished !== null || this.#broken !== null || this.operations.open().length > 0) return
    // An update may let it go on.
    if (this.messages.updates.size > 0) return
    throw new NotDurable('The code waits for something that is not kept.')
  }
}

/** Of a trigger in a history. */
interface WireMarked {
  watermark?: unknown
}

function add(entries: WireEntry[], more: readonly WireEntry[]): void {
  for (const entry of more) entries.push(entry)
}

function fingerprint({ is, at, n }: WireEvent): string {
  return `${is} ${at} ${n}`
}
