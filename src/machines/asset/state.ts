import { invariant } from '../../core/errors.ts'
import type { Payload } from '../../core/run.ts'
import { withFailed, withMade } from './marks.ts'
import {
  type AssetEvent,
  type AssetMachineEvent,
  type AssetSource,
  type AssetState,
  EVENTS_MAX,
  PRODUCERS_MAX,
  type Producer,
  type Watermark,
} from './types.ts'

/** Calls are remembered for so long, and so many of them (E9). */
const COMMANDS_KEPT_MS = 86_400_000
const COMMANDS_MAX = 200

/** Null says that there is none. */
export function watermarkOf(value: Payload | null, said: Omit<Watermark, 'value'>): Watermark | undefined {
  return value === null || value === 'null' ? undefined : { value, ...said }
}

export function evolve(state: AssetState | null, event: AssetMachineEvent): AssetState {
  if (event.is === 'declared') return declared(state, event as AssetMachineEvent & { is: 'declared' })
  invariant(state !== null, 'an asset begins with its name', { event: event.is })
  switch (event.is) {
    case 'happened':
      return happened(state, event as AssetMachineEvent & { is: 'happened' })
    case 'partition_failed': {
      const { partition, at, run } = event as AssetMachineEvent & { is: 'partition_failed' }
      return withFailed(state, partition, at, run)
    }
    case 'subscribed': {
      const { schedule: id, name, at } = event as AssetMachineEvent & { is: 'subscribed' }
      return { ...state, consumers: [...state.consumers, { id, name, since: at }] }
    }
    case 'unsubscribed':
      return { ...state, consumers: state.consumers.filter(({ id }) => id !== event.schedule) }
    default:
      invariant(false, 'no such event', { event: (event as AssetMachineEvent).is })
  }
}

/** Partitions that were cut otherwise say nothing of those that there are now. */
function declared(state: AssetState | null, { at, name, description, partitions, watermark }: AssetMachineEvent & { is: 'declared' }): AssetState {
  const {
    description: _,
    partitions: before,
    watermark: __,
    ...known
  } = state ?? {
    ...{ name, createdAt: at, count: 0, events: [], commands: [], consumers: [], producers: [], marks: [], made: [] },
    ...{ description: undefined, partitions: undefined, watermark: undefined },
  }
  const isCutAlike = JSON.stringify(before) === JSON.stringify(partitions)
  const next: AssetState = {
    ...known,
    ...(description !== undefined && { description }),
    ...(partitions !== undefined && { partitions }),
    ...(watermark !== undefined && { watermark }),
  }
  return isCutAlike ? next : { ...next, marks: [], made: [] }
}

function happened(state: AssetState, { at, event, command, watermark }: AssetMachineEvent & { is: 'happened' }): AssetState {
  const counted: AssetState = {
    ...state,
    count: event.n,
    events: [...state.events, event].slice(-EVENTS_MAX),
    producers: withProducer(state.producers, event.source, event),
  }
  const told = watermark === undefined ? counted : withWatermark(counted, watermark, event)
  const marked = event.partition === undefined ? told : withMade(told, event.partition, event)
  if (command === undefined) return marked
  const kept = state.commands.filter(known => known.at > at - COMMANDS_KEPT_MS).slice(1 - COMMANDS_MAX)
  return { ...marked, commands: [...kept, { id: command, at, n: event.n }] }
}

function withWatermark({ watermark: _, ...state }: AssetState, value: Payload, { at, source }: AssetEvent): AssetState {
  const watermark = watermarkOf(value, { at, ...(source.is === 'run' && { run: source.run }) })
  return watermark === undefined ? state : { ...state, watermark }
}

function withProducer(producers: readonly Producer[], source: AssetSource, { at }: AssetEvent): readonly Producer[] {
  if (source.is !== 'run') return producers
  const { definition, dag, task } = source
  const others = producers.filter(one => one.definition !== definition || one.dag !== dag || one.task !== task)
  return [...others, { definition, ...(dag !== undefined && { dag }), ...(task !== undefined && { task }), at }].slice(-PRODUCERS_MAX)
}
