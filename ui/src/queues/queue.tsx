import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { queuesQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import type { Queue } from '../api/work.ts'
import { Page } from '../app/page.tsx'
import { useNow } from '../format/clock.ts'
import { Command, commandText } from '../parts/command.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { Notice } from '../parts/notice.tsx'
import { PauseActions, PausedNotice } from '../parts/pause.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Duration } from '../parts/time.tsx'
import { troubleOf } from './attention.ts'
import { QueueState } from './columns.tsx'
import { QueueFigures } from './figures.tsx'
import { Oldest } from './oldest.tsx'
import { Serving } from './serving.tsx'
import { Throughput } from './throughput.tsx'

const route = getRouteApi('/queues/$name')

/** One queue: whether it moves, what waits in it and why, who works on it, and what shapes its order. */
export function QueuePage() {
  const namespace = useNamespace()
  const { name } = route.useParams()
  const queues = useQuery(queuesQuery(namespace))
  const queue = queues.data?.queues.find(one => one.name === name)
  return (
    <Page
      title={name}
      heading={
        <Crumbs to="/queues" list="Queues" name={name}>
          {queue && <QueueState queue={queue} />}
        </Crumbs>
      }
      actions={queue && <PauseActions namespace={namespace} noun="queue" name={name} paused={queue.paused} />}
    >
      {queues.isPending ? (
        <Skeleton lines={10} />
      ) : queues.data === undefined ? (
        <ErrorState error={queues.error} retry={() => void queues.refetch()} />
      ) : queue === undefined ? (
        <EmptyState
          icon="queues"
          title={`Nothing is in a queue ${name}, and no definition names it`}
          command={commandText(namespace, 'start', 'NAME', '{}', '--queue', name)}
        >
          It is there as soon as a run is:
        </EmptyState>
      ) : (
        <Known namespace={namespace} queue={queue} />
      )}
    </Page>
  )
}

function Known({ namespace, queue }: { namespace: string; queue: Queue }) {
  return (
    <>
      <Warning namespace={namespace} queue={queue} />
      <QueueFigures queue={queue} />
      <Throughput namespace={namespace} queue={queue.name} />
      <Oldest namespace={namespace} queue={queue} />
      <Serving namespace={namespace} queue={queue} />
    </>
  )
}

function Warning({ namespace, queue }: { namespace: string; queue: Queue }) {
  const trouble = troubleOf(queue, useNow())
  if (trouble === null) return null
  if (queue.paused !== null) return <PausedNotice paused={queue.paused} waiting={queue.depth} />
  if (trouble === 'no-worker')
    return (
      <Notice tone="failed" action={<Command text={commandText(namespace, 'worker', 'jobs.ts', '--queues', queue.name)} />}>
        <p>
          <b className="font-semibold">No worker takes from it</b>: {queue.depth === 1 ? 'one run waits' : `${queue.depth} runs wait`}.
        </p>
        <p className="text-soft">A worker takes from all queues unless it names some, and not while it is drained.</p>
      </Notice>
    )
  if (trouble === 'untaken')
    return (
      <Notice tone="failed" action={<Command text={commandText(namespace, 'definition', 'show', queue.untaken[0] ?? '')} />}>
        <p>
          <b className="font-semibold">No worker takes {queue.untaken.slice(0, 5).join(', ')}</b>
          {queue.untaken.length > 5 && ` and ${queue.untaken.length - 5} more`}: what waits of it here goes on waiting.
        </p>
        <p className="text-soft">Those that take from this queue do not serve it, lack a label that it asks for, or are drained.</p>
      </Notice>
    )
  return (
    <Notice tone="warning">
      <p>
        <b className="font-semibold">
          The oldest waits for <Duration from={queue.oldestAt} to={null} />
        </b>{' '}
        although {queue.workers === 1 ? 'a worker takes' : `${queue.workers} workers take`} from it.
      </p>
      <p className="text-soft">Below it says of each what keeps it: a limit, a definition that nobody serves, or too few slots.</p>
    </Notice>
  )
}
