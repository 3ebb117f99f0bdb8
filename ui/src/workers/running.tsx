import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call, client } from '../api/client.ts'
import type { Worker } from '../api/work.ts'
import { counted } from '../format/word.ts'
import type { Column } from '../parts/data-table.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { RunLink } from '../parts/run-rows.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'

type Task = Worker['running'][number]

const COLUMNS: readonly Column<Task>[] = [
  { id: 'run', header: 'Run', cell: ({ run }) => <RunLink run={run} /> },
  {
    id: 'definition',
    header: 'Definition',
    width: '40%',
    cell: ({ definition }) => (
      <Link to="/definitions/$name" params={{ name: definition }} search={{}} className="font-medium hover:underline">
        {definition}
      </Link>
    ),
  },
  { id: 'state', header: 'State', cell: ({ stuck }) => <StateBadge state={stuck ? 'stuck' : 'running'} /> },
  { id: 'attempt', header: 'Attempt', align: 'end', priority: 2, cell: ({ attempt }) => <span className="numeric">{attempt}</span> },
  { id: 'since', header: 'Since', align: 'end', priority: 2, cell: ({ since }) => <Time at={since} as="clock" /> },
  { id: 'for', header: 'Runs for', align: 'end', cell: ({ since }) => <Duration from={since} to={null} /> },
]

/** What it runs now, the longest first, and of a stuck handler where it was seen last. */
export function Running({ namespace, worker: { name, running } }: { namespace: string; worker: Worker }) {
  const tasks = running.toSorted((a, b) => (a.since < b.since ? -1 : 1))
  return (
    <>
      {tasks
        .filter(({ stuck }) => stuck)
        .map(task => (
          <Stuck key={task.run} namespace={namespace} task={task} />
        ))}
      <Panel title="Runs now" padded={false} aside={tasks.length > 0 && counted(tasks.length, 'run')}>
        <Rows
          label={`What ${name} runs now`}
          columns={COLUMNS}
          rows={tasks}
          rowKey={({ run }) => run}
          empty={
            <EmptyState small icon="ring" title="It runs nothing at the moment">
              It asks for work, and gets the next run that it can do.
            </EmptyState>
          }
        />
      </Panel>
    </>
  )
}

const LINES = 1_000
function Stuck({ namespace, task: { run, definition, since } }: { namespace: string; task: Task }) {
  // The worker reports a handler that goes on in the run's log, with the place where it was seen last.
  const logs = useQuery({
    queryKey: [namespace, 'run', run, 'stuck'],
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/runs/{run}/logs', { params: { path: { namespace, run }, query: { limit: LINES } }, signal })),
  })
  const line = logs.data?.lines.findLast(({ fields }) => fields !== undefined && 'asked' in fields)
  const stack = line?.fields?.stack
  return (
    <Panel
      title={`A handler of ${definition} is stuck`}
      aside={
        <span className="pr-2">
          <RunLink run={run} />
        </span>
      }
    >
      <div className="flex flex-col gap-2">
        <p>
          It was asked to stop and goes on, since <Duration from={since} to={null} />. Its slot stays taken until it returns: hand{' '}
          <code>ctx.signal</code> to what it waits for, or end the worker’s process.
        </p>
        {typeof stack === 'string' ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard
          <section tabIndex={0} aria-label="Where it was seen last" className="overflow-x-auto rounded border border-line bg-ground p-3">
            <pre>{stack}</pre>
          </section>
        ) : (
          <p className="text-soft">Where it was seen last is not known{line === undefined ? ' yet' : ''}.</p>
        )}
      </div>
    </Panel>
  )
}
