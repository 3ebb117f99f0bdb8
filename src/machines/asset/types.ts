import type { ActorId, CommandId, RunId } from '../../core/ids.ts'
import type { HistoryEvent, Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { PartitionSpec } from './partitions.ts'

/** Events that are remembered with all that they say; what came before is a number. */
export const EVENTS_MAX = 50
/** Schedules that one asset triggers: all of them are told in one commit (E8). */
export const CONSUMERS_MAX = 500
/** Those that were seen to produce it, the last of them. */
export const PRODUCERS_MAX = 50

export type AssetSource =
  /** `task`: of a DAG, whose name is `dag`. */
  { is: 'run'; run: RunId; definition: string; dag?: string; task?: string } | { is: 'call'; by?: string }

/** That it was made anew. Numbers of an asset are dense, from 1. */
export interface AssetEvent {
  n: number
  at: Instant
  source: AssetSource
  partition?: string
  extra?: Payload
}

/** How far whoever makes it has come: kept with success alone, or said by a person. */
export interface Watermark {
  value: Payload
  at: Instant
  run?: RunId
  by?: string
}

export interface Consumer {
  id: ActorId
  /** The schedule. */
  name: string
  since: Instant
}

export interface Producer {
  definition: string
  dag?: string
  task?: string
  at: Instant
}

/** What is known of a partition one by one. */
export interface Mark {
  key: string
  /** Of a partition of time, when it begins; of one of keys, its place among them. */
  start: number
  /** The last event that made it. */
  made?: { n: number; at: Instant; run?: RunId }
  /** It failed after that. */
  failed?: { at: Instant; run: RunId }
  /** How often it was made. */
  count: number
}

export interface AssetState {
  readonly name: string
  readonly createdAt: Instant
  readonly description?: string
  readonly partitions?: PartitionSpec
  readonly watermark?: Watermark
  /** Events so far. */
  readonly count: number
  readonly events: readonly AssetEvent[]
  /** Calls are remembered by their ids and keys (E9). */
  readonly commands: readonly { readonly id: CommandId; readonly at: Instant; readonly n: number }[]
  readonly consumers: readonly Consumer[]
  readonly producers: readonly Producer[]
  /** In the order of their starts; the earliest are forgotten. */
  readonly marks: readonly Mark[]
  /** Of partitions of time, those that were made, from the start of the first to the end of the last, in order. */
  readonly made: readonly (readonly [Instant, Instant])[]
}

interface Commanded {
  command: CommandId
  by: string | null
}

/** What of a run says which partition it was for. */
export interface MadeFor {
  partition?: string
  /** The interval of a run that has one. */
  interval?: { start: Instant; end: Instant }
}

export type AssetInput =
  | { is: 'wake' }
  /** Undefined leaves as it is, null removes. */
  | ({ is: 'declare'; description?: string | null; partitions?: PartitionSpec | null; watermark?: Payload | null } & Commanded)
  | ({ is: 'emit'; partition?: string; extra?: Payload } & Commanded)
  | ({ is: 'produced'; source: AssetSource & { is: 'run' }; extra?: Payload; watermark?: Payload } & MadeFor)
  | ({ is: 'missed'; run: RunId } & MadeFor)
  /** `after`: the number of the last event that it knows. */
  | { is: 'subscribe'; schedule: ActorId; name: string; after: number | null }
  | { is: 'unsubscribe'; schedule: ActorId }

/** What a schedule is told. */
export interface AssetHappened {
  is: 'asset_happened'
  asset: string
  event: AssetEvent
}
/** `n`: the last event so far. `full`: too many others are told of it already. */
export interface AssetLinked {
  is: 'asset_linked'
  asset: string
  n: number
  full?: true
}

type At = { at: Instant }
export type AssetMachineEvent = HistoryEvent &
  (
    | (At & { is: 'declared'; name: string; description?: string; partitions?: PartitionSpec; watermark?: Watermark; by?: string })
    | (At & { is: 'happened'; event: AssetEvent; watermark?: Payload; command?: CommandId })
    | (At & { is: 'partition_failed'; partition: string; run: RunId })
    | (At & { is: 'subscribed'; schedule: ActorId; name: string })
    | (At & { is: 'unsubscribed'; schedule: ActorId })
  )
