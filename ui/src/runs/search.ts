import { RUN_STATES, type RunFilter } from '../api/runs.ts'
import { listOf, present, textOf } from '../app/search.ts'

/** The filter of the list, as it stands in the address. */
export type RunsSearch = RunFilter

export function validateRunsSearch(search: Record<string, unknown>): RunsSearch {
  return present({
    state: listOf(search.state, RUN_STATES),
    definition: listOf(search.definition),
    queue: listOf(search.queue),
    tag: listOf(search.tag)?.filter(tag => tag.indexOf(':') > 0),
    batch: textOf(search.batch),
    createdAfter: instantOf(search.createdAfter),
    createdBefore: instantOf(search.createdBefore),
  })
}

function instantOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text !== undefined && !Number.isNaN(Date.parse(text)) ? text : undefined
}
