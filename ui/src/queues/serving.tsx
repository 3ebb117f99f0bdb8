import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { definitionsQuery } from '../api/names.ts'
import { type DefinitionRow, type Limit, limitsQuery, type Queue, type Worker, workersQuery } from '../api/work.ts'
import { counted } from '../format/word.ts'
import { commandText } from '../parts/command.tsx'
import { Count } from '../parts/count.tsx'
import type { Column } from '../parts/data-table.tsx'
import { Meter } from '../parts/meter.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { Shares } from '../parts/shares.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'

const DEFAULT_QUEUE = 'default'

/** Who takes from the queue, whose runs are in it by themselves, how these share it, and which limits hold. */
export function Serving({ namespace, queue }: { namespace: string; queue: Queue }) {
  const { name } = queue
  const workers = useQuery(workersQuery(namespace)).data?.workers.filter(({ queues }) => queues.length === 0 || queues.includes(name))
  const definitions = useQuery(definitionsQuery(namespace)).data?.definitions.filter(({ options }) => (options.queue ?? DEFAULT_QUEUE) === name)
  const limits = useQuery(limitsQuery(namespace)).data?.limits.filter(limit => concerns(limit, name, definitions ?? []))
  return (
    <div className="grid grid-cols-2 items-start gap-4 max-lg:grid-cols-1">
      {definitions?.some(({ options }) => options.fair !== undefined) && (
        <div className="col-span-full min-w-0">
          <Shares namespace={namespace} queue={name} title="Whose turn it is" />
        </div>
      )}
      <Panel title="Workers that take from it" padded={false}>
        {workers === undefined ? (
          <Skeleton lines={3} />
        ) : (
          <Rows
            label="Workers that take from it"
            columns={WORKERS}
            rows={workers.toSorted((a, b) => a.name.localeCompare(b.name))}
            rowKey={worker => worker.id}
            empty={
              <EmptyState small icon="workers" title="Nobody takes from it" command={commandText(namespace, 'worker', 'jobs.ts', '--queues', name)} />
            }
          />
        )}
      </Panel>
      <div className="flex flex-col gap-4">
        <Panel title="Definitions in it" padded={false}>
          {definitions === undefined ? (
            <Skeleton lines={3} />
          ) : (
            <Rows
              label="Definitions in it"
              columns={DEFINITIONS}
              rows={definitions}
              rowKey={definition => definition.name}
              empty={
                <EmptyState small icon="definitions" title="No definition names it">
                  Runs get here by their start, such as <code>start(input, {`{ queue: '${name}' }`})</code>.
                </EmptyState>
              }
            />
          )}
        </Panel>
        {limits !== undefined && limits.length > 0 && (
          <Panel title="Limits that hold here" padded={false}>
            <Rows label="Limits that hold here" columns={LIMITS} rows={limits} rowKey={limit => limit.name} />
          </Panel>
        )}
      </div>
    </div>
  )
}

function concerns({ name: limit, on }: Limit, queue: string, definitions: readonly DefinitionRow[]): boolean {
  if (on === 'namespace') return true
  if (on === 'pool') return definitions.some(({ options }) => options.limits?.some(({ pool }) => pool === limit))
  return 'queue' in on ? on.queue === queue : definitions.some(({ name }) => name === on.definition)
}

const WORKERS: readonly Column<Worker>[] = [
  {
    id: 'name',
    header: 'Worker',
    cell: ({ id, name }) => (
      <Link to="/workers/$id" params={{ id }} search={{}} className="font-medium hover:underline">
        {name}
      </Link>
    ),
  },
  {
    id: 'state',
    header: 'State',
    priority: 2,
    cell: worker => <StateBadge state={worker.draining ? 'draining' : worker.running.length > 0 ? 'busy' : 'idle'} />,
  },
  {
    id: 'slots',
    header: 'Slots',
    width: '45%',
    cell: ({ name, running, slots }) => <Meter label={`Slots of ${name}`} used={running.length} of={slots} />,
  },
  { id: 'seen', header: 'Seen', align: 'end', cell: worker => <Time at={worker.lastSeenAt} /> },
]

const DEFINITIONS: readonly Column<DefinitionRow>[] = [
  {
    id: 'name',
    header: 'Definition',
    cell: ({ name }) => (
      <Link to="/definitions/$name" params={{ name }} search={{}} className="font-medium hover:underline">
        {name}
      </Link>
    ),
  },
  { id: 'share', header: 'Fair share', width: '50%', cell: ({ options }) => <Share fair={options.fair} /> },
  { id: 'priority', header: 'Priority', align: 'end', cell: ({ options }) => <span className="numeric">{options.priority ?? 0}</span> },
]

function Share({ fair }: { fair: DefinitionRow['options']['fair'] }) {
  if (fair === undefined) return <span className="text-soft">first come, first served</span>
  const { per, weights = {} } = typeof fair === 'string' ? { per: fair } : fair
  const heavy = Object.entries(weights)
  return (
    <span>
      each <code>{per}</code> takes turns
      {heavy.length > 0 && <span className="text-soft"> ({heavy.map(([name, weight]) => `${name || 'none'} ×${weight}`).join(', ')})</span>}
    </span>
  )
}

const LIMITS: readonly Column<Limit>[] = [
  {
    id: 'name',
    header: 'Limit',
    cell: ({ name }) => (
      <Link to="/limits/$name" params={{ name }} search={{}} className="font-medium hover:underline">
        {name}
      </Link>
    ),
  },
  {
    id: 'used',
    header: 'Used',
    width: '50%',
    cell: ({ name, per, used, keys, concurrency, rate }) =>
      per === null ? (
        <Meter label={`Used of ${name}`} used={used} of={concurrency ?? rate ?? 0} />
      ) : (
        <span>
          <Count of={used} /> <span className="text-soft">over</span> {counted(keys, 'key')}
        </span>
      ),
  },
]
