import type { QueryClient } from '@tanstack/react-query'
import { definitionsQuery, queuesQuery } from '../api/names.ts'
import { RUN_STATES } from '../api/runs.ts'
import type { Chip, ChipField } from '../parts/chips.tsx'
import { type RunsSearch, validateRunsSearch } from './search.ts'

/** What runs are filtered by, and what completes each. */
export function runFields(queries: QueryClient, namespace: string): readonly ChipField[] {
  return [
    { name: 'state', label: 'State', values: RUN_STATES, many: true, strict: true },
    {
      name: 'definition',
      label: 'Definition',
      many: true,
      values: async () => (await queries.ensureQueryData(definitionsQuery(namespace))).definitions.map(({ name }) => name),
    },
    {
      name: 'queue',
      label: 'Queue',
      many: true,
      values: async () => (await queries.ensureQueryData(queuesQuery(namespace))).queues.map(({ name }) => name),
    },
    { name: 'tag', label: 'Tag', many: true, hint: 'name:value', accepts: value => (value.indexOf(':') > 0 ? null : 'write it as name:value') },
    { name: 'batch', label: 'Batch', hint: 'the name or id of a batch' },
    {
      name: 'createdAfter',
      label: 'Created after',
      hint: '2026-11-28T14:00:00Z, or 2h for two hours ago',
      read: readInstant,
      accepts: acceptInstant,
    },
    {
      name: 'createdBefore',
      label: 'Created before',
      hint: '2026-11-28T14:00:00Z, or 2h for two hours ago',
      read: readInstant,
      accepts: acceptInstant,
    },
  ]
}

export function chipsOf(search: RunsSearch): Chip[] {
  return Object.entries(search).flatMap(([field, value]) => [value].flat().map(item => ({ field, value: String(item) })))
}

export function searchOf(chips: readonly Chip[]): RunsSearch {
  const search: Record<string, string[]> = {}
  for (const { field, value } of chips) search[field] = [...(search[field] ?? []), value]
  return validateRunsSearch(search)
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
function readInstant(text: string): string {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return new Date(Date.now() - Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString()
  return Number.isNaN(Date.parse(text)) ? text : new Date(text).toISOString()
}
function acceptInstant(text: string): string | null {
  return Number.isNaN(Date.parse(readInstant(text))) ? 'not a time' : null
}
