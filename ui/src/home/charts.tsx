import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { durationText } from '../format/time.ts'
import { Chart } from '../parts/chart.tsx'
import { classes } from '../parts/classes.ts'
import { Panel } from '../parts/panel.tsx'
import { softColor, stateColor } from '../parts/state-badge.tsx'
import { ErrorState } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { gathered } from './points.ts'
import { activityQuery, HOURS, type Hours } from './queries.ts'

/** Throughput and latency of the last hours. */
export function Charts({ namespace, hours }: { namespace: string; hours: Hours }) {
  const navigate = useNavigate()
  const { data, isError, error, refetch } = useQuery(activityQuery(namespace, hours))
  const points = useMemo(() => (data === undefined ? null : gathered(data.points, data.stepMs)), [data])
  const brush = (from: number, until: number): void =>
    void navigate({
      to: '/runs',
      search: { createdAfter: new Date(Math.floor(from)).toISOString(), createdBefore: new Date(Math.ceil(until)).toISOString() },
    })
  if (points === null || data === undefined)
    return isError ? <ErrorState error={error} retry={() => void refetch()} /> : <div className="h-62 rounded border border-line bg-surface" />
  const since = Date.parse(data.countedSince) > Date.parse(data.from) ? data.countedSince : null
  return (
    <div className="grid grid-cols-2 gap-4 max-lg:grid-cols-1">
      <Panel title="Throughput" aside={<Ranges hours={hours} />}>
        <Chart
          label={`Runs that closed in the last ${hours} hours, by how`}
          as="bars"
          times={points.times}
          series={[
            { label: 'failed', color: stateColor('failed'), values: points.failed },
            { label: 'cancelled', color: stateColor('cancelled'), values: points.cancelled },
            { label: 'completed', color: softColor('completed'), values: points.completed },
          ]}
          onBrush={brush}
          height={148}
        />
        <p className="mt-1 text-tiny text-soft">closed in {durationText(points.stepMs)} each · drag to see the runs</p>
      </Panel>
      <Panel title="Latency">
        <Chart
          label={`How long tasks waited and attempts ran in the last ${hours} hours`}
          times={points.times}
          series={[
            { label: 'wait p50', color: stateColor('queued'), values: points.waitP50 },
            { label: 'wait p95', color: stateColor('queued'), values: points.waitP95, dashed: true },
            { label: 'run p50', color: stateColor('running'), values: points.runP50 },
            { label: 'run p95', color: stateColor('running'), values: points.runP95, dashed: true },
          ]}
          format={durationText}
          log
          height={148}
        />
        <p className="mt-1 text-tiny text-soft">
          worst minute of {durationText(points.stepMs)} each
          {since !== null && (
            <>
              {' '}
              · waits are known since <Time at={since} as="short" />
            </>
          )}
        </p>
      </Panel>
    </div>
  )
}

function Ranges({ hours }: { hours: Hours }) {
  return (
    <ul aria-label="How far back" className="-mr-1.5 flex text-small">
      {HOURS.map(each => (
        <li key={each}>
          <Link
            to="/"
            search={(before: object) => ({ ...before, hours: each }) as never}
            resetScroll={false}
            aria-current={each === hours || undefined}
            className={classes(
              'flex h-6 items-center rounded-small px-2',
              each === hours ? 'bg-picked font-medium text-ink' : 'hover:bg-hover hover:text-ink',
            )}
          >
            {each} h
          </Link>
        </li>
      ))}
    </ul>
  )
}
