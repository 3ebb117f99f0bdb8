import type { QueryClient } from '@tanstack/react-query'
import type { Run } from '../api/client.ts'
import { definitionsQuery, queuesQuery } from '../api/names.ts'
import { RUN_STATES, runsQuery, spanMs } from '../api/runs.ts'
import { preferences } from '../format/preferences.ts'
import { absoluteTime } from '../format/time.ts'
import type { Chip, ChipField } from '../parts/chips.tsx'
import { instantOf } from './instants.ts'
import { isDuration, RUN_KINDS, type RunsSearch, validateRunsSearch } from './search.ts'

const pair = (value: string): string | null => (/^[^:=]+[:=]/.test(value) ? null : 'write it as name:value')
/** The command line writes `name=value`: either is understood. */
const readPair = (value: string): string => value.replace(/^([^:=]+)=/, '$1:')
const duration = (value: string): string | null => (isDuration(value) ? null : 'write it as 90s, 5m or 1h 30m')
const instant = (value: string): string | null => (instantOf(value) === null ? 'write it as 2h, yesterday, 14:00 or 2026-11-28 14:00' : null)

/** Words that runs give as their reason, beside those of the runs that are shown. */
const REASONS = ['parked', 'stuck', 'backoff', 'snoozed', 'aborted', 'expired', 'lost', 'invalid']

/** So many of the runs that are shown. */
const LOOKED_AT_MAX = 200

/** What runs are filtered by, and what completes each. `search`: of the runs that are shown, whose tags and reasons are offered. */
export function runFields(queries: QueryClient, namespace: string, search: RunsSearch): readonly ChipField[] {
  const rows = (): readonly Run[] =>
    queries
      .getQueryData(runsQuery(namespace, search).queryKey)
      ?.pages.flatMap(page => page.runs)
      .slice(0, LOOKED_AT_MAX) ?? []
  const names = async (): Promise<string[]> => (await queries.ensureQueryData(definitionsQuery(namespace))).definitions.map(({ name }) => name)
  return [
    { name: 'state', label: 'State', values: RUN_STATES, many: true, strict: true },
    { name: 'definition', label: 'Definition', many: true, values: names },
    {
      name: 'queue',
      label: 'Queue',
      many: true,
      values: async () => (await queries.ensureQueryData(queuesQuery(namespace))).queues.map(({ name }) => name),
    },
    {
      name: 'last',
      label: 'Created in the last',
      values: ['15m', '1h', '6h', '24h', '7d', '30d'],
      hint: 'such as 90m, 6h or 2d',
      read: text => text.replace(/^last\s+/, ''),
      accepts: text => (spanMs(text.replace(/^last\s+/, '')) === null ? 'write it as 90m, 6h or 2d' : null),
    },
    { name: 'error', label: 'Error', hint: 'a part of its type or message' },
    {
      name: 'reason',
      label: 'Reason',
      many: true,
      values: () => Promise.resolve(distinct([...rows().flatMap(run => run.reason ?? []), ...REASONS])),
    },
    {
      name: 'tag',
      label: 'Tag',
      many: true,
      hint: 'name:value, all of them',
      values: () => Promise.resolve(distinct(rows().flatMap(run => Object.entries(run.tags ?? {}).map(tag => tag.join(':'))))),
      read: readPair,
      accepts: pair,
    },
    { name: 'metadata', label: 'Metadata', many: true, hint: 'name:value, of what a start gave along', read: readPair, accepts: pair },
    { name: 'longerThan', label: 'Longer than', values: ['10s', '1m', '10m', '1h'], hint: 'such as 90s', accepts: duration },
    { name: 'shorterThan', label: 'Shorter than', values: ['100ms', '1s', '10s', '1m'], hint: 'such as 90s', accepts: duration },
    { name: 'createdAfter', label: 'Created after', hint: '2h (ago), yesterday, 14:00 or 2026-11-28 14:00', read, accepts: instant, show },
    { name: 'createdBefore', label: 'Created before', hint: '2h (ago), yesterday, 14:00 or 2026-11-28 14:00', read, accepts: instant, show },
    { name: 'kind', label: 'Kind', values: RUN_KINDS, many: true, strict: true },
    { name: 'batch', label: 'Batch', hint: 'the id of a batch, or the end of one' },
  ]
}

/** What words that name no field may mean: a span of time, the end of a run's id is the palette's, a definition, a part of an error. */
export function meant(typed: string, names: readonly string[]): Chip[] {
  const text = typed.trim()
  if (text.length < 2) return []
  const span = text.replace(/^last\s+/, '')
  const found = names.filter(name => name.includes(text.toLowerCase())).slice(0, 5)
  return [
    ...(spanMs(span) === null ? [] : [{ field: 'last', value: span }]),
    ...found.map(value => ({ field: 'definition', value })),
    { field: 'error', value: text },
  ]
}

function read(text: string): string {
  return new Date(instantOf(text) ?? text).toISOString()
}
function show(value: string): string {
  return absoluteTime(value, preferences().zone)
}
function distinct(values: readonly string[]): string[] {
  return [...new Set(values)]
}

export function chipsOf(search: RunsSearch): Chip[] {
  return Object.entries(search).flatMap(([field, value]) => [value].flat().map(item => ({ field, value: String(item) })))
}

export function searchOf(chips: readonly Chip[]): RunsSearch {
  const search: Record<string, string[]> = {}
  for (const { field, value } of chips) search[field] = [...(search[field] ?? []), value]
  return validateRunsSearch(search)
}
