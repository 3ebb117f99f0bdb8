import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useNamespace } from '../api/namespace.ts'
import { Command } from '../parts/command.tsx'
import { Count } from '../parts/count.tsx'
import type { Column } from '../parts/data-table.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { namespacesQuery } from './queries.ts'

interface Namespace {
  name: string
  definitions: number
  open: number
  workers: number
}

/** Runs, schedules, queues and limits belong to one; it is there as soon as something is in it. */
export function NamespaceSettings() {
  const current = useNamespace()
  const namespaces = useQuery(namespacesQuery)
  const of = (name: string) => ({ namespace: name === 'default' ? undefined : name })
  const columns: readonly Column<Namespace>[] = [
    {
      id: 'name',
      header: 'Namespace',
      width: '40%',
      cell: ({ name }) => (
        <Link to="/" search={of(name) as never} className="font-medium hover:underline">
          {name}
          {name === current && <span className="ml-2 font-normal text-soft">you are here</span>}
        </Link>
      ),
    },
    {
      id: 'definitions',
      header: 'Definitions',
      align: 'end',
      cell: ({ name, definitions }) => (
        <Link to="/definitions" search={of(name) as never} className="hover:underline">
          <Count of={definitions} />
        </Link>
      ),
    },
    {
      id: 'open',
      header: 'Open runs',
      align: 'end',
      cell: ({ name, open }) => (
        <Link
          to="/runs"
          search={{ ...of(name), state: ['scheduled', 'queued', 'running', 'waiting', 'paused'] } as never}
          className="hover:underline"
        >
          <Count of={open} />
        </Link>
      ),
    },
    {
      id: 'workers',
      header: 'Workers',
      align: 'end',
      cell: ({ name, workers }) => (
        <Link to="/workers" search={of(name) as never} className="hover:underline">
          <Count of={workers} />
        </Link>
      ),
    },
  ]
  if (namespaces.isPending) return <Skeleton lines={4} />
  if (namespaces.data === undefined) return <ErrorState error={namespaces.error} retry={() => void namespaces.refetch()} />
  return (
    <Panel title="Namespaces" padded={false}>
      <Rows label="Namespaces" columns={columns} rows={namespaces.data.namespaces} rowKey={({ name }) => name} />
      <div className="flex flex-wrap items-center gap-3 border-t border-line px-3 py-3 text-soft">
        One is there as soon as something is in it:
        <Command text="mainspring worker jobs.ts --namespace staging" />
      </div>
    </Panel>
  )
}
