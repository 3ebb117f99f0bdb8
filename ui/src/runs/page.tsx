import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useNamespace } from '../api/namespace.ts'
import { runsQuery } from '../api/runs.ts'
import { Page } from '../app/page.tsx'
import { countText } from '../format/number.ts'
import { Chips } from '../parts/chips.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { StartRunButton } from '../parts/start-run.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { runColumns } from './columns.tsx'
import { chipsOf, runFields, searchOf } from './fields.ts'
import { Picked } from './picked.tsx'

const route = getRouteApi('/runs')

/** Runs of all kinds, newest first and live; the filter is the address. */
export function RunsPage() {
  const namespace = useNamespace()
  const { namespace: _, ...filter } = route.useSearch()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const runs = useInfiniteQuery(runsQuery(namespace, filter))
  const rows = runs.data?.pages.flatMap(page => page.runs) ?? []
  const filtered = Object.keys(filter).length > 0
  return (
    <Page
      title="Runs"
      fills
      actions={
        <>
          <AsCommand text={commandText(namespace, 'list', ...argumentsOf(filter))} />
          <StartRunButton namespace={namespace} />
        </>
      }
    >
      <div className="px-4 py-3 max-sm:px-3">
        <Chips
          label="Filter runs"
          fields={runFields(queries, namespace)}
          chips={chipsOf(filter)}
          onChange={chips => void navigate({ to: '/runs', search: searchOf(chips) })}
        />
      </div>
      <Picked namespace={namespace} runs={rows.filter(run => picked.has(run.id))} onClear={() => setPicked(new Set())} />
      {runs.isPending ? (
        <Skeleton lines={12} />
      ) : runs.isError && runs.data === undefined ? (
        <ErrorState error={runs.error} retry={() => void runs.refetch()} />
      ) : (
        <DataTable
          label="Runs"
          rows={rows}
          columns={runColumns}
          rowKey={run => run.id}
          onOpen={run => void navigate({ to: '/runs/$run', params: { run: run.id }, search: {} })}
          onEnd={() => void (runs.hasNextPage && !runs.isFetching && runs.fetchNextPage())}
          loading={runs.isFetchingNextPage}
          selection={{ picked, change: setPicked }}
          foot={runs.hasNextPage ? null : `All ${countText(rows.length)} are shown.`}
          empty={
            filtered ? (
              <EmptyState icon="search" title="No run fits this filter" command={commandText(namespace, 'list')}>
                Take a chip away, or look at all of them.
              </EmptyState>
            ) : (
              <EmptyState icon="runs" title="No run yet" command={commandText(namespace, 'start', 'NAME', '{}')}>
                Start one from your code, from a schedule, or by hand:
              </EmptyState>
            )
          }
        />
      )}
    </Page>
  )
}

function argumentsOf(filter: object): string[] {
  return Object.entries(filter).flatMap(([name, value]) =>
    [value].flat().flatMap(item => [`--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`, String(item)]),
  )
}
