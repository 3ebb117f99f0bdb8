import { RUN_STATES, type RunFilter, spanMs } from '../api/run-filter.ts'
import { listOf, present, textOf } from '../app/search.ts'

/** The filter of the list, as it stands in the address. */
export type RunsSearch = RunFilter

export const RUN_KINDS = ['job', 'workflow', 'dag', 'batch', 'approval', 'wait'] as const

export function validateRunsSearch(search: Record<string, unknown>): RunsSearch {
  const last = textOf(search.last)
  return present({
    state: listOf(search.state, RUN_STATES),
    kind: listOf(search.kind, RUN_KINDS),
    reason: listOf(search.reason),
    definition: listOf(search.definition),
    queue: listOf(search.queue),
    tag: pairsOf(search.tag),
    metadata: pairsOf(search.metadata),
    error: textOf(search.error),
    batch: textOf(search.batch),
    longerThan: durationOf(search.longerThan),
    shorterThan: durationOf(search.shorterThan),
    last: last !== undefined && spanMs(last) !== null ? last : undefined,
    createdAfter: instantOf(search.createdAfter),
    createdBefore: instantOf(search.createdBefore),
  })
}

function pairsOf(value: unknown): string[] | undefined {
  return listOf(listOf(value)?.filter(pair => pair.indexOf(':') > 0))
}

const DURATION = /^(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$/
export function isDuration(text: string): boolean {
  return DURATION.test(text)
}
function durationOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text !== undefined && isDuration(text) ? text : undefined
}

function instantOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text !== undefined && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined
}

/** The filter without any word of time. */
export function withoutTime({ last: _, createdAfter: __, createdBefore: ___, ...filter }: RunsSearch): RunsSearch {
  return filter
}

export function hasTime({ last, createdAfter, createdBefore }: RunsSearch): boolean {
  return (last ?? createdAfter ?? createdBefore) !== undefined
}

/** One look goes through a bounded part only: what stands in a run's body, or how long it took, no index knows. */
export function isSlow({ reason, error, metadata, longerThan, shorterThan }: RunsSearch): boolean {
  return (reason ?? error ?? metadata ?? longerThan ?? shorterThan) !== undefined
}

/** With the state in it, or no longer. */
export function turnState(search: RunsSearch, state: NonNullable<RunFilter['state']>[number]): RunsSearch {
  const { state: states = [], ...filter } = search
  const next = states.includes(state) ? states.filter(other => other !== state) : [...states, state]
  return next.length === 0 ? filter : { state: next, ...filter }
}
