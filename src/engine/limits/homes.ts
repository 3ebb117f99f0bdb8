import type { ClaimId, HoldId, RunId } from '../../core/ids.ts'
import type { LimitHolder } from '../../core/limits.ts'
import type { Instant } from '../../core/time.ts'

/**
 * Who counts what is not counted here (E17). A lane asks the home of a resource before it hands out a task that needs it; all calls go from the lane that
 * asks to the home, arguments and answers are JSON, and any of them may be lost, late or repeated.
 */
export interface Homes {
  /** Null: nobody holds its shard just now, as far as is known here. */
  of(part: number): Home | null
  /** Calls whenever `of` may answer otherwise, or a lane has gone. The answer takes it back. */
  onMoved(listener: () => void): () => void
}

/** A lane that counts resources, as another one sees it. */
export interface Home {
  readonly claim: ClaimId
  /** Waits up to a second for something to grant. Rejects where the lane cannot be reached or is none any more: then nothing is known. */
  call(call: HomeCall): Promise<HomeAnswer>
  /** How these stand, one by one; null: it knows of no such limit. */
  look(resources: readonly ResourceLookedAt[]): Promise<(ResourceSeen | null)[]>
}

/** All that one lane wants of a home, as it is now: the latest of its calls is what counts. */
export interface HomeCall {
  from: ClaimId
  /** Counts up; what is older than what the home has seen says nothing. */
  n: number
  /** All that it waits for. */
  asks: readonly Ask[]
  /** Over, or never to be used: told until it is answered. Whoever says so of an id, it is true. */
  ended: readonly HoldId[]
  slowed: readonly Slowed[]
}

export interface HomeAnswer {
  granted: HoldId[]
  /** A token can be had for these now, and it is the lane's turn. */
  due: HoldId[]
}

export interface ResourceName {
  namespace: string
  limit: string
  key: string
}

/** `weight`: of a task that would have it; default 1. */
export interface ResourceLookedAt extends ResourceName {
  weight?: number
}

/** One task's share. The lane that asks makes the id, so that a repeat is known for one, and uses a granted one once. */
export interface Ask extends ResourceName {
  id: HoldId
  weight: number
  /** `token`: it is spent at once; `rate`: it is only asked whether there is one, so that a task that needs more spends nothing before all can be had. */
  is: 'concurrency' | 'rate' | 'token'
  /** Of a token: it is used within so many ms of the call, or never (E18). */
  withinMs: number
  /** It runs already, and counts whatever there is. */
  running: { run: RunId; since: Instant } | null
}

/** A target asked for a pause: no token for so long. */
export interface Slowed extends ResourceName {
  forMs: number
}

/** How a resource stands at its home. */
export interface ResourceSeen {
  used: number
  /** Of concurrency. */
  holders: LimitHolder[]
  /** Of a rate: how long until enough tokens are there; null: they are, or never will be. */
  nextInMs: number | null
}

export const NO_HOMES: Homes = { of: () => null, onMoved: () => () => {} }
