import type { ActorId, RunId } from '../../core/ids.ts'
import type { RunInput, WatchedRun } from '../../core/machine.ts'
import type { ClosedState, Failure, HistoryEvent, Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { TaskEnding } from '../dag/rules.ts'
import type { DagWait } from '../dag/spec.ts'
import type * as taskless from '../taskless.ts'
import type { Closing, StartInput } from '../taskless.ts'

export type { Closing, StartInput }

/** What is waited for, with all placeholders filled in. */
export type Awaited = DagWait

/** Its DAG has what it waits for: a signal, or what came under its token. */
export interface GivenInput {
  is: 'given'
  output: Payload
  failure?: Failure
}

/** How a run of another DAG stands, and of it the tasks that are waited for; null: it is not known to have ended. `unknown`: it has no such task. */
export interface Standing {
  readonly run: RunId
  /** Null: it is open. */
  readonly state: ClosedState | null
  readonly tasks: Readonly<Record<string, TaskEnding | 'unknown' | null>>
}

/** What the timeline of the other DAG tells, by number, until it is confirmed. */
export interface StandingInput {
  is: 'standing'
  n: number
  /** Null: there is no run for that time (yet). */
  standing: Standing | null
  /** So many wait already that this one is not heard. */
  refused?: string
}

export type WaitInput = StartInput | GivenInput | StandingInput | WatchedRun | RunInput

export interface Started extends taskless.Started {
  /** Of a wait for another run: who knows the runs of that DAG by their times. */
  timeline?: ActorId
}

type At = { at: Instant }
export type WaitEvent = HistoryEvent &
  (
    | Started
    /** The timeline is asked to tell of the run, or the run itself. */
    | (At & { is: 'asked' })
    | (At & { is: 'told'; n: number; standing: Standing | null })
    | Closing
  )

export interface WaitState {
  readonly started: Started
  readonly awaited: Awaited
  /** Of a wait for a time: when. Of one for another run: the time that this is for. Null: of neither, or it cannot be read. */
  readonly time: Instant | null
  /** Why it cannot be waited for. */
  readonly refusal: string | null
  readonly asked: boolean
  readonly told: { readonly n: number; readonly standing: Standing | null } | null
  readonly closing: Closing | null
}
