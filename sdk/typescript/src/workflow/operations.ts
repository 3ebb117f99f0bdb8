import type { WireEntry } from '../wire.ts'
import type { StepContext } from './context.ts'
import type { Part } from './parts.ts'
import type { StepPolicy } from './steps.ts'

/** What there is to tell the server where there is nothing: most often. */
export const NO_ENTRIES: readonly WireEntry[] = []

export type OperationKind = 'step' | 'timer' | 'signal' | 'promise' | 'child' | 'stream'

/** Something that the code has asked for and waits for. */
export interface Operation {
  readonly n: number
  readonly kind: OperationKind
  readonly name: string
  /** How it is asked for; a step is run here. */
  readonly entry: WireEntry | null
  readonly step?: { policy: StepPolicy; fn: (step: StepContext) => unknown }
  /** Of a child that is a step: what its run does. */
  readonly fn?: (step: StepContext) => unknown
  /** Told its token once the history has it. */
  readonly onToken?: (token: string) => void
  readonly child?: { run: string; detached: boolean }
  /** The server knows of it, or is being told. */
  sent: boolean
  /** A step that is tried once: the history tells that it has begun. */
  begun: boolean
  /** Attempts of a step that have failed. */
  failures: number
  /** Of these, those before a person had it tried again. */
  spent: number
  /** A step whose next attempt is not due. */
  backsOff: boolean
  /** A step whose outcome is on its way to the history. */
  reported: boolean
  /** Where in the code it is asked for. */
  part: Part | null
  /** The time of a scope: a cancel of the run is for what is in that. */
  readonly isClock?: boolean
  /** A lock that the run has: it is let go by its release, not by a cancel of where it was asked for. */
  isHeld: boolean
  /** The code does not wait for it any more; whether the server knows. */
  drop: 'untold' | 'told' | null
  /** A wait in a scope, which gives back what it is given too late; `gave`: it has. */
  returns: boolean
  gave: boolean
  /** A step that runs. */
  stop: AbortController | null
  readonly settle: { resolve(value: unknown): void; reject(error: unknown): void }
}

/** The operations of a run's code, in the order in which it has asked for them. */
export class Operations {
  readonly #all = new Map<number, Operation>()
  readonly #open = new Map<number, Operation>()
  readonly #onMade: (operation: Operation) => void
  readonly #mayAsk: (kind: OperationKind, name: string) => boolean
  #last = 0

  constructor(onMade: (operation: Operation) => void, mayAsk: (kind: OperationKind, name: string) => boolean) {
    this.#onMade = onMade
    this.#mayAsk = mayAsk
  }

  /** Whoever asks waits for it, or has it fall where the code does not. */
  make(
    what: Pick<Operation, 'kind' | 'name' | 'step' | 'fn' | 'child' | 'onToken' | 'isClock'>,
    entry: (n: number) => WireEntry | null,
  ): Promise<unknown> {
    if (!this.#mayAsk(what.kind, what.name)) return new Promise(() => {})
    const n = ++this.#last
    const settle = Promise.withResolvers<unknown>()
    const operation: Operation = {
      ...what,
      n,
      entry: entry(n),
      sent: false,
      begun: false,
      failures: 0,
      spent: 0,
      backsOff: false,
      reported: false,
      part: null,
      isHeld: false,
      drop: null,
      returns: false,
      gave: false,
      stop: null,
      settle,
    }
    this.#all.set(n, operation)
    this.#open.set(n, operation)
    this.#onMade(operation)
    return settle.promise
  }

  /** The number of the last that the code has asked for. */
  get last(): number {
    return this.#last
  }

  get(n: number): Operation | undefined {
    return this.#all.get(n)
  }

  /** The history says no more of it. */
  forget(n: number): void {
    this.#all.delete(n)
  }

  /** Those that have not settled, by their numbers. */
  open(): Operation[] {
    return [...this.#open.values()]
  }

  /** Those of a kind that the server knows of and that are open. */
  count(kind: OperationKind): number {
    let count = 0
    for (const operation of this.#open.values()) if (operation.kind === kind && operation.sent) count++
    return count
  }

  /** False: it has settled before. */
  resolve(operation: Operation, value: unknown): boolean {
    if (!this.#open.delete(operation.n)) return false
    operation.part?.open.delete(operation)
    operation.settle.resolve(value)
    return true
  }

  reject(operation: Operation, error: unknown): boolean {
    if (!this.#open.delete(operation.n)) return false
    operation.part?.open.delete(operation)
    operation.settle.reject(error)
    return true
  }
}
