import { UserError } from '../../core/errors.ts'
import { newId, type RunId, slotOf } from '../../core/ids.ts'
import { isWork } from '../../core/machine.ts'
import type { RunState } from '../../core/run.ts'
import type { BatchInput, BatchState } from '../../machines/batch/types.ts'
import { placeOf } from '../../store/cursor.ts'
import type { Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import { boundedRuns } from '../bounded.ts'
import type { Desk } from '../desk.ts'
import { callName } from '../starts.ts'
import { summaryOf } from '../summary.ts'
import { BACKFILL_TAG, KIND_TAG } from '../tags.ts'
import type { BatchCalls, BatchStarted, BulkPreview, BulkStart } from './face.ts'
import { listFilter, matches, withStates } from './filter.ts'
import { addWork, batchId, batchWork, beginBatch } from './groups.ts'
import { batchView } from './view.ts'

/** Matching runs are counted up to here, so many at a time, and so many shown. */
const COUNTED_MAX = 100_000
const COUNT_PAGE = 1_000
const SHOWN_MAX = 20
/** How often it goes as deep as one call may, where no index knows what is asked for: 1,000,000 runs, some 2 s. */
const LOOKS_MAX = 20

export function batchCalls({ store, world, definitions, submit, available }: Desk): BatchCalls {
  const row = async (namespace: string, id: RunId): Promise<Row> => {
    const found = await available(store.read.run(namespace, id))
    if (found === null || found.kind !== 'batch') throw new UserError('batch-not-found', { found: id })
    return found
  }
  const ask = (namespace: string, id: RunId, input: BatchInput, check: (state: BatchState) => void = () => {}): Promise<void> =>
    submit(slotOf(id), settle => ({
      ids: [id],
      bytes: 200,
      execute(transaction) {
        const actor = transaction.actor(id)
        if (actor === null || actor.namespace !== namespace || actor.kind !== 'batch') throw new UserError('batch-not-found', { found: id })
        check(actor.state as BatchState)
        const reply = transaction.apply(actor, input as { is: string })?.replies?.[0]?.reply
        if (reply !== undefined && !reply.ok) throw new UserError('batch-closed', { found: id, hint: `it is ${actor.view.state}` })
      },
      done: () => settle.resolve(undefined),
      failed: settle.reject,
    }))
  const preview = async (namespace: string, { operation, filter }: Pick<BulkStart, 'operation' | 'filter'>): Promise<BulkPreview> => {
    const fits = withStates(operation, filter)
    const asked = listFilter(namespace, fits, world.clock.now() + 1)
    const found: BulkPreview = { matched: 0, more: false, byState: {}, runs: [] }
    for (let after: string | null = null, looks = 0; ; ) {
      const page: Awaited<ReturnType<typeof boundedRuns>> = await available(boundedRuns(store.read, asked, { after, limit: COUNT_PAGE }))
      if (page.through !== null) looks++
      for (const actor of page.rows.map(Actor.load)) if (isWork(actor.kind) && matches(actor, fits)) count(found, actor)
      if (page.next === null) return found
      if (found.matched >= COUNTED_MAX || looks >= LOOKS_MAX) return { ...found, more: true }
      after = page.next
    }
  }

  return {
    async start(namespace, batch, { callKey, by }) {
      const call = { callKey: callKey ?? newId(world.clock.now(), world.random), by }
      return submit<BatchStarted>(slotOf(batchId(call.callKey)), (settle, { isHere }) =>
        batchWork({ namespace, isHere, definitions, world, by: call.by }, batch, call, settle),
      )
    },
    async add(namespace, id, items, call) {
      const { plan } = (Actor.load(await row(namespace, id)).state as BatchState).started
      const depth = plan.is === 'jobs' ? plan.depth : 1
      return submit<BatchStarted>(slotOf(id), (settle, { isHere }) =>
        addWork({ namespace, isHere, definitions, world, by: call.by }, id, items, depth, call, settle),
      )
    },
    seal: (namespace, id, { id: command, by, why = null }) =>
      ask(namespace, id, { is: 'seal', command, by, why }, ({ jobs }) => {
        if (jobs === null) throw new UserError('batch-not-found', { found: id, hint: 'it is an operation on runs, and has no jobs' })
      }),
    async bulk(namespace, { name, operation, filter, change = null }, { id: command, by, why = null }) {
      if ((change === null) === (operation === 'change'))
        throw new UserError('invalid-option', { at: '/change', hint: 'the operation change, and no other, says what becomes of the runs' })
      const { matched } = await preview(namespace, { operation, filter })
      const id = batchId(command)
      return submit<{ batch: RunId; matched: number }>(slotOf(id), settle => ({
        ids: [id],
        keys: [callName(namespace, id)],
        bytes: 2_000,
        execute(transaction) {
          if (transaction.actor(id) !== null || transaction.key(callName(namespace, id)) !== null) return
          const plan = { is: 'bulk' as const, operation, filter: withStates(operation, filter), change, matched, by, why }
          const trigger = by === null ? { is: 'call' as const } : { is: 'call' as const, by }
          beginBatch(transaction, world, { id, namespace, name: name ?? operation, trigger, plan, options: {} })
        },
        done: () => settle.resolve({ batch: id, matched }),
        failed: settle.reject,
      }))
    },
    preview,
    get: async (namespace, id) => batchView(await row(namespace, id)),
    async list(namespace, page, of) {
      if (page.after !== null) placeOf(page.after)
      const tags = of === undefined ? { [KIND_TAG]: 'batch' } : { [BACKFILL_TAG]: of.schedule }
      const { rows, next } = await available(store.read.runs({ namespace, tags }, page))
      return { rows: rows.map(batchView), next }
    },
    pause: (namespace, id, { id: command, by, why = null }) =>
      ask(namespace, id, { is: 'pause', command, by, why }, ({ jobs, backfill }) => {
        if (jobs !== null && backfill === undefined)
          throw new UserError('invalid-input', { at: '/path/batch', found: id, hint: 'jobs are paused by their queue or their definition' })
      }),
    resume: (namespace, id, { id: command, by, why = null }) => ask(namespace, id, { is: 'resume', command, by, why }),
    cancel: (namespace, id, { id: command, by, why = null }) => ask(namespace, id, { is: 'cancel', command, by, why }),
  }
}

function count(found: BulkPreview, actor: Actor): void {
  const state = actor.view.state as RunState
  found.matched++
  found.byState[state] = (found.byState[state] ?? 0) + 1
  if (found.runs.length < SHOWN_MAX) found.runs.push(summaryOf(actor))
}
