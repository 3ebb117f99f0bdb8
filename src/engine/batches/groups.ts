import { STARTS_PER_CALL_MAX } from '../../core/bounds.ts'
import { UserError } from '../../core/errors.ts'
import { type ActorId, callRunId, newId, type RunId, slotOf } from '../../core/ids.ts'
import { parentOf, type Trigger } from '../../core/run.ts'
import { BATCH_DEPTH_MAX, type BatchState, type Plan } from '../../machines/batch/types.ts'
import { MACHINES } from '../../machines/registry.ts'
import type { KeyName } from '../../store/store.ts'
import type { Definitions } from '../definitions.ts'
import type { StartRequest } from '../face.ts'
import { callName, type Decided, startWork } from '../starts.ts'
import { BACKFILL_TAG, rowTags } from '../tags.ts'
import type { World } from '../transition.ts'
import type { Settle, Transaction, Work } from '../work.ts'
import type { BatchCall, BatchItem, BatchStart, BatchStarted } from './face.ts'

interface Desk {
  namespace: string
  isHere(id: ActorId): boolean
  definitions: Definitions
  world: World
  by: string | null
}

/** Items that are started together, with what of them is decided within their transaction. */
interface PlannedItems {
  work: Work | null
  nested: { index: number; planned: PlannedBatch }[]
  /** Places of the jobs among the items. */
  places: number[]
  call: { callKey: string; starts: readonly StartRequest[] }
  answers: readonly Decided[]
}
interface PlannedBatch {
  id: RunId
  spec: BatchStart
  trigger: Trigger
  depth: number
  items: PlannedItems
}

/** The id of the batch of a call. */
export function batchId(callKey: string): RunId {
  return callRunId(`${callKey}:batch`, 0)
}

/** A batch and all its jobs, born in one commit. A repeat of the call finds the batch, hence all of them. */
export function batchWork(desk: Desk, spec: BatchStart, call: BatchCall, settle: Settle<BatchStarted>): Work {
  const callKey = call.callKey ?? newId(desk.world.clock.now(), desk.world.random)
  const id = batchId(callKey)
  refuseTooMany(spec.items)
  const planned = planBatch(desk, id, spec, desk.by === null ? { is: 'call' } : { is: 'call', by: desk.by }, 1, callKey, '')
  const before = callName(desk.namespace, id)
  let existing = false
  return {
    ...together([planned], null, before),
    execute(transaction) {
      existing = transaction.actor(id) !== null || transaction.key(before) !== null
      if (!existing) beginBatches(desk, [planned], transaction)
    },
    done: () => settle.resolve({ batch: id, existing, ...(existing ? { started: 0, conflicts: [] } : outcomeOf(planned.items)) }),
    failed: settle.reject,
  }
}

/** More jobs of a batch that is not sealed. */
export function addWork(desk: Desk, id: RunId, items: readonly BatchItem[], depth: number, call: BatchCall, settle: Settle<BatchStarted>): Work {
  const callKey = call.callKey ?? newId(desk.world.clock.now(), desk.world.random)
  refuseTooMany(items)
  const planned = planItems(desk, id, items, depth + 1, `${callKey}:${id}`, '')
  const nested = planned.nested.map(one => one.planned)
  const first = planned.work?.ids[0] ?? nested[0]?.id ?? id
  const before = callName(desk.namespace, first)
  let existing = false
  const needs = together(nested, planned.work, before)
  return {
    ...needs,
    ids: [id, ...needs.ids],
    execute(transaction) {
      const batch = transaction.actor(id)
      if (batch === null || batch.namespace !== desk.namespace || batch.kind !== 'batch') throw new UserError('batch-not-found', { found: id })
      existing = first !== id && (transaction.actor(first) !== null || transaction.key(before) !== null)
      if (existing) return
      const { jobs } = batch.state as BatchState
      if (jobs === null) throw new UserError('batch-not-found', { found: id, hint: 'it is an operation on runs, and takes no jobs' })
      if (batch.closed || jobs.sealed)
        throw new UserError('batch-closed', { found: id, hint: `it is ${batch.closed ? batch.view.state : 'sealed'}, and takes no more jobs` })
      planned.work?.execute(transaction)
      transaction.apply(batch, { is: 'added', count: countOf(planned), asked: ask(desk, id, planned, transaction) } as { is: string })
      beginBatches(desk, nested, transaction)
    },
    done: () => settle.resolve({ batch: id, existing, ...(existing ? { started: 0, conflicts: [] } : outcomeOf(planned)) }),
    failed: settle.reject,
  }
}

function planBatch(desk: Desk, id: RunId, spec: BatchStart, trigger: Trigger, depth: number, callKey: string, at: string): PlannedBatch {
  if (depth > BATCH_DEPTH_MAX) throw new UserError('invalid-option', { at, hint: `batches are nested ${BATCH_DEPTH_MAX} deep at most` })
  for (const [name, callback] of Object.entries(spec.callbacks))
    desk.definitions.require(desk.namespace, callback.definition, `${at}/on${name[0]?.toUpperCase()}${name.slice(1)}/definition`)
  return { id, spec, trigger, depth, items: planItems(desk, id, spec.items, depth + 1, callKey, at) }
}

function planItems(desk: Desk, batch: ActorId, items: readonly BatchItem[], depth: number, callKey: string, at: string): PlannedItems {
  const trigger: Trigger = { is: 'batch', batch }
  const places = items.flatMap(({ is }, index) => (is === 'job' ? [index] : []))
  const starts = places.map(index => ({ ...(items[index] as BatchItem & { is: 'job' }).start, trigger }))
  const planned: PlannedItems = { work: null, nested: [], places, call: { callKey, starts }, answers: [] }
  if (starts.length > 0)
    planned.work = startWork(desk.namespace, { callKey, by: desk.by, starts }, desk.definitions, desk.world, NOBODY, {
      place: index => `${at}/jobs/${places[index]}`,
      slot: slotOf(batch),
      isHere: desk.isHere,
      decided: answers => {
        planned.answers = answers
      },
    })
  items.forEach((item, index) => {
    if (item.is !== 'batch') return
    const id = callRunId(`${callKey}:${index}:batch`, 0, slotOf(batch))
    planned.nested.push({ index, planned: planBatch(desk, id, item.batch, trigger, depth, `${callKey}:${index}`, `${at}/jobs/${index}/batch`) })
  })
  return planned
}

const NOBODY: Settle<unknown> = { resolve: () => {}, reject: () => {} }

/** Jobs first, since they say how many a batch has; then the batches, the outer one before those in it, for an empty one ends at once. */
function beginBatches(desk: Desk, batches: readonly PlannedBatch[], transaction: Transaction): void {
  const { namespace, world } = desk
  const all = batches.flatMap(withNested)
  for (const { items } of all) items.work?.execute(transaction)
  for (const { id, spec, trigger, depth, items } of all) {
    const asked = ask(desk, id, items, transaction)
    const plan: Plan = { is: 'jobs', total: countOf(items), ...(asked > 0 && { asked }), sealed: !spec.open, callbacks: spec.callbacks, depth }
    beginBatch(transaction, world, { id, namespace, name: spec.name, trigger, plan, ...optionsOf(spec) })
  }
}

/** Asks for the jobs that live elsewhere, and says how many they are. */
function ask({ namespace, by }: Desk, batch: ActorId, { answers, call }: PlannedItems, transaction: Transaction): number {
  let asked = 0
  answers.forEach((answer, index) => {
    if (answer.is !== 'elsewhere') return
    asked++
    const { callKey, starts } = call
    const request = starts[index] as StartRequest
    transaction.send(batch, answer.run, { is: 'item', namespace, batch, callKey, index, run: answer.run, request, by })
  })
  return asked
}

export function beginBatch(
  transaction: Transaction,
  world: World,
  {
    id,
    namespace,
    name,
    trigger,
    plan,
    options,
  }: {
    id: RunId
    namespace: string
    name: string
    trigger: Trigger
    plan: Plan
    options: { tags?: Readonly<Record<string, string>>; retentionMs?: number }
  },
): void {
  const own = plan.is === 'backfill' ? { ...options.tags, [BACKFILL_TAG]: plan.schedule } : (options.tags ?? null)
  const tags = rowTags(own, 'batch', trigger)
  const row = { id, namespace, kind: 'batch' as const, name, queue: '', createdAt: world.clock.now(), tags, input: null }
  const actor = transaction.create(row, MACHINES.batch)
  actor.parent = parentOf(trigger)
  transaction.apply(actor, { is: 'start', name, options, trigger, plan } as { is: string })
}

function optionsOf({ tags, retentionMs }: BatchStart) {
  return { options: { ...(tags === undefined ? {} : { tags }), ...(retentionMs === undefined ? {} : { retentionMs }) } }
}

function withNested(batch: PlannedBatch): PlannedBatch[] {
  return [batch, ...batch.items.nested.flatMap(({ planned }) => withNested(planned))]
}

/** What a work needs that begins these batches, and starts of its own beside them. */
function together(batches: readonly PlannedBatch[], own: Work | null, name: KeyName): Pick<Work, 'ids' | 'keys' | 'further' | 'starts' | 'bytes'> {
  const all = batches.flatMap(withNested)
  const works = [...(own === null ? [] : [own]), ...all.flatMap(({ items }) => items.work ?? [])]
  return {
    ids: [...all.map(({ id }) => id), ...works.flatMap(({ ids }) => ids)],
    keys: [name, ...works.flatMap(({ keys = [] }) => keys)],
    further(transaction) {
      const further = works.map(work => work.further?.(transaction) ?? {})
      return { ids: further.flatMap(({ ids = [] }) => ids), keys: further.flatMap(({ keys = [] }) => keys) }
    },
    starts: true,
    bytes: all.length * 1_000 + works.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function countOf({ answers, nested }: PlannedItems): number {
  return nested.length + answers.filter(({ is }) => is === 'started').length
}

function outcomeOf(items: PlannedItems): Pick<BatchStarted, 'started' | 'conflicts'> {
  const conflicts = items.answers.flatMap((answer, n) =>
    answer.is === 'started' || answer.is === 'elsewhere' ? [] : [{ index: items.places[n] as number, answer }],
  )
  return { started: countOf(items) + items.answers.filter(({ is }) => is === 'elsewhere').length, conflicts }
}

function refuseTooMany(items: readonly BatchItem[]): void {
  const count = (list: readonly BatchItem[]): number => list.reduce((sum, item) => sum + 1 + (item.is === 'batch' ? count(item.batch.items) : 0), 0)
  const found = count(items)
  if (found > STARTS_PER_CALL_MAX)
    throw new UserError('too-many-items', {
      at: '/jobs',
      found,
      hint: `at most ${STARTS_PER_CALL_MAX} in one call: start the batch open, add the rest to it, and seal it`,
    })
}
