import type { WireEntry } from '../wire.ts'
import type { FlowHost } from './flow.ts'
import type { Code } from './main.ts'
import type { Operation } from './operations.ts'
import { execute } from './steps.ts'

/** Steps of a run that run here. */
export class Running {
  /** How they have ended, which the server has not been told. */
  readonly outcomes: WireEntry[] = []
  #count = 0
  readonly #code: Code
  readonly #base: number
  readonly #host: FlowHost
  readonly #onEnd: () => void

  constructor(code: Code, base: number, host: FlowHost, onEnd: () => void) {
    this.#code = code
    this.#base = base
    this.#host = host
    this.#onEnd = onEnd
  }

  get count(): number {
    return this.#count
  }

  /** Keys of steps are the same in every attempt and replay, and differ after each `continueAs`. */
  keyOf(n: number): string {
    return this.#base === 0 ? `${this.#code.run}/${n}` : `${this.#code.run}/${this.#base}/${n}`
  }

  /** Begins one that is due. One that is tried once says so first. */
  begin(operation: Operation, entries: WireEntry[]): void {
    const { n, name, step, failures } = operation
    if (step === undefined) return
    const once = step.policy.attempts === 1
    const policy = operation.spent === 0 ? step.policy : { ...step.policy, attempts: step.policy.attempts + operation.spent }
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
    this.#count++
    const { after, random } = this.#host
    const chunks = () => this.#code.chunks({ key: `${this.#base}.${n}`, name, attempt: failures + 1 })
    void execute({
      n,
      name,
      attempt: failures + 1,
      key: this.keyOf(n),
      policy,
      chunks,
      fn: this.#host.mock?.(name) ?? step.fn,
      stop,
      after,
      random,
    }).then(entry => {
      this.#count--
      operation.stop = null
      operation.reported = true
      this.outcomes.push(entry)
      this.#onEnd()
    })
  }
}

/** A step whose function is to be called now, or that is to be begun. */
export function isDue({ step, stop, backsOff, reported }: Operation): boolean {
  return step !== undefined && stop === null && !backsOff && !reported
}
