import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useMemo } from 'react'
import type { Schedule } from '../api/client.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { useNow } from '../format/clock.ts'
import { Chips } from '../parts/chips.tsx'
import { classes } from '../parts/classes.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { Count } from '../parts/count.tsx'
import { Icon } from '../parts/icons.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { DayView } from './day-view.tsx'
import { chipsOf, scheduleFields, searchWith } from './fields.ts'
import { ListView } from './list-view.tsx'
import { BecameBadge } from './marks.tsx'
import { MonthView } from './month-view.tsx'
import { schedulesQuery } from './queries.ts'
import type { SchedulesSearch } from './search.ts'
import { fits, lastOf, stateOf } from './state.ts'

const route = getRouteApi('/schedules')
const NewSchedule = lazy(() => import('./new-schedule.tsx'))

/** What comes next, and what became of what was due: a list, a day or a month of all schedules. */
export function SchedulesPage() {
  const namespace = useNamespace()
  const { namespace: _, ...search } = route.useSearch()
  const navigate = useNavigate()
  const now = useNow()
  const schedules = useQuery(schedulesQuery(namespace))
  // To the minute: a list that is another each second would be worked out anew each second.
  const minute = Math.floor(now / 60_000) * 60_000
  const filter = JSON.stringify(chipsOf(search))
  // biome-ignore lint/correctness/useExhaustiveDependencies: the filter is what of the search counts
  const shown = useMemo(() => schedules.data?.filter(schedule => fits(schedule, search, minute)), [schedules.data, filter, minute])
  const go = (next: SchedulesSearch): void => void navigate({ to: '/schedules', search: next })
  const { view: __, ...list } = search
  useCommand({ label: 'New schedule', group: 'This page', keys: 'n', run: () => go({ view: 'new' }) }, search.view !== 'new')
  useCommand({ label: 'Schedules as a list', group: 'This page', keys: '1', run: () => go(list) })
  useCommand({ label: 'Schedules of a day', group: 'This page', keys: '2', run: () => go({ ...search, view: 'day' }) })
  useCommand({ label: 'Schedules of a month', group: 'This page', keys: '3', run: () => go({ ...search, view: 'month' }) })
  if (search.view === 'new')
    return (
      <Suspense fallback={<Page title="New schedule">{<Skeleton lines={8} />}</Page>}>
        <NewSchedule namespace={namespace} draft={search.draft} />
      </Suspense>
    )
  return (
    <Page
      title="Schedules"
      fills
      actions={
        <>
          <Views search={search} />
          <Link
            to="/schedules"
            search={{ view: 'new' }}
            className="ml-1 inline-flex h-8 items-center gap-1.5 rounded border border-ink bg-ink px-2.5 font-medium text-inverse hover:opacity-90"
          >
            <Icon name="plus" size={14} /> New
          </Link>
          <AsCommand text={commandText(namespace, 'schedule', 'ls')} />
        </>
      }
    >
      <div className="px-4 py-3 max-sm:px-3">
        <Chips
          label="Filter schedules"
          fields={scheduleFields(schedules.data ?? [])}
          chips={chipsOf(search)}
          onChange={chips => go(searchWith(search, chips))}
        />
        <Troubles schedules={schedules.data ?? []} search={search} />
      </div>
      {schedules.isPending ? (
        <Skeleton lines={12} />
      ) : shown === undefined ? (
        <ErrorState error={schedules.error} retry={() => void schedules.refetch()} />
      ) : schedules.data?.length === 0 ? (
        <EmptyState icon="schedules" title="No schedule yet" command={commandText(namespace, 'apply', '-f', 'schedules.yaml')}>
          A schedule starts runs at the times of a timetable, and keeps account of each. Write one in your code with <code>schedule(…)</code>, in a
          file, or{' '}
          <Link to="/schedules" search={{ view: 'new' }} className="underline underline-offset-3">
            try one here
          </Link>
          .
        </EmptyState>
      ) : shown.length === 0 ? (
        <EmptyState icon="search" title="No schedule fits this filter" command={commandText(namespace, 'schedule', 'ls')}>
          Take a chip away, or look at all of them.
        </EmptyState>
      ) : search.view === 'day' ? (
        <DayView namespace={namespace} search={search} schedules={shown} />
      ) : search.view === 'month' ? (
        <MonthView namespace={namespace} search={search} schedules={shown} />
      ) : (
        <ListView namespace={namespace} schedules={shown} />
      )}
    </Page>
  )
}

const BAD = ['failed', 'refused', 'missed', 'late', 'skipped'] as const

/** How many stand still, and how many went wrong the last time: each is a filter. */
function Troubles({ schedules, search }: { schedules: readonly Schedule[]; search: SchedulesSearch }) {
  const now = useNow()
  const states = (['stuck', 'late', 'paused', 'ended'] as const).map(state => ({
    state,
    count: schedules.filter(one => stateOf(one, now) === state).length,
  }))
  const lasts = BAD.map(became => ({ became, count: schedules.filter(one => lastOf(one) === became).length }))
  const look = 'inline-flex h-6 items-center gap-1.5 rounded-small px-1.5 hover:bg-hover'
  const { state: _, last: __, ...rest } = search
  if ([...states, ...lasts].every(({ count }) => count === 0)) return null
  return (
    <p className="-mb-1 flex flex-wrap items-center gap-x-2 pt-2 text-small text-soft">
      {states.map(({ state, count }) =>
        count === 0 ? null : (
          <Link key={state} to="/schedules" search={{ ...rest, state: [state] }} className={look}>
            <StateBadge state={state} /> <Count of={count} />
          </Link>
        ),
      )}
      {lasts.some(({ count }) => count > 0) && <span className="pl-1">last time</span>}
      {lasts.map(({ became, count }) =>
        count === 0 ? null : (
          <Link key={became} to="/schedules" search={{ ...rest, last: [became] }} className={look}>
            <BecameBadge became={became} word={became} /> <Count of={count} />
          </Link>
        ),
      )}
    </p>
  )
}

const VIEWS = [
  [undefined, 'List'],
  ['day', 'Day'],
  ['month', 'Month'],
] as const

function Views({ search }: { search: SchedulesSearch }) {
  const { view, at: _, ...rest } = search
  return (
    <nav aria-label="Views" className="flex rounded border border-line bg-surface p-0.5">
      {VIEWS.map(([value, label]) => (
        <Link
          key={label}
          to="/schedules"
          search={value === undefined ? rest : { ...rest, view: value }}
          aria-current={view === value ? 'page' : undefined}
          className={classes(
            'flex h-[26px] items-center rounded-small px-2.5',
            view === value ? 'bg-picked font-medium' : 'text-soft hover:bg-hover hover:text-ink',
          )}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}
