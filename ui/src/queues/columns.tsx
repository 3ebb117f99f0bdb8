import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { RunState } from '../api/client.ts'
import type { Queue } from '../api/work.ts'
import { useNow } from '../format/clock.ts'
import { Spark } from '../parts/chart.tsx'
import { LINK } from '../parts/classes.ts'
import { Count } from '../parts/count.tsx'
import type { Column } from '../parts/data-table.tsx'
import { Icon } from '../parts/icons.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Duration } from '../parts/time.tsx'
import { closedOf, troubleOf } from './attention.ts'
import { queueHistogramQuery } from './queries.ts'

export function queueColumns(namespace: string): readonly Column<Queue>[] {
  return [
    {
      id: 'name',
      header: 'Queue',
      width: 'minmax(120px, 1.6fr)',
      card: 'title',
      cell: ({ name }) => (
        <Link to="/queues/$name" params={{ name }} search={{}} preload="intent" className="font-medium hover:underline">
          {name}
        </Link>
      ),
    },
    { id: 'state', header: 'State', width: 'minmax(132px, 1.6fr)', card: 'end', cell: queue => <QueueState queue={queue} withNote /> },
    {
      id: 'waiting',
      header: 'Waiting',
      width: '72px',
      align: 'end',
      cell: queue => <Runs queue={queue.name} state="queued" count={queue.depth} word="waiting" />,
    },
    { id: 'oldest', header: 'Oldest', width: '84px', align: 'end', card: 'none', cell: ({ oldestAt }) => <Oldest at={oldestAt} /> },
    {
      id: 'running',
      header: 'Running',
      width: '72px',
      align: 'end',
      cell: queue => <Runs queue={queue.name} state="running" count={queue.running} word="running" />,
    },
    {
      id: 'scheduled',
      header: 'Scheduled',
      width: '80px',
      align: 'end',
      priority: 2,
      card: 'none',
      cell: queue => <Runs queue={queue.name} state={['scheduled', 'waiting']} count={queue.scheduled} word="scheduled" />,
    },
    {
      id: 'parked',
      header: 'Parked',
      width: '64px',
      align: 'end',
      priority: 2,
      card: 'none',
      cell: queue => <Runs queue={queue.name} state="paused" count={queue.parked} word="parked" warn />,
    },
    { id: 'hour', header: 'Last hour', width: 'minmax(120px, 1fr)', priority: 3, card: 'none', cell: queue => <LastHour queue={queue} /> },
    { id: 'spark', header: 'Started', width: '88px', priority: 3, card: 'none', cell: queue => <QueueSpark namespace={namespace} queue={queue} /> },
    {
      id: 'workers',
      header: 'Workers',
      width: '68px',
      align: 'end',
      cell: ({ name, workers }) => (
        <Link to="/workers" search={{ queue: name }} className={workers === 0 ? 'text-soft hover:underline' : 'hover:underline'}>
          <Count of={workers} />
          <span className="sm:hidden"> workers</span>
        </Link>
      ),
    },
  ]
}

/** What keeps it from being worked on, in a badge. */
export function QueueState({ queue, withNote = false }: { queue: Queue; withNote?: boolean }) {
  const trouble = troubleOf(queue, useNow())
  if (trouble === 'no-worker' || trouble === 'untaken')
    return (
      <span className="inline-flex items-center gap-1.5 whitespace-nowrap font-medium text-failed">
        <Icon name="warning" size={14} /> {trouble === 'untaken' ? `no worker for ${queue.untaken[0]}` : 'no worker'}
      </span>
    )
  if (trouble === 'slow')
    return (
      <span className="inline-flex items-center gap-1.5 whitespace-nowrap font-medium text-paused">
        <Icon name="warning" size={14} /> waits long
      </span>
    )
  if (trouble === 'paused') return <PausedBadge reason={withNote ? pauseText(queue) : null} />
  return <StateBadge state={queue.running > 0 ? 'busy' : 'idle'} />
}

/** On a card the note has no room: the badge says that there is a pause. */
function PausedBadge({ reason }: { reason: string | null }) {
  return (
    <>
      <span className="max-sm:hidden">
        <StateBadge state="paused" reason={reason} />
      </span>
      <span className="sm:hidden">
        <StateBadge state="paused" />
      </span>
    </>
  )
}

function pauseText({ paused }: Queue): string | null {
  if (paused === null) return null
  return [paused.by === null ? '' : `by ${paused.by}`, paused.note ?? ''].filter(text => text !== '').join(': ') || null
}

function Runs({
  queue,
  state,
  count,
  word,
  warn = false,
}: {
  queue: string
  state: RunState | RunState[]
  count: number
  word: string
  warn?: boolean
}) {
  return (
    <Link
      to="/runs"
      search={{ queue: [queue], state: [state].flat() }}
      className={count === 0 ? 'text-soft hover:underline' : warn ? 'font-medium text-paused hover:underline' : 'font-medium hover:underline'}
    >
      <Count of={count} compact />
      <span className="sm:hidden"> {word}</span>
    </Link>
  )
}

function Oldest({ at }: { at: string | null }) {
  const now = useNow()
  if (at === null) return <span className="text-soft">–</span>
  const late = now - Date.parse(at) > 300_000
  return (
    <span className={late ? 'font-medium text-paused' : ''}>
      {late && <span className="hidden-text">waits long: </span>}
      <Duration from={at} to={null} />
    </span>
  )
}

function LastHour({ queue: { name, lastHour } }: { queue: Queue }) {
  const { completed, failed } = closedOf(lastHour.closed)
  if (completed + failed === 0) return <span className="text-soft">nothing closed</span>
  return (
    <span className="inline-flex gap-3">
      <Link to="/runs" search={{ queue: [name], state: ['completed'] }} className="inline-flex items-center gap-1 hover:underline" title="completed">
        <Icon name="completed" size={12} className="text-completed" />
        <Count of={completed} compact />
        <span className="hidden-text">completed</span>
      </Link>
      {failed > 0 && (
        <Link
          to="/runs"
          search={{ queue: [name], state: ['failed', 'timed_out'] }}
          className={`inline-flex items-center gap-1 ${LINK}`}
          title="failed"
        >
          <Icon name="failed" size={12} className="text-failed" />
          <Count of={failed} compact />
          <span className="hidden-text">failed</span>
        </Link>
      )}
    </span>
  )
}

const SPARK_BUCKETS = 30
/** Only of what did something: an idle queue costs no call. */
function QueueSpark({ namespace, queue }: { namespace: string; queue: Queue }) {
  const { started } = queue.lastHour
  const histogram = useQuery({
    ...queueHistogramQuery(namespace, queue.name, '1h', SPARK_BUCKETS),
    meta: {},
    enabled: started > 0,
    staleTime: 60_000,
  })
  const values = histogram.data?.buckets.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0))
  if (started === 0 || values === undefined) return <span className="text-soft">–</span>
  return (
    <span className="inline-flex items-center gap-2 align-middle" title={`${started} started in the last hour`}>
      <Spark values={values} color="var(--running)" width={56} />
      <Count of={started} compact />
      <span className="hidden-text">started in the last hour</span>
    </span>
  )
}
