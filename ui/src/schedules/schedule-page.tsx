import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import type { Schedule } from '../api/client.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { useNow } from '../format/clock.ts'
import { classes } from '../parts/classes.ts'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { BackfillTab } from './backfill-tab.tsx'
import { LedgerTab } from './ledger-tab.tsx'
import { Override, PausedNote, StuckNote } from './notes.tsx'
import { Overview } from './overview.tsx'
import { scheduleQuery } from './queries.ts'
import { ScheduleActions } from './schedule-actions.tsx'
import type { ScheduleSearch } from './search.ts'
import { stateOf } from './state.ts'

const route = getRouteApi('/schedules/$name')
const EditTab = lazy(() => import('./edit-tab.tsx'))

/** One schedule: what it does and when, what would change if it were another, times that are started again, and what became of each. */
export function SchedulePage() {
  const { name } = route.useParams()
  const { namespace: _, ...search } = route.useSearch()
  const namespace = useNamespace()
  const found = useQuery(scheduleQuery(namespace, name))
  const schedule = found.data
  if (schedule === undefined)
    return <Page title={name}>{found.isError ? <ErrorState error={found.error} retry={() => void found.refetch()} /> : <Skeleton lines={10} />}</Page>
  return (
    <Page
      title={name}
      fills={search.tab === 'ledger'}
      heading={<Heading schedule={schedule} />}
      actions={<ScheduleActions key={name} namespace={namespace} schedule={schedule} />}
    >
      <div className={classes('flex flex-col gap-3', search.tab === 'ledger' && 'px-4 pt-4 max-sm:px-3')}>
        <p className="text-soft">
          <span className="inline-block first-letter:uppercase">{schedule.words}</span>
          {schedule.description !== undefined && <span> · {schedule.description}</span>}
        </p>
        <StuckNote namespace={namespace} schedule={schedule} />
        <PausedNote schedule={schedule} />
        <Override namespace={namespace} schedule={schedule} />
        <TabLinks name={name} tab={search.tab} />
      </div>
      {search.tab === 'ledger' ? (
        <LedgerTab namespace={namespace} schedule={schedule} search={search} />
      ) : search.tab === 'backfill' ? (
        <BackfillTab key={name} namespace={namespace} schedule={schedule} search={search} />
      ) : search.tab === 'edit' ? (
        <Suspense fallback={<Skeleton lines={8} />}>
          <EditTab key={name} namespace={namespace} schedule={schedule} draft={search.draft} />
        </Suspense>
      ) : (
        <Overview namespace={namespace} schedule={schedule} />
      )}
    </Page>
  )
}

function Heading({ schedule }: { schedule: Schedule }) {
  const now = useNow()
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      {schedule.name} <StateBadge state={stateOf(schedule, now)} />
    </span>
  )
}

const TABS = [
  [undefined, 'Overview'],
  ['edit', 'What if, and edit'],
  ['backfill', 'Backfill'],
  ['ledger', 'Ledger'],
] as const

/** Addresses of their own: each opens in a tab of the browser, too. */
function TabLinks({ name, tab }: { name: string; tab: ScheduleSearch['tab'] | undefined }) {
  return (
    <nav aria-label="Parts of this page" className="flex gap-4 border-b border-line">
      {TABS.map(([value, label]) => (
        <Link
          key={label}
          to="/schedules/$name"
          params={{ name }}
          search={value === undefined ? {} : { tab: value }}
          aria-current={tab === value ? 'page' : undefined}
          className={classes(
            '-mb-px flex h-9 items-center border-b-2 -outline-offset-2',
            tab === value ? 'border-ink font-medium' : 'border-transparent text-soft hover:text-ink',
          )}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}
