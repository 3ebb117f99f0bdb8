import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useNamespace } from '../api/namespace.ts'
import { type Batch, batchesQuery } from '../api/work.ts'
import { Page } from '../app/page.tsx'
import { present } from '../app/search.ts'
import { countText } from '../format/number.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FilterBox, fits } from '../parts/filter-box.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Views } from '../parts/views.tsx'
import { batchColumns } from './columns.tsx'
import type { BatchesShown } from './route.ts'
import { bulkTitle, nestedBelow } from './words.ts'

const route = getRouteApi('/batches')
const IS: Record<BatchesShown, (batch: Batch) => boolean> = {
  all: () => true,
  open: ({ closedAt }) => closedAt === null,
  jobs: ({ jobs }) => jobs !== null,
  operations: ({ bulk }) => bulk !== null,
}

/** Many runs as one thing: batches of jobs, and operations on many runs. */
export function BatchesPage() {
  const namespace = useNamespace()
  const search = route.useSearch()
  const { find, show = 'all' } = search
  const navigate = useNavigate()
  const batches = useInfiniteQuery(batchesQuery(namespace))
  const all = nestedBelow(batches.data?.pages.flatMap(page => page.batches) ?? [])
  const rows = all
    .filter(IS[show])
    .filter(batch => fits(find, batch.name, batch.id, batch.bulk && bulkTitle(batch.bulk), batch.bulk?.why, batch.bulk?.by))
  const look = (next: { find?: string | undefined; show?: BatchesShown | undefined }): void =>
    void navigate({ to: '/batches', search: present({ ...search, ...next }), replace: next.find !== undefined })
  return (
    <Page title="Batches" fills actions={<AsCommand text={commandText(namespace, 'batch', 'ls')} />}>
      <div className="flex flex-wrap items-center gap-2 px-4 py-3 max-sm:px-3">
        <FilterBox
          label="Filter batches"
          placeholder="Filter by name, id or why"
          value={find ?? ''}
          onChange={text => look({ find: text || undefined })}
        />
        <Views
          label="Which batches"
          value={show}
          onChange={next => look({ show: next === 'all' ? undefined : next })}
          views={[
            { value: 'all', label: 'All' },
            { value: 'open', label: 'Open', count: all.filter(IS.open).length },
            { value: 'jobs', label: 'Of jobs' },
            { value: 'operations', label: 'Operations' },
          ]}
        />
      </div>
      {batches.isPending ? (
        <Skeleton lines={10} />
      ) : batches.data === undefined ? (
        <ErrorState error={batches.error} retry={() => void batches.refetch()} />
      ) : (
        <DataTable
          label="Batches"
          rows={rows}
          columns={batchColumns}
          rowKey={({ id }) => id}
          onOpen={({ id }) => void navigate({ to: '/batches/$batch', params: { batch: id }, search: {} })}
          onEnd={() => void (batches.hasNextPage && !batches.isFetching && batches.fetchNextPage())}
          loading={batches.isFetchingNextPage}
          foot={batches.hasNextPage ? null : `All ${countText(all.length)} were looked through.`}
          empty={
            all.length === 0 ? (
              <EmptyState icon="batches" title="No batch yet" command={commandText(namespace, 'retry', '--state', 'failed', '--definition', 'NAME')}>
                Start many jobs as one from your code with <code>client.batches.start({`{ name, jobs }`})</code>, or do something with many runs at
                once, here or by a command:
              </EmptyState>
            ) : (
              <EmptyState icon="search" title="No batch fits" command={commandText(namespace, 'batch', 'ls')} />
            )
          }
        />
      )}
    </Page>
  )
}
