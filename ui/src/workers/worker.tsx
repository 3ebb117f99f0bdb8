import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { definitionsQuery, summaryQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import { type Worker, workersQuery } from '../api/work.ts'
import { Page } from '../app/page.tsx'
import { commandText } from '../parts/command.tsx'
import { Count } from '../parts/count.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { Figure, Figures } from '../parts/figures.tsx'
import { Meter } from '../parts/meter.tsx'
import { Notice } from '../parts/notice.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { DrainActions } from './drain.tsx'
import { Gone } from './gone.tsx'
import { stateOf, workerRows } from './rows.ts'
import { Running } from './running.tsx'
import { Serves } from './serves.tsx'
import { type Taken, takenOf } from './taken.ts'

const route = getRouteApi('/workers/$id')

/** One worker: what it runs now, what it serves, and how to let it go in peace. */
export function WorkerPage() {
  const namespace = useNamespace()
  const { id } = route.useParams()
  const workers = useQuery(workersQuery(namespace))
  const summary = useQuery(summaryQuery(namespace))
  const row = workerRows(workers.data?.workers ?? [], summary.data?.needs ?? []).find(one => one.id === id)
  const name = row?.name ?? id.slice(-6)
  return (
    <Page
      title={name}
      heading={
        <Crumbs to="/workers" list="Workers" name={name}>
          {row && <StateBadge state={stateOf(row)} />}
        </Crumbs>
      }
      actions={row?.is === 'there' && <DrainActions namespace={namespace} worker={row.worker} />}
    >
      {workers.isPending || (row === undefined && summary.isPending) ? (
        <Skeleton lines={10} />
      ) : workers.data === undefined ? (
        <ErrorState error={workers.error} retry={() => void workers.refetch()} />
      ) : row === undefined ? (
        <EmptyState icon="workers" title="This worker is not here any more" command={commandText(namespace, 'worker', 'ls')}>
          It said goodbye, or was last heard of more than an hour ago. What it ran is told by those runs.
        </EmptyState>
      ) : row.is === 'silent' ? (
        <Gone namespace={namespace} id={row.id} name={row.name} lastSeenAt={row.lastSeenAt} />
      ) : (
        <There namespace={namespace} worker={row.worker} />
      )}
    </Page>
  )
}

function There({ namespace, worker }: { namespace: string; worker: Worker }) {
  return (
    <>
      <Draining worker={worker} />
      <WorkerFigures namespace={namespace} worker={worker} />
      <Running namespace={namespace} worker={worker} />
      <Serves namespace={namespace} worker={worker} />
    </>
  )
}

/** Asked, then done: a drain has come to its end when nothing runs any more. */
function Draining({ worker: { draining, drained, running } }: { worker: Worker }) {
  if (!draining) return null
  const left = running.length
  return (
    <Notice tone={left === 0 ? 'good' : 'paused'}>
      <p>
        {left === 0 ? (
          <>
            <b className="font-semibold">It is empty</b>: its process can be ended without anything being lost.
          </>
        ) : (
          <>
            <b className="font-semibold">Draining</b>: {left === 1 ? 'one run is' : `${left} runs are`} still on {left === 1 ? 'its' : 'their'} way to
            the end.
          </>
        )}
      </p>
      {drained !== null && (
        <p className="text-soft">
          It gets no new run{drained.by !== null && `, by word of ${drained.by}`}, since <Time at={drained.since} as="short" /> (
          <Duration from={drained.since} to={null} />)
          {drained.note !== null && (
            <>
              : <q>{drained.note}</q>
            </>
          )}
        </p>
      )}
    </Notice>
  )
}

function WorkerFigures({ namespace, worker }: { namespace: string; worker: Worker }) {
  const { name, running, serves, queues, lastSeenAt, draining } = worker
  const { slots, units } = takenOf(worker, useQuery(definitionsQuery(namespace)).data?.definitions ?? [])
  const stuck = running.filter(task => task.stuck).length
  return (
    <Figures>
      <InUse label="Slots in use" of={name} taken={slots} />
      {units.map(unit => (
        <InUse key={unit.name} label={`Of ${unit.name}`} of={name} taken={unit} />
      ))}
      <Figure
        label="Stuck handlers"
        value={<Count of={stuck} />}
        note={stuck === 0 ? 'all stop when they are asked' : 'ignore that they were asked'}
        tone={stuck > 0 ? 'bad' : undefined}
      />
      <Figure label="Serves" value={<Count of={serves.length} />} note={serves.length === 1 ? 'definition' : 'definitions'} />
      <Figure
        label="Takes from"
        value={queues.length === 0 ? 'all' : <Count of={queues.length} />}
        note={queues.length === 0 ? 'queues' : queues.join(', ')}
      />
      <Figure label="Last seen" value={<Time at={lastSeenAt} />} note={draining ? 'gets no new run' : 'asks for work'} />
    </Figures>
  )
}

function InUse({ label, of, taken }: { label: string; of: string; taken: Taken }) {
  return (
    <Figure
      label={label}
      value={
        <>
          <Count of={taken.used} />
          <span className="text-title font-normal text-soft"> of {taken.of}</span>
        </>
      }
      note={<Meter label={`${taken.name} of ${of}`} used={taken.used} of={taken.of} bare />}
    />
  )
}
