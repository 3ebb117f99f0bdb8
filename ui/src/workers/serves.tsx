import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { definitionsQuery } from '../api/names.ts'
import type { Worker } from '../api/work.ts'
import { versionText } from '../format/word.ts'
import { Copy } from '../parts/copy.tsx'
import type { Column } from '../parts/data-table.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Labels } from './columns.tsx'

type Served = Worker['serves'][number]

/** Which definitions it has, in which version, and what else is known of it. */
export function Serves({ namespace, worker }: { namespace: string; worker: Worker }) {
  const { id, name, serves, queues, labels } = worker
  const definitions = useQuery(definitionsQuery(namespace)).data?.definitions ?? []
  const newest = new Map(definitions.map(definition => [definition.name, definition.version]))
  const columns: readonly Column<Served>[] = [
    {
      id: 'definition',
      header: 'Definition',
      cell: ({ definition }) => (
        <Link to="/definitions/$name" params={{ name: definition }} search={{}} className="hover:underline">
          {definition}
        </Link>
      ),
    },
    { id: 'version', header: 'Version', cell: ({ version }) => <code>{version === null ? 'any' : versionText(version)}</code> },
    {
      id: 'is',
      header: 'Is it the newest',
      align: 'end',
      cell: ({ definition, version }) => <Newest version={version} newest={newest.get(definition)} />,
    },
  ]
  return (
    <div className="grid grid-cols-[2fr_1fr] items-start gap-4 max-lg:grid-cols-1">
      <Panel title="Serves" padded={false}>
        <Rows
          label={`Definitions that ${name} serves`}
          columns={columns}
          rows={serves.toSorted((a, b) => (a.definition < b.definition ? -1 : 1))}
          rowKey={({ definition }) => definition}
          empty={
            <EmptyState small icon="definitions" title="It serves nothing">
              It has asked for no definition, so it gets no run.
            </EmptyState>
          }
        />
      </Panel>
      <Panel title="Facts">
        <Facts
          facts={[
            [
              'Id',
              <span key="id" className="inline-flex items-center gap-1">
                <code>…{id.slice(-8)}</code>
                <Copy text={id} label="Copy the worker's id" />
              </span>,
            ],
            [
              'Takes from',
              queues.length === 0
                ? 'all queues'
                : queues.map(queue => (
                    <Link key={queue} to="/queues/$name" params={{ name: queue }} search={{}} className="mr-2 hover:underline">
                      {queue}
                    </Link>
                  )),
            ],
            ['Labels', <Labels key="labels" labels={labels} />],
          ]}
        />
      </Panel>
    </div>
  )
}

function Newest({ version, newest }: { version: string | null; newest: string | undefined }) {
  if (version === null || newest === undefined) return <span className="text-soft">–</span>
  return version === newest ? <span className="text-soft">yes</span> : <span className="font-medium text-paused">older than the newest</span>
}
