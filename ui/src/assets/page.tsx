import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { assetsQuery } from '../api/assets.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { present } from '../app/search.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FilterBox, fits } from '../parts/filter-box.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Views } from '../parts/views.tsx'
import { assetColumns, makersOf } from './columns.tsx'
import type { AssetsShown } from './route.ts'

const route = getRouteApi('/data')
const LineageView = lazy(() => import('./lineage.tsx'))

/** What tasks make and schedules wait for: as a list, and how it hangs together. */
export function AssetsPage() {
  const namespace = useNamespace()
  const search = route.useSearch()
  const { show = 'list' } = search
  const navigate = useNavigate()
  const look = (next: { find?: string | undefined; show?: AssetsShown | undefined }): void =>
    void navigate({ to: '/data', search: present({ ...search, ...next }), replace: next.find !== undefined })
  return (
    <Page title="Assets" fills={show === 'list'} actions={<AsCommand text={commandText(namespace, 'asset', 'ls')} />}>
      <div className="flex flex-wrap items-center gap-2 px-4 py-3 max-sm:px-3">
        {show === 'list' && (
          <FilterBox
            label="Filter assets"
            placeholder="Filter by name, who makes it or what waits for it"
            value={search.find ?? ''}
            onChange={text => look({ find: text || undefined })}
          />
        )}
        <Views
          label="How they are shown"
          value={show}
          onChange={next => look({ show: next === 'list' ? undefined : next })}
          views={[
            { value: 'list', label: 'List' },
            { value: 'lineage', label: 'Lineage' },
          ]}
        />
      </div>
      {show === 'list' ? (
        <List namespace={namespace} find={search.find} />
      ) : (
        <Suspense fallback={<Skeleton lines={10} />}>
          <LineageView namespace={namespace} />
        </Suspense>
      )}
    </Page>
  )
}

function List({ namespace, find }: { namespace: string; find: string | undefined }) {
  const navigate = useNavigate()
  const assets = useInfiniteQuery(assetsQuery(namespace))
  if (assets.isPending) return <Skeleton lines={10} />
  if (assets.data === undefined) return <ErrorState error={assets.error} retry={() => void assets.refetch()} />
  const all = assets.data.pages.flatMap(page => page.assets)
  const rows = all.filter(asset => fits(find, asset.name, makersOf(asset).join(' '), asset.consumers.map(({ schedule }) => schedule).join(' ')))
  return (
    <DataTable
      label="Assets"
      rows={rows}
      columns={assetColumns}
      rowKey={({ name }) => name}
      onOpen={({ name }) => void navigate({ to: '/data/$name', params: { name }, search: {} })}
      onEnd={() => void (assets.hasNextPage && !assets.isFetching && assets.fetchNextPage())}
      loading={assets.isFetchingNextPage}
      empty={
        all.length === 0 ? (
          <EmptyState icon="definitions" title="No assets yet" command={commandText(namespace, 'asset', 'emit', 's3://sales')}>
            A task names what it makes: <code>outlets: ['s3://sales']</code>; a schedule waits for it: <code>assets: 's3://sales'</code>.
          </EmptyState>
        ) : (
          <EmptyState icon="search" title="No asset fits" command={commandText(namespace, 'asset', 'ls')} />
        )
      }
    />
  )
}
