import { listOf, present, textOf } from '../app/search.ts'
import { BECAME, type Became } from './became.ts'

export const SCHEDULE_STATES = ['active', 'paused', 'late', 'stuck', 'ended'] as const
export type ScheduleState = (typeof SCHEDULE_STATES)[number]
const VIEWS = ['day', 'month', 'new'] as const

/** What the pages of all schedules show, as it stands in the address. */
export interface SchedulesSearch {
  /** Absent: the list. */
  view?: (typeof VIEWS)[number]
  /** `2026-11-28`: the day, or one of the month, that is shown. Absent: today. */
  date?: string
  /** The minute whose starts are told. */
  at?: string
  name?: string
  state?: ScheduleState[]
  target?: string[]
  zone?: string[]
  /** What became of the last time. */
  last?: Became[]
  /** What a new schedule would be, as JSON: a link to what somebody thinks of. */
  draft?: string
}

export function validateSchedulesSearch(search: Record<string, unknown>): SchedulesSearch {
  return present({
    view: VIEWS.find(view => view === textOf(search.view)),
    date: dateOf(search.date),
    at: instantOf(search.at),
    name: textOf(search.name),
    state: listOf(search.state, SCHEDULE_STATES),
    target: listOf(search.target),
    zone: listOf(search.zone),
    last: listOf(search.last, BECAME),
    draft: textOf(search.draft),
  })
}

export const ACCOUNTS = ['intended', 'fired', 'recovered', 'refused', 'skipped', 'excluded', 'blacked_out', 'paused'] as const
export type Account = (typeof ACCOUNTS)[number]
const TABS = ['edit', 'backfill', 'ledger'] as const
export const REPROCESSES = ['none', 'failed', 'completed'] as const
export type Reprocess = (typeof REPROCESSES)[number]

/** What the page of one schedule shows. */
export interface ScheduleSearch {
  /** Absent: what it does, and when. */
  tab?: (typeof TABS)[number]
  /** Fields that are edited and not saved yet, as JSON. */
  draft?: string
  account?: Account[]
  /** Of the ledger, and of a backfill that is thought of. */
  from?: string
  to?: string
  /** Runs of the backfill at a time, as it was written. Absent: 1. */
  active?: string
  /** Absent: the first time first. */
  order?: 'reverse'
  /** Absent: none. */
  reprocess?: Reprocess
  /** The time that is asked about: as the schedule's clock shows it, or an instant. */
  at?: string
}

export function validateScheduleSearch(search: Record<string, unknown>): ScheduleSearch {
  return present({
    tab: TABS.find(tab => tab === textOf(search.tab)),
    draft: textOf(search.draft),
    account: listOf(search.account, ACCOUNTS),
    from: instantOf(search.from),
    to: instantOf(search.to),
    active: textOf(search.active),
    order: textOf(search.order) === 'reverse' ? ('reverse' as const) : undefined,
    reprocess: REPROCESSES.find(one => one !== 'none' && one === textOf(search.reprocess)),
    at: textOf(search.at),
  })
}

function dateOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined
}
function instantOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text !== undefined && !Number.isNaN(Date.parse(text)) ? text : undefined
}
