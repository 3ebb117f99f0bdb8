import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Chart, type Series } from '../parts/chart.tsx'
import { Panel } from '../parts/panel.tsx'
import { stateColor } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Views } from '../parts/views.tsx'
import { queueHistogramQuery } from './queries.ts'

const route = getRouteApi('/queues/$name')
const GROUPS = [
  ['completed', ['completed']],
  ['failed', ['failed', 'timed_out']],
  ['running', ['running']],
  ['queued', ['queued', 'scheduled', 'waiting']],
  ['paused', ['paused']],
  ['cancelled', ['cancelled', 'terminated']],
] as const

/** Runs of the queue by when they were created, and what has become of them; a range that is drawn shows its runs. */
export function Throughput({ namespace, queue }: { namespace: string; queue: string }) {
  const { range = '1h' } = route.useSearch()
  const navigate = useNavigate()
  const histogram = useQuery(queueHistogramQuery(namespace, queue, range))
  const { data } = histogram
  const series: Series[] = GROUPS.map(([label, states]) => ({
    label,
    color: stateColor(label),
    values: (data?.buckets ?? []).map(({ counts }) => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0)),
  })).filter(({ label, values }) => label === 'completed' || values.some(value => value > 0))
  return (
    <Panel
      title="Runs by when they were created"
      aside={
        <Views
          label="Range"
          small
          value={range}
          onChange={next => void navigate({ to: '/queues/$name', params: { name: queue }, search: next === '1h' ? {} : { range: next } })}
          views={[
            { value: '1h', label: '1 h' },
            { value: '6h', label: '6 h' },
            { value: '24h', label: '24 h' },
          ]}
        />
      }
    >
      {histogram.isPending ? (
        <Skeleton lines={4} />
      ) : data === undefined ? (
        <ErrorState error={histogram.error} retry={() => void histogram.refetch()} />
      ) : series.every(({ values }) => values.every(value => value === 0)) ? (
        <p className="text-soft">No run was created in the last {range === '1h' ? 'hour' : range.replace('h', ' hours')}.</p>
      ) : (
        <Chart
          label={`Runs of the queue ${queue} in the last ${range}, by state`}
          as="bars"
          height={132}
          times={data.buckets.map(({ at }) => Date.parse(at))}
          series={series}
          onBrush={(from, until) =>
            void navigate({
              to: '/runs',
              search: { queue: [queue], createdAfter: new Date(from).toISOString(), createdBefore: new Date(until).toISOString() },
            })
          }
        />
      )}
    </Panel>
  )
}
