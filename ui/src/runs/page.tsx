import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { Run } from '../api/client.ts'
import { definitionsQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import { runsQuery } from '../api/runs.ts'
import { Page } from '../app/page.tsx'
import { Chips } from '../parts/chips.tsx'
import { AsCommand } from '../parts/command.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { StartRunButton } from '../parts/start-run.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { runColumns } from './columns.tsx'
import { listCommand } from './command.ts'
import { useCounts } from './counts.ts'
import { Foot, NoRuns } from './ends.tsx'
import { chipsOf, meant, runFields, searchOf } from './fields.ts'
import { Overview } from './overview.tsx'
import { Picked } from './picked.tsx'

const route = getRouteApi('/runs')
const NOBODY: ReadonlySet<string> = new Set()

/** Runs of all kinds, newest first and live; the filter is the address. */
export function RunsPage() {
  const namespace = useNamespace()
  const { namespace: _, ...search } = route.useSearch()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const asked = JSON.stringify(search)
  const [picks, setPicks] = useState<{ of: string; picked: ReadonlySet<string>; all: boolean }>({ of: asked, picked: NOBODY, all: false })
  // What was picked belongs to the list that it was picked from.
  const { picked, all } = picks.of === asked ? picks : { picked: NOBODY, all: false }
  const pick = (next: ReadonlySet<string>, everyone = false): void => setPicks({ of: asked, picked: next, all: everyone })
  const runs = useInfiniteQuery(runsQuery(namespace, search))
  const counts = useCounts(namespace, search)
  const definitions = useQuery(definitionsQuery(namespace))
  const rows = useMemo(() => runs.data?.pages.flatMap(page => page.runs) ?? [], [runs.data])
  const names = definitions.data?.definitions.map(({ name }) => name) ?? []
  const more = (): void => void (runs.hasNextPage && !runs.isFetching && runs.fetchNextPage())
  const through = runs.data?.pages.at(-1)?.through ?? null
  return (
    <Page
      title="Runs"
      fills
      actions={
        <>
          <AsCommand text={listCommand(namespace, search)} />
          <StartRunButton namespace={namespace} />
        </>
      }
    >
      <div className="flex flex-col gap-2 px-4 py-3 max-sm:px-3">
        <Chips
          label="Filter runs"
          fields={runFields(queries, namespace, rows.slice(0, 200))}
          chips={chipsOf(search)}
          onChange={chips => void navigate({ to: '/runs', search: searchOf(chips) })}
          meant={typed => meant(typed, names)}
          placeholder="Filter: state, definition, error, last 1h …"
        />
        <Overview namespace={namespace} search={search} counts={counts} />
      </div>
      <div className="relative flex min-h-0 grow flex-col">
        {runs.isPending ? (
          <Skeleton lines={12} />
        ) : runs.isError && runs.data === undefined ? (
          <ErrorState error={runs.error} retry={() => void runs.refetch()} />
        ) : (
          <DataTable
            label="Runs"
            rows={rows}
            columns={runColumns}
            rowKey={keyOf}
            onOpen={run => void navigate({ to: '/runs/$run', params: { run: run.id }, search: {} })}
            onEnd={more}
            loading={runs.isFetchingNextPage}
            selection={{ picked, change: pick }}
            newcomers
            foot={<Foot shown={rows.length} search={search} next={runs.hasNextPage ? more : null} through={through} />}
            empty={
              <NoRuns
                namespace={namespace}
                search={search}
                next={runs.hasNextPage ? more : null}
                looking={runs.isFetching}
                through={through}
                defined={names.length > 0}
              />
            }
          />
        )}
        <Picked
          namespace={namespace}
          search={search}
          runs={rows.filter(run => picked.has(run.id))}
          all={all}
          matching={counts.matching === null ? null : { count: counts.matching, least: counts.least }}
          onAll={() => pick(picked, true)}
          onClear={() => pick(NOBODY)}
        />
      </div>
    </Page>
  )
}

const keyOf = (run: Run): string => run.id
