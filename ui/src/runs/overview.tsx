import { Link, useNavigate } from '@tanstack/react-router'
import { classes } from '../parts/classes.ts'
import { Histogram, rangeText } from '../parts/histogram.tsx'
import { Time } from '../parts/time.tsx'
import { type Counts, OUTCOMES, useHistogram, wider } from './counts.ts'
import { hasTime, type RunsSearch, withoutTime } from './search.ts'
import { States } from './states.tsx'

const LAST_DAY = (
  <>
    in the last 24h<span className="max-sm:hidden">; the list goes further back</span>
  </>
)
const LASTS = ['1h', '6h', '24h', '7d'] as const

/** How many there are in each state, and when they were created: to choose states and times of. */
export function Overview({ namespace, search, counts }: { namespace: string; search: RunsSearch; counts: Counts }) {
  const navigate = useNavigate()
  const histogram = useHistogram(namespace, search)
  const timed = hasTime(search)
  const { data } = histogram
  const go = (time: RunsSearch): void => void navigate({ to: '/runs', search: { ...withoutTime(search), ...time } })
  const brush = (from: number, until: number): void => {
    const open = data !== undefined && until >= Date.parse(data.until) && search.createdBefore === undefined
    go({ createdAfter: new Date(Math.floor(from)).toISOString(), ...(!open && { createdBefore: new Date(Math.ceil(until)).toISOString() }) })
  }
  const heading = (
    <h2 className="text-small">
      <span className="font-medium">Created</span>{' '}
      <span className="text-soft">
        {search.last !== undefined
          ? `in the last ${search.last}`
          : !timed
            ? LAST_DAY
            : data && `within ${rangeText(Date.parse(data.from), Date.parse(data.until))}`}
      </span>
      {data?.through != null && (
        <span className="text-paused">
          {' '}
          · counted back to <Time at={data.through} as="short" /> only
        </span>
      )}
    </h2>
  )
  const ranges = (
    <ul aria-label="Time" className="-mr-2 flex text-small">
      {LASTS.map(last => (
        <Range key={last} search={{ ...withoutTime(search), last }} on={search.last === last}>
          {last}
        </Range>
      ))}
      <Range search={withoutTime(search)} on={!timed}>
        all
      </Range>
      {timed && (
        <Range search={{ ...withoutTime(search), ...wider(search) }} on={false}>
          wider
        </Range>
      )}
    </ul>
  )
  return (
    <div className="flex flex-col gap-2">
      <States search={search} counts={counts.counts} least={counts.least} />
      <section aria-label="When they were created" className="rounded border border-line bg-surface px-3 pb-1 pt-1.5">
        {data === undefined ? (
          <>
            <div className="flex min-h-6 flex-wrap items-center justify-between gap-x-4">
              {heading}
              {ranges}
            </div>
            <div className="h-[74px]">{histogram.isError && <p className="py-6 text-center text-soft">The counts cannot be read now.</p>}</div>
          </>
        ) : (
          <Histogram
            label="Runs by when they were created"
            from={Date.parse(data.from)}
            until={Date.parse(data.until)}
            stepMs={data.stepMs}
            series={OUTCOMES.map(({ label, tone, states }) => ({
              label,
              tone,
              values: valuesOf(
                data.buckets,
                states.filter(state => search.state?.includes(state) ?? true),
              ),
            }))}
            onBrush={brush}
            heading={heading}
            aside={ranges}
            onWider={() => (timed ? go(wider(search)) : undefined)}
          />
        )}
      </section>
    </div>
  )
}

function valuesOf(buckets: readonly { counts: Record<string, number> }[], states: readonly string[]): number[] {
  return buckets.map(({ counts }) => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0))
}

function Range({ search, on, children }: { search: RunsSearch; on: boolean; children: string }) {
  return (
    <li>
      <Link
        to="/runs"
        search={search}
        preload={false}
        aria-current={on || undefined}
        className={classes('flex h-6 items-center rounded-small px-2', on ? 'bg-picked font-medium' : 'text-soft hover:bg-hover hover:text-ink')}
      >
        {children}
      </Link>
    </li>
  )
}
