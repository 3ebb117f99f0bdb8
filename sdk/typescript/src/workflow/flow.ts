import { AsyncLocalStorage } from 'node:async_hooks'
import { untag } from '../codec.ts'
import { CancelRequested, endedError, RequestRefused } from '../errors.ts'
import { errorOf } from '../failure.ts'
import type { WireEntry, WireEvent, WireFailure } from '../wire.ts'
import { Conditions } from './conditions.ts'
import type { StepContext } from './context.ts'
import { Diverged, NotDurable } from './errors.ts'
import { type Code, runCode } from './main.ts'
import { Messages } from './messages.ts'
import { type Operation, type OperationKind, Operations } from './operations.ts'
import { Patches } from './patches.ts'
import { seededRandom } from './random.ts'
import { Shown } from './shown.ts'
import { execute } from './steps.ts'

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
  /** Nothing of it runs before something happens. */
  yields: boolean
}

/** The most that one call takes, and children that are open at once: further ones wait for these. */
const ENTRIES_MAX = 500
const CHILDREN_OPEN_MAX = 1_000
const OVERLAP_MAX = 100

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
  readonly stop = new AbortController()
  now = 0
  random: () => number
  readonly #code: Code
  readonly #host: FlowHost
  /** Number of the event with which the code begins. */
  readonly base: number
  readonly #breaking = Promise.withResolvers<never>()
  readonly #signals = new Map<number, unknown>()
  /** Operations that the history tells of, by their numbers: what the code is held against. */
  readonly #told = new Map<number, { kind: OperationKind; name: string }>()
  /** The last events, to tell whether a history that overlaps is this one. */
  #tail: string[] = []
  readonly #patches = new Patches()
  #applying = false
  /** Events that are known and not applied yet. */
  #ahead = 0
  #running = 0
  #outcomes: WireEntry[] = []
  /** How its code has ended, as of when it is asked. */
  #finished: (() => WireEntry) | null = null
  #finishSent = false
  #broken: Error | null = null
  #cancelRequested = false
  /** The code has not been told of the cancel yet: nothing of it could be interrupted. */
  #cancelWaits = false
  /** Whatever is asked for within is not interrupted by a cancel. */
  readonly shield = new AsyncLocalStorage<true>()
  /** Compensations run: nothing interrupts them. */
  shielded = false
  #wake: (() => void) | null = null

  constructor(code: Code, base: number, host: FlowHost) {
    this.#code = code
    this.base = base
    this.#breaking.promise.catch(() => {}) // there need not be a queued step
    this.#host = host
    this.upTo = base
    this.random = seededRandom(`${code.run}:${base}`)
    this.shown = new Shown(code.metadata)
    this.operations = new Operations(
      operation => this.#made(operation),
      (kind, name) => {
        if (this.messages.looks) this.messages.broken = `${kind} "${name}"`
        return !this.messages.looks
      },
    )
  }

  /** Keys of steps are the same in every attempt and replay, and differ after each `continueAs`. */
  keyOf(n: number): string {
    return this.base === 0 ? `${this.#code.run}/${n}` : `${this.#code.run}/${this.base}/${n}`
  }

  /** Runs the function of a queued step, which this code has asked for. Null: it has not, or hears of it no more. */
  queued({ n, name, step, ...context }: Omit<StepContext, 'key'> & { n: number; name: string; step: string }): Promise<unknown> | null {
    const operation = this.operations.get(n)
    if (operation?.name !== name || operation.fn === undefined) return null
    const fn = this.#host.mock?.(step) ?? operation.fn
    const run = async (): Promise<unknown> => fn({ ...context, key: this.keyOf(n) })
    return Promise.race([run(), this.#breaking.promise])
  }

  get replaying(): boolean {
    return this.#ahead > 1
  }

  /** Whether the code takes the new way of a change. */
  patched(id: string): boolean {
    return this.#patches.ask(id, this.operations.last)
  }

  get cancelRequested(): boolean {
    return this.#cancelRequested
  }

  /** Its code has ended, or begins anew. */
  get hasEnded(): boolean {
    return this.#finished !== null && this.messages.running === 0
  }

  /** What it has seen is all applied, and it fits. */
  get isStill(): boolean {
    return !this.#applying && this.#ahead === 0 && this.#broken === null && !this.discarded
  }

  /** It waits for something besides its steps, of which it does not hear as long as they run. */
  get waitsForMore(): boolean {
    return this.messages.updates.size > 0 || this.operations.open().some(({ kind, backsOff }) => kind !== 'step' || backsOff)
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

  /** Applies events, the first of which has the number `from`. @throws Diverged, NotDurable */
  async feed(from: number, events: readonly WireEvent[]): Promise<void> {
    const fresh = events.slice(Math.max(0, this.upTo - from))
    for (const event of fresh) this.#note(event)
    this.#patches.note(fresh)
    this.#ahead = fresh.length
    for (const event of fresh) {
      if (this.discarded) return
      this.now = Math.max(this.now, Date.parse(event.at))
      this.#applying = true
      const goesOn = this.#apply(event)
      this.upTo++
      this.#tail.push(fingerprint(event))
      if (goesOn) await this.#follows()
      this.#applying = false
      this.#ahead--
      if (this.#broken !== null) throw this.#broken
    }
    this.#tail = this.#tail.slice(-OVERLAP_MAX)
    this.#checkDurable()
  }

  /** All that follows from an event. */
  async #follows(): Promise<void> {
    do await new Promise<void>(resolve => this.#host.soon(resolve))
    while (this.conditions.settle())
  }

  /** What is to be sent now. Steps that are due begin. */
  take(): Turn {
    if (this.#broken !== null) throw this.#broken
    const entries = this.#patches.take()
    entries.push(...this.#outcomes.splice(0, ENTRIES_MAX - entries.length))
    entries.push(...this.messages.take(ENTRIES_MAX - entries.length))
    const shown = entries.length < ENTRIES_MAX ? this.shown.take() : null
    if (shown !== null) entries.push(shown)
    let children = this.operations.count('child')
    for (const operation of this.operations.open()) {
      if (entries.length >= ENTRIES_MAX) break
      // What code that has ended did not wait for is not begun, save children that go on by themselves.
      if (this.hasEnded && operation.child?.detached !== true) continue
      if (operation.kind === 'step') this.#begin(operation, entries)
      else if (!operation.sent && (operation.kind !== 'child' || children < CHILDREN_OPEN_MAX)) {
        if (operation.kind === 'child') children++
        operation.sent = true
        entries.push(operation.entry as WireEntry)
      }
    }
    const isAll = entries.length < ENTRIES_MAX && this.#outcomes.length === 0
    // What was accepted is answered first.
    if (isAll && this.hasEnded && !this.#finishSent) {
      this.#finishSent = true
      entries.push((this.#finished as () => WireEntry)())
    }
    return { entries, yields: isAll && (this.#finishSent || this.#running === 0) }
  }

  /** Resolves when a step has ended, or somebody pokes. */
  news(): Promise<void> {
    if (this.#outcomes.length > 0 || this.#broken !== null) return Promise.resolve()
    return new Promise(resolve => (this.#wake = resolve))
  }

  poke(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  discard(reason: Error): void {
    this.discarded = true
    for (const { stop } of this.operations.open()) stop?.abort(reason)
    this.poke()
  }

  /** Of a history that is over: its code has ended by now, and asks for nothing else. @throws Diverged */
  checkEnd(hasEnded: boolean): void {
    if (!hasEnded || this.#finished !== null) return
    const next = this.operations.open().find(({ n }) => !this.#told.has(n)) ?? this.operations.open()[0]
    if (next !== undefined) throw new Diverged(next.n, 'the end', words(next))
  }

  #break(error: Error): void {
    this.#broken ??= error
    this.#breaking.reject(error)
  }

  /** An operation that the code has just asked for. */
  #made(operation: Operation): void {
    operation.shielded = this.shield.getStore() === true
    if (!this.#applying) {
      const name = `"${operation.name}"`
      this.#break(new NotDurable(`The code asks for ${operation.kind} ${name} after something that is not kept, or inside of a step.`))
      return this.poke()
    }
    const told = this.#told.get(operation.n)
    if (told !== undefined && (told.kind !== operation.kind || told.name !== operation.name))
      return this.#break(new Diverged(operation.n, words(told), words(operation)))
    if (!this.#cancelWaits || this.shielded || operation.shielded) return
    this.#cancelWaits = false
    this.operations.reject(operation, new CancelRequested(this.#code.run))
  }

  #note(event: WireEvent): void {
    const { n } = event as { n?: number }
    const kind = KINDS[event.is]
    if (kind !== undefined && n !== undefined) this.#told.set(n, { kind, name: nameOf(kind, event) })
  }

  /** True: the code goes on. */
  #apply(event: WireEvent): boolean {
    switch (event.is) {
      case 'started':
      case 'continued':
        return this.#start(event)
      case 'step_begun':
        this.#operation(event).begun = true
        return false
      case 'step_completed':
        return this.operations.resolve(this.#ended(event), untag(event.output))
      case 'step_failed':
        return this.#stepFailed(event)
      case 'retry_due':
        this.#operation(event).backsOff = false
        return false
      case 'timer_set':
      case 'child_asked':
        this.#operation(event).sent = true
        return false
      case 'promise_made': {
        const operation = this.#operation(event)
        operation.sent = true
        operation.onToken?.(event.token as string)
        return true
      }
      case 'promise_settled':
        if (event.failure !== undefined) return this.operations.reject(this.#ended(event), errorOf(event.failure as WireFailure))
        return this.operations.resolve(this.#ended(event), untag(event.output))
      case 'waiting':
        return this.#waiting(event)
      case 'timer_fired':
      case 'wait_timed_out':
        return this.operations.resolve(this.#ended(event), undefined)
      case 'signalled':
        if (event.n !== undefined) return this.operations.resolve(this.#ended(event), untag(event.payload))
        this.#signals.set(this.upTo, untag(event.payload))
        return false
      case 'child_started': {
        const operation = this.#operation(event)
        return operation.child?.detached === true && this.operations.resolve(this.#ended(event), { id: operation.child.run })
      }
      case 'child_refused':
        return this.operations.reject(this.#ended(event), refusalOf(event))
      case 'child_closed':
        return this.#childClosed(event)
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
        return this.#cancel()
      default:
        return false
    }
  }

  #start(event: WireEvent): boolean {
    if (this.upTo !== this.base) return false
    const { seed, beganAt } = event as { seed?: string; beganAt?: string }
    // It goes on from a point of another run, and sees what that one saw.
    if (seed !== undefined) this.random = seededRandom(seed)
    if (beganAt !== undefined) this.now = Date.parse(beganAt)
    for (const { number, payload } of (event.signals ?? []) as { number: number; payload: string | null }[])
      this.#signals.set(number, payload === null ? undefined : untag(JSON.parse(payload)))
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

  #stepFailed(event: WireEvent): boolean {
    const operation = this.#operation(event)
    operation.failures = event.attempt as number
    operation.begun = false
    operation.reported = false
    if (event.retryAt !== undefined || event.parked === true) {
      operation.backsOff = true
      // A person has it tried again, with all its attempts.
      if (event.parked === true) {
        operation.spent = operation.failures
        operation.sent = false
      }
      return false
    }
    this.#ended(event)
    const failure = event.failure as WireFailure
    if (!this.#cancelRequested || failure.type !== 'CancelRequested') return this.operations.reject(operation, errorOf(failure))
    this.#cancelWaits = false
    return this.operations.reject(operation, new CancelRequested(this.#code.run))
  }

  #waiting(event: WireEvent): boolean {
    const operation = this.#operation(event)
    operation.sent = true
    if (event.taken === undefined) return false
    this.#ended(event)
    const payload = this.#signals.get(event.taken as number)
    this.#signals.delete(event.taken as number)
    return this.operations.resolve(operation, payload)
  }

  #childClosed(event: WireEvent): boolean {
    const operation = this.#ended(event)
    if (event.state === 'completed') return this.operations.resolve(operation, untag(event.output))
    const { run, reason = null, failure = null } = event as { run?: string; reason?: string | null; failure?: WireFailure | null }
    // As a step that runs here: with the last attempt's error.
    if (operation.fn !== undefined && event.state === 'failed' && failure !== null) return this.operations.reject(operation, errorOf(failure))
    return this.operations.reject(operation, endedError(event.state as string, { run: run as string, job: operation.name, reason, failure }))
  }

  /** Whatever waits is interrupted; a step under way is asked to stop, and its outcome counts. What finds nothing to interrupt, the next operation hears of. */
  #cancel(): boolean {
    this.#cancelRequested = true
    const reason = new CancelRequested(this.#code.run)
    this.stop.abort(reason)
    if (this.shielded) return true
    this.#cancelWaits = !this.conditions.interrupt(reason)
    for (const operation of this.operations.open()) {
      if (operation.shielded) continue
      if (operation.kind === 'step' && !operation.backsOff) operation.stop?.abort(reason)
      else if (operation.child?.detached !== true && this.operations.reject(operation, reason)) this.#cancelWaits = false
    }
    return true
  }

  /** The operation that an event tells of: the code has asked for it by then, or it is other code. */
  #operation(event: WireEvent): Operation {
    const n = event.n as number
    const operation = this.operations.get(n)
    if (operation === undefined) {
      const told = this.#told.get(n)
      throw new Diverged(n, told === undefined ? `"${event.is}"` : words(told), 'nothing there')
    }
    if (event.is === 'child_asked' && operation.child !== undefined) operation.child.run = event.run as string
    return operation
  }

  /** The same, where it is the last event of its operation. */
  #ended(event: WireEvent): Operation {
    const operation = this.#operation(event)
    this.operations.forget(operation.n)
    this.#told.delete(operation.n)
    return operation
  }

  #begin(operation: Operation, entries: WireEntry[]): void {
    const { n, name, step, failures } = operation
    if (step === undefined || operation.stop !== null || operation.backsOff || operation.reported) return
    const once = step.policy.attempts === 1
    const policy = { ...step.policy, attempts: step.policy.attempts + operation.spent }
    if (once && !operation.begun) {
      if (!operation.sent) entries.push({ is: 'begun', n, name })
      operation.sent = true
      return
    }
    // Begun by somebody who did not come back: it may have run.
    if (once && !operation.sent) {
      const failure = {
        type: 'Lost',
        message: `step "${name}" was begun, and its worker gave no result: attempts: 1 is never run again`,
        code: 'lost',
      }
      operation.reported = true
      entries.push({ is: 'failed', n, name, attempt: 1, failure })
      return
    }
    const stop = new AbortController()
    operation.stop = stop
    this.#running++
    const { after, random } = this.#host
    void execute({ n, name, attempt: failures + 1, key: this.keyOf(n), policy, fn: this.#host.mock?.(name) ?? step.fn, stop, after, random }).then(
      entry => {
        this.#running--
        operation.stop = null
        operation.reported = true
        this.#outcomes.push(entry)
        this.poke()
      },
    )
  }

  /** Of code that waits, and asks for nothing, nobody would ever hear again. */
  #checkDurable(): void {
    if (this.#finished !== null || this.#broken !== null || this.operations.open().length > 0) return
    // An update may let it go on.
    if (this.messages.updates.size > 0) return
    throw new NotDurable('The code waits for something that is not kept.')
  }
}

/** Which operation each event tells of; those that are not here tell of an operation that one of these has told of before. */
const KINDS: Record<string, OperationKind | undefined> = {
  step_begun: 'step',
  step_completed: 'step',
  step_failed: 'step',
  timer_set: 'timer',
  waiting: 'signal',
  child_asked: 'child',
  promise_made: 'promise',
}

function nameOf(kind: OperationKind, event: WireEvent): string {
  if (kind === 'step' || kind === 'promise') return event.name as string
  if (kind === 'signal') return event.signal as string
  return kind === 'child' ? (event.definition as string) : ''
}

function words({ kind, name }: { kind: OperationKind; name: string }): string {
  return kind === 'timer' ? 'a timer' : kind === 'step' ? name : `${kind} ${name}`
}

function fingerprint({ is, at, n }: WireEvent): string {
  return `${is} ${at} ${n}`
}

function refusalOf({ code, other }: WireEvent): RequestRefused {
  const data = other === undefined ? {} : { data: { run: other } }
  return new RequestRefused({ type: 'about:blank', code: code as string, status: 409, title: 'The child could not be started.', ...data })
}
