import type { Call, OperationName, WireDelivery, WireFailure, WireProblem } from '../../wire.ts'
import type { Level } from '../logs.ts'

/** Between a worker and the process of a handler. Payloads are JSON text in the tagged form. `n` counts the attempts that this process has had. */
export type ToChild =
  | {
      is: 'run'
      n: number
      file: string
      worker: string
      namespace: string
      facts: ChildFacts
      input?: string
      metadata?: string
      checkpoint?: string
    }
  /** The signal aborts, for the reason of this code. */
  | { is: 'abort'; n: number; code: string }
  | { is: 'answer'; id: number; text: string }
  | { is: 'refused'; id: number; problem: WireProblem }
  | { is: 'failed'; id: number; failure: WireFailure }

/** Of a delivery, what is no payload; `timeoutMs` is what is left. */
export type ChildFacts = Omit<WireDelivery, 'input' | 'metadata' | 'checkpoint'>

export type FromChild =
  | { is: 'log'; n: number; level: Level; message: string; fields?: string }
  | { is: 'progress'; n: number; value: number; message?: string }
  | { is: 'alive'; n: number }
  | { is: 'checkpoint'; n: number; id: number; text: string }
  /** A call of the API, made for the handler. */
  | { is: 'call'; id: number; operation: OperationName; call: Omit<Call, 'signal'> }
  /** `result`: JSON of a result's own members, as it would be sent. */
  | { is: 'ended'; n: number; result: string }

/** Jobs of this process by name, whichever copy of the SDK has defined them; there only in the process of a handler. */
export const ISOLATED_JOBS = Symbol.for('mainspring.isolatedJobs')
