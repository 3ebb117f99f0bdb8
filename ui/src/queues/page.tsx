import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { queuesQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { present } from '../app/search.ts'
import { useNow } from '../format/clock.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FilterBox, fits } from '../parts/filter-box.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Views } from '../parts/views.tsx'
import { isBusy, troubleOf } from './attention.ts'
import { queueColumns } from './columns.tsx'
import type { QueuesShown } from './route.ts'

const route = getRouteApi('/queues')

/** What waits where, and whether anybody works on it. */
export function QueuesPage() {
  const namespace = useNamespace()
  const search = route.useSearch()
  const { find, show = 'all' } = search
  const navigate = useNavigate()
  const now = useNow()
  const queues = useQuery(queuesQuery(namespace))
  const all = queues.data?.queues ?? []
  const shown = {
    all,
    busy: all.filter(isBusy),
    attention: all.filter(queue => troubleOf(queue, now) !== null || queue.parked > 0),
  }
  const rows = shown[show].filter(queue => fits(find, queue.name, queue.paused?.by, queue.paused?.note))
  const look = (next: { find?: string | undefined; show?: QueuesShown | undefined }): void =>
    void navigate({ to: '/queues', search: present({ ...search, ...next }), replace: next.find !== undefined })
  return (
    <Page title="Queues" fills actions={<AsCommand text={commandText(namespace, 'queue', 'ls')} />}>
      <div className="flex flex-wrap items-center gap-2 px-4 py-3 max-sm:px-3">
        <FilterBox
          label="Filter queues"
          placeholder="Filter by name or note"
          value={find ?? ''}
          onChange={text => look({ find: text || undefined })}
        />
        <Views
          label="Which queues"
          value={show}
          onChange={next => look({ show: next === 'all' ? undefined : next })}
          views={[
            { value: 'all', label: 'All', count: all.length },
            { value: 'busy', label: 'Busy', count: shown.busy.length },
            { value: 'attention', label: 'Need attention', count: shown.attention.length },
          ]}
        />
      </div>
      {queues.isPending ? (
        <Skeleton lines={10} />
      ) : queues.data === undefined ? (
        <ErrorState error={queues.error} retry={() => void queues.refetch()} />
      ) : (
        <DataTable
          label="Queues"
          rows={rows}
          columns={queueColumns(namespace)}
          rowKey={queue => queue.name}
          onOpen={queue => void navigate({ to: '/queues/$name', params: { name: queue.name }, search: {} })}
          empty={<Nothing namespace={namespace} isFiltered={all.length > 0} show={show} />}
        />
      )}
    </Page>
  )
}

function Nothing({ namespace, isFiltered, show }: { namespace: string; isFiltered: boolean; show: QueuesShown }) {
  if (!isFiltered)
    return (
      <EmptyState icon="queues" title="No queue yet" command={commandText(namespace, 'start', 'NAME', '{}', '--queue', 'mail')}>
        A queue is there as soon as a run is in it or a definition names it:{' '}
        <code>
          job('send', {'{'} queue: 'mail' {'}'}, …)
        </code>
        . Runs that name none are in <code>default</code>.
      </EmptyState>
    )
  if (show === 'attention')
    return (
      <EmptyState icon="completed" title="No queue needs attention">
        None is paused, without workers, or waits for long.
      </EmptyState>
    )
  return (
    <EmptyState icon="search" title="No queue fits" command={commandText(namespace, 'queue', 'ls')}>
      Take a word away, or look at all of them.
    </EmptyState>
  )
}
