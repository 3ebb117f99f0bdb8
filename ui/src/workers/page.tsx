import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { summaryQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import { workersQuery } from '../api/work.ts'
import { Page } from '../app/page.tsx'
import { present } from '../app/search.ts'
import { counted } from '../format/word.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FilterBox, fits } from '../parts/filter-box.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { workerColumns } from './columns.tsx'
import type { WorkersSearch } from './route.ts'
import { takesFrom, type WorkerRow, workerRows } from './rows.ts'

const route = getRouteApi('/workers')

/** Who does the work: what each runs, and whether it is still there. */
export function WorkersPage() {
  const namespace = useNamespace()
  const { find, queue, definition } = route.useSearch()
  const navigate = useNavigate()
  const workers = useQuery(workersQuery(namespace))
  const summary = useQuery(summaryQuery(namespace))
  const all = workerRows(workers.data?.workers ?? [], summary.data?.needs ?? [])
  const rows = all.filter(row => isShown(row, { find, queue, definition } as WorkersSearch))
  const there = workers.data?.workers ?? []
  const slots = there.reduce((sum, worker) => sum + worker.slots, 0)
  const running = there.reduce((sum, worker) => sum + worker.running.length, 0)
  const look = (next: { [Name in keyof WorkersSearch]?: string | undefined }): void =>
    void navigate({ to: '/workers', search: present({ find, queue, definition, ...next }), replace: 'find' in next })
  return (
    <Page title="Workers" fills actions={<AsCommand text={commandText(namespace, 'worker', 'ls')} />}>
      <div className="flex flex-wrap items-center gap-2 px-4 py-3 max-sm:px-3">
        <FilterBox
          label="Filter workers"
          placeholder="Filter by name, definition, queue, label"
          value={find ?? ''}
          onChange={text => look({ find: text || undefined })}
        />
        {queue !== undefined && (
          <Button icon="close" onClick={() => look({ queue: undefined })}>
            take from {queue}
          </Button>
        )}
        {definition !== undefined && (
          <Button icon="close" onClick={() => look({ definition: undefined })}>
            serve {definition}
          </Button>
        )}
        <span className="grow" />
        {there.length > 0 && (
          <span className="text-soft">
            {counted(there.length, 'worker')}, {counted(running, 'slot')} of {slots} in use
          </span>
        )}
      </div>
      {workers.isPending ? (
        <Skeleton lines={8} />
      ) : workers.data === undefined ? (
        <ErrorState error={workers.error} retry={() => void workers.refetch()} />
      ) : (
        <DataTable
          label="Workers"
          rows={rows}
          columns={workerColumns}
          rowKey={({ id }) => id}
          onOpen={({ id }) => void navigate({ to: '/workers/$id', params: { id }, search: {} })}
          empty={
            all.length === 0 ? (
              <EmptyState icon="workers" title="No worker is here" command={commandText(namespace, 'worker', 'jobs.ts')}>
                A worker is a process of yours that runs your jobs: it asks this server for work. Start one beside your code, as many as you like:
              </EmptyState>
            ) : (
              <EmptyState icon="search" title="No worker fits" command={commandText(namespace, 'worker', 'ls')}>
                Take a word away, or look at all of them.
              </EmptyState>
            )
          }
        />
      )}
    </Page>
  )
}

function isShown(row: WorkerRow, { find, queue, definition }: WorkersSearch): boolean {
  if (row.is === 'silent') return queue === undefined && definition === undefined && fits(find, row.name, row.id, 'silent')
  const { serves, queues, labels } = row.worker
  return (
    (queue === undefined || takesFrom(row.worker, queue)) &&
    (definition === undefined || serves.some(one => one.definition === definition)) &&
    fits(
      find,
      row.name,
      row.id,
      ...queues,
      ...serves.map(one => one.definition),
      ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
    )
  )
}
