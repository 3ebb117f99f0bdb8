import { refuse } from '../../core/decide.ts'
import { invariant } from '../../core/errors.ts'
import type { Context, Decision, Machine, Message, Reply } from '../../core/machine.ts'
import { type Payload, type RunView, viewOfActor } from '../../core/run.ts'
import { partitionAt, partitionOf } from './partitions.ts'
import { evolve, watermarkOf } from './state.ts'
import {
  type AssetEvent,
  type AssetHappened,
  type AssetInput,
  type AssetLinked,
  type AssetMachineEvent,
  type AssetState,
  CONSUMERS_MAX,
  type MadeFor,
} from './types.ts'

/**
 * An asset: what tasks make, and schedules wait for. It is there once somebody names it.
 *
 * That it was made anew is an event, with a number; the schedules that it triggers are told of each, in the commit of the event where they live beside it,
 * else by mail. What each of them has heard is its own affair: one that asks anew is told of what it does not know.
 */
export const asset: Machine<AssetState, AssetInput, AssetMachineEvent> = {
  kind: 'asset',
  reads: [1],
  writes: 1,
  decide,
  evolve,
  pending: () => ({ ready: [], delivered: [], wakeAt: null }),
  view,
  forgets: true,
}

const NOTHING: Decision<AssetMachineEvent> = { events: [] }

function decide(state: AssetState | null, input: AssetInput, context: Context): Decision<AssetMachineEvent> {
  switch (input.is) {
    case 'wake':
      return NOTHING
    case 'declare':
      return declared(state, input, context)
    case 'emit':
      return emitted(state, input, context)
    case 'produced': {
      const { source, extra, watermark } = input
      const partition = partitionFor(state, input)
      const more = { ...(partition !== null && { partition }), ...(extra !== undefined && { extra }) }
      return happened(state, { source, ...more }, context, undefined, watermark)
    }
    case 'missed': {
      const partition = partitionFor(state, input)
      if (partition === null || state?.partitions === undefined) return NOTHING
      return decided(state, [{ is: 'partition_failed', at: context.now, partition, run: input.run }], context)
    }
    case 'subscribe':
      return subscribed(state, input, context)
    case 'unsubscribe':
      if (!state?.consumers.some(({ id }) => id === input.schedule)) return NOTHING
      return decided(state, [{ is: 'unsubscribed', at: context.now, schedule: input.schedule }], context)
  }
}

function declared(state: AssetState | null, input: AssetInput & { is: 'declare' }, context: Context): Decision<AssetMachineEvent> {
  const { command, by } = input
  const description = input.description === undefined ? state?.description : (input.description ?? undefined)
  const partitions = input.partitions === undefined ? state?.partitions : (input.partitions ?? undefined)
  const watermark = input.watermark === undefined ? state?.watermark : watermarkOf(input.watermark, { at: context.now, ...(by !== null && { by }) })
  const isSameMark = input.watermark === undefined || state?.watermark?.value === watermark?.value
  const isSame = state !== null && isSameMark && state.description === description && JSON.stringify(state.partitions) === JSON.stringify(partitions)
  if (isSame) return { events: [], replies: [{ command, reply: said({ changed: 'unchanged' }) }] }
  const event: AssetMachineEvent = {
    is: 'declared',
    at: context.now,
    name: nameOf(state, context),
    ...(description !== undefined && { description }),
    ...(partitions !== undefined && { partitions }),
    ...(watermark !== undefined && { watermark }),
    ...(by !== null && { by }),
  }
  return decided(state, [event], context, { command, reply: said({ changed: state === null ? 'created' : 'edited' }) })
}

function emitted(state: AssetState | null, input: AssetInput & { is: 'emit' }, context: Context): Decision<AssetMachineEvent> {
  const { command, by, partition, extra } = input
  const known = state?.commands.find(({ id }) => id === command)
  if (known !== undefined) return { events: [], replies: [{ command, reply: said({ n: known.n, isNew: false }) }] }
  if (partition !== undefined && state?.partitions !== undefined && partitionOf(state.partitions, partition) === null)
    return refuse(command, 'partition-unknown')
  const source = { is: 'call' as const, ...(by !== null && { by }) }
  const event = { source, ...(partition !== undefined && { partition }), ...(extra !== undefined && { extra }) }
  return happened(state, event, context, command)
}

function happened(
  state: AssetState | null,
  more: Omit<AssetEvent, 'n' | 'at'>,
  context: Context,
  command?: string,
  watermark?: Payload,
): Decision<AssetMachineEvent> {
  const event: AssetEvent = { n: (state?.count ?? 0) + 1, at: context.now, ...more }
  const reply = command === undefined ? undefined : { command, reply: said({ n: event.n, isNew: true }) }
  return decided(
    state,
    [{ is: 'happened', at: context.now, event, ...(command !== undefined && { command }), ...(watermark !== undefined && { watermark }) }],
    context,
    reply,
  )
}

/** Its events begin with the name that it was born with. */
function decided(
  state: AssetState | null,
  events: AssetMachineEvent[],
  context: Context,
  reply?: { command: string; reply: Reply },
): Decision<AssetMachineEvent> {
  const all: AssetMachineEvent[] =
    state === null && events[0]?.is !== 'declared' ? [{ is: 'declared', at: context.now, name: nameOf(state, context) }, ...events] : events
  const after = all.reduce<AssetState | null>(evolve, state) as AssetState
  const decision: Decision<AssetMachineEvent> = { events: all, state: after }
  const messages = all.flatMap(one => (one.is === 'happened' ? tellAll(after, one.event as AssetEvent) : []))
  if (messages.length > 0) decision.messages = messages
  if (reply !== undefined) decision.replies = [reply]
  return decision
}

function tellAll({ name, consumers }: AssetState, event: AssetEvent): Message[] {
  return consumers.map(({ id }) => toldOf(id, name, event))
}

function toldOf(to: string, asset: string, event: AssetEvent): Message {
  const input: AssetHappened = { is: 'asset_happened', asset, event }
  return { is: 'tell', to, input }
}

/** A repeat is answered alike; who knows less than there is hears of the rest first, as far as it is remembered. */
function subscribed(state: AssetState | null, input: AssetInput & { is: 'subscribe' }, context: Context): Decision<AssetMachineEvent> {
  const { schedule, name, after } = input
  const isKnown = state?.consumers.some(({ id }) => id === schedule) === true
  const isFull = !isKnown && (state?.consumers.length ?? 0) >= CONSUMERS_MAX
  const events: AssetMachineEvent[] = isKnown || isFull ? [] : [{ is: 'subscribed', at: context.now, schedule, name }]
  const decision = events.length === 0 ? { events, state } : decided(state, events, context)
  const now = decision.state as AssetState
  const missed = after === null ? [] : now.events.filter(({ n }) => n > after)
  const linked: AssetLinked = { is: 'asset_linked', asset: now.name, n: now.count, ...(isFull && { full: true as const }) }
  return { ...decision, messages: [...missed.map(event => toldOf(schedule, now.name, event)), { is: 'tell', to: schedule, input: linked }] }
}

/** What is named is taken as it is; of an interval it is the partition that it begins in. */
function partitionFor(state: AssetState | null, { partition, interval }: MadeFor): string | null {
  const spec = state?.partitions
  if (partition !== undefined) return partition
  return spec === undefined || interval === undefined ? null : (partitionAt(spec, interval.start)?.key ?? null)
}

function nameOf(state: AssetState | null, context: Context): string {
  const name = state?.name ?? context.name
  invariant(name !== undefined, 'an asset knows its name', {})
  return name
}

function said(value: Record<string, unknown>): Reply {
  return { ok: true, value: JSON.stringify(value) }
}

/** As an actor: what its row and the engine need. */
function view(): RunView {
  return viewOfActor('waiting', null)
}
