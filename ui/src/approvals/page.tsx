import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { approvalsQuery } from '../api/approvals.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { present } from '../app/search.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FilterBox, fits } from '../parts/filter-box.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { approvalColumns } from './columns.tsx'

const route = getRouteApi('/approvals')
const AnswerDialog = lazy(() => import('./answer-dialog.tsx'))

/** All that waits for a person, of the whole namespace. */
export function ApprovalsPage() {
  const namespace = useNamespace()
  const search = route.useSearch()
  const navigate = useNavigate()
  const approvals = useInfiniteQuery(approvalsQuery(namespace))
  const all = approvals.data?.pages.flatMap(page => page.approvals) ?? []
  const rows = all.filter(({ subject, definition, run, assignees }) => fits(search.find, subject, definition, run, assignees.join(' ')))
  const look = (next: { find?: string | undefined; run?: string | undefined }): void =>
    void navigate({ to: '/approvals', search: present({ ...search, ...next }), replace: next.find !== undefined })
  return (
    <Page title="Approvals" fills actions={<AsCommand text={commandText(namespace, 'approvals', 'ls')} />}>
      <div className="flex flex-wrap items-center gap-2 px-4 py-3 max-sm:px-3">
        <FilterBox
          label="Filter approvals"
          placeholder="Filter by what is asked, its DAG or for whom"
          value={search.find ?? ''}
          onChange={text => look({ find: text || undefined })}
        />
      </div>
      {approvals.isPending ? (
        <Skeleton lines={10} />
      ) : approvals.data === undefined ? (
        <ErrorState error={approvals.error} retry={() => void approvals.refetch()} />
      ) : (
        <DataTable
          label="Approvals"
          rows={rows}
          columns={approvalColumns}
          rowKey={({ run }) => run}
          onOpen={({ run }) => look({ run })}
          onEnd={() => void (approvals.hasNextPage && !approvals.isFetching && approvals.fetchNextPage())}
          loading={approvals.isFetchingNextPage}
          empty={
            all.length === 0 ? (
              <EmptyState icon="completed" title="Nothing waits for a person">
                A DAG asks with <code>d.approval(…)</code>, or <code>approval:</code> in a file.
              </EmptyState>
            ) : (
              <EmptyState icon="search" title="No approval fits" command={commandText(namespace, 'approvals', 'ls')} />
            )
          }
        />
      )}
      <Suspense>
        {search.run !== undefined && <AnswerDialog namespace={namespace} run={search.run} onClose={() => look({ run: undefined })} />}
      </Suspense>
    </Page>
  )
}
