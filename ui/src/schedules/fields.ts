import type { Schedule } from '../api/client.ts'
import type { Chip, ChipField } from '../parts/chips.tsx'
import { BECAME } from './became.ts'
import { SCHEDULE_STATES, type SchedulesSearch, validateSchedulesSearch } from './search.ts'

/** What schedules are filtered by; all of them are here, so that they complete it. */
export function scheduleFields(schedules: readonly Schedule[]): readonly ChipField[] {
  const some = (values: readonly string[]): string[] => [...new Set(values)].sort()
  return [
    { name: 'name', label: 'Name', hint: 'a part of its name', values: some(schedules.map(({ name }) => name)) },
    { name: 'state', label: 'State', values: SCHEDULE_STATES, many: true, strict: true },
    { name: 'last', label: 'Last', values: BECAME.filter(became => became !== 'coming'), many: true, strict: true },
    { name: 'target', label: 'Definition', values: some(schedules.map(({ target }) => target)), many: true },
    { name: 'zone', label: 'Zone', values: some(schedules.map(({ timezone = 'UTC' }) => timezone)), many: true },
  ]
}

const FILTERS = ['name', 'state', 'last', 'target', 'zone'] as const

export function chipsOf(search: SchedulesSearch): Chip[] {
  return FILTERS.flatMap(field => [search[field] ?? []].flat().map(value => ({ field, value })))
}

/** The address with other filters; which view is shown stays. */
export function searchWith({ view, date, at }: SchedulesSearch, chips: readonly Chip[]): SchedulesSearch {
  const filter: Record<string, string[]> = {}
  for (const { field, value } of chips) filter[field] = [...(filter[field] ?? []), value]
  return validateSchedulesSearch({ view, date, at, ...filter })
}
