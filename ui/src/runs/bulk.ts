import { queryOptions } from '@tanstack/react-query'
import { call, client, type Run, type RunState } from '../api/client.ts'
import type { components } from '../api/generated.ts'
import { askedOf, isClosed, RUN_STATES } from '../api/runs.ts'
import { commandText } from '../parts/command.tsx'
import type { IconName } from '../parts/icons.tsx'
import type { RunsSearch } from './search.ts'

export type BulkFilter = components['schemas']['BulkFilter']
export type BulkChange = components['schemas']['BulkChange']

/** What can be done to many runs. `possible`: to those in which states; `meant`: to which of them as long as none is named. */
export interface BulkAction {
  operation: 'cancel' | 'retry' | 'resume' | 'change' | 'delete'
  verb: string
  /** What it does, for who is about to do it. */
  means: string
  icon: IconName
  danger: boolean
  possible: readonly RunState[]
  meant: readonly RunState[]
  asks: 'priority' | 'queue' | null
}

const OPEN = RUN_STATES.filter(state => !isClosed(state))
const CLOSED = RUN_STATES.filter(isClosed)
const WAITING: readonly RunState[] = ['scheduled', 'queued', 'waiting']
const UNSUCCESSFUL: readonly RunState[] = CLOSED.filter(state => state !== 'completed')

export const ACTIONS = {
  cancel: action('cancel', 'Cancel', 'Running handlers are asked to stop and may clean up; what waits is closed at once.', 'stop', OPEN, {
    danger: true,
  }),
  retry: action('retry', 'Retry', 'Each gets a new run with the same input, linked to it.', 'retry', CLOSED, { meant: UNSUCCESSFUL }),
  resume: action('resume', 'Resume', 'What is parked goes on with all its attempts again.', 'play', ['paused']),
  priority: action('change', 'Change the priority of', 'It counts as long as a run waits.', 'settings', WAITING, { asks: 'priority' }),
  queue: action('change', 'Move', 'They wait in the other queue from then on, for its workers.', 'queues', WAITING, { asks: 'queue' }),
  delete: action('delete', 'Delete', 'They are gone for good, with their histories and logs.', 'close', CLOSED, { danger: true }),
} as const
export type ActionName = keyof typeof ACTIONS

function action(
  operation: BulkAction['operation'],
  verb: string,
  means: string,
  icon: IconName,
  possible: readonly RunState[],
  { meant = possible, danger = false, asks = null }: Partial<Pick<BulkAction, 'meant' | 'danger' | 'asks'>> = {},
): BulkAction {
  return { operation, verb, means, icon, danger, possible, meant, asks }
}

/** Runs picked by hand, or all that match the filter. */
export type Picks = { is: 'some'; runs: readonly Run[] } | { is: 'all'; search: RunsSearch }

/** Picked by hand at most: what the server takes by name. */
export const PICKED_MAX = 1_000

/** Fields of the filter that an operation on many runs does not know: all that match cannot be said to it. */
export function unsaid({ kind, metadata, longerThan, shorterThan, reason }: RunsSearch): string[] {
  return [
    ...(kind === undefined ? [] : ['kind']),
    ...(metadata === undefined ? [] : ['metadata']),
    ...(longerThan === undefined && shorterThan === undefined ? [] : ['duration']),
    ...((reason?.length ?? 1) > 1 ? ['several reasons'] : []),
  ]
}

/** What is asked of the server, or null: there is nothing that the action could do. */
export function filterFor({ possible, meant }: BulkAction, picks: Picks): BulkFilter | null {
  if (picks.is === 'some') {
    const runs = picks.runs.filter(run => possible.includes(run.state) && run.kind !== 'batch').slice(0, PICKED_MAX)
    const [first] = runs
    if (first === undefined) return null
    const times = runs.map(run => run.createdAt).sort()
    return {
      runs: runs.map(run => run.id),
      state: possible.filter(state => runs.some(run => run.state === state)),
      // Where they are, so that nobody looks for them elsewhere.
      createdAfter: times[0] as string,
      createdBefore: new Date(Date.parse(times.at(-1) as string) + 1).toISOString(),
    }
  }
  const { state, tag, reason, definition, queue, error, batch, createdAfter, createdBefore } = askedOf(picks.search)
  const states = state === undefined ? meant : possible.filter(known => state.includes(known))
  if (states.length === 0) return null
  const [onlyReason] = reason ?? []
  return {
    state: [...states],
    ...(definition && { definition }),
    ...(queue && { queue }),
    ...(tag && { tags: Object.fromEntries(tag.map(pair => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)])) }),
    ...(onlyReason !== undefined && { reason: onlyReason }),
    ...(error !== undefined && { error }),
    ...(batch !== undefined && { batch }),
    ...(createdAfter !== undefined && { createdAfter }),
    ...(createdBefore !== undefined && { createdBefore }),
  }
}

export function previewQuery(namespace: string, operation: BulkAction['operation'], filter: BulkFilter) {
  return queryOptions({
    queryKey: [namespace, 'preview', operation, filter] as const,
    queryFn: ({ signal }) =>
      call(client.POST('/v1/namespaces/{namespace}/batches/preview', { params: { path: { namespace } }, body: { operation, filter }, signal })),
    // What it says is asked for anew each time somebody is about to act on it.
    staleTime: 0,
    gcTime: 0,
  })
}

export function startBulk(namespace: string, body: components['schemas']['Bulk'], callKey: string) {
  return call(
    client.POST('/v1/namespaces/{namespace}/batches/bulk', { params: { path: { namespace }, header: { 'Idempotency-Key': callKey } }, body }),
  )
}

export function batchProgressQuery(namespace: string, batch: string) {
  return queryOptions({
    queryKey: [namespace, 'batch', batch] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/batches/{batch}', { params: { path: { namespace, batch } }, signal })),
    refetchInterval: ({ state }) => (state.data?.closedAt == null ? 700 : false),
  })
}

const RUNS_IN_COMMAND_MAX = 8
/** The command that does the same; null where it would be too long to be one. */
export function bulkCommand(namespace: string, { operation }: BulkAction, filter: BulkFilter, change: BulkChange | null, why: string): string | null {
  const { state, definition, queue, tags, runs, reason, error, batch, createdAfter, createdBefore } = filter
  if ((runs?.length ?? 0) > RUNS_IN_COMMAND_MAX) return null
  const conditions = [
    ...(runs ?? []).map(run => `run=${run}`),
    ...(runs === undefined ? (state ?? []) : []).map(value => `state=${value}`),
    ...(definition ?? []).map(value => `name=${value}`),
    ...(queue ?? []).map(value => `queue=${value}`),
    ...Object.entries(tags ?? {}).map(([name, value]) => `tag=${name}:${value}`),
    ...(reason === undefined ? [] : [`reason=${reason}`]),
    ...(error === undefined ? [] : [`error=${error}`]),
    ...(batch === undefined ? [] : [`batch=${batch}`]),
    ...(createdAfter === undefined || runs !== undefined ? [] : [`created-after=${createdAfter}`]),
    ...(createdBefore === undefined || runs !== undefined ? [] : [`created-before=${createdBefore}`]),
  ]
  return commandText(
    namespace,
    operation,
    '--where',
    conditions.join(','),
    ...(change?.priority === undefined ? [] : ['--priority', String(change.priority)]),
    ...(change?.queue === undefined ? [] : ['--queue', change.queue]),
    ...(why === '' ? [] : ['--why', why]),
  )
}
