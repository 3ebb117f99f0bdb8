import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { Run } from '../api/client.ts'
import { runsQuery } from '../api/runs.ts'
import { DataTable } from '../parts/data-table.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { runColumns } from './columns.tsx'
import type { Counts } from './counts.ts'
import { Foot, NoRuns } from './ends.tsx'
import { Picked } from './picked.tsx'
import type { RunsSearch } from './search.ts'

export interface RunListProps {
  namespace: string
  search: RunsSearch
  counts: Counts
  /** There are definitions already. */
  defined: boolean
}

const NOBODY: ReadonlySet<string> = new Set()

/** The rows, and what is done with those that are picked. By itself, since it changes with each frame of events and what stands above does not. */
export function RunList({ namespace, search, counts, defined }: RunListProps) {
  const navigate = useNavigate()
  const asked = JSON.stringify(search)
  const [picks, setPicks] = useState<{ of: string; picked: ReadonlySet<string>; all: boolean }>({ of: asked, picked: NOBODY, all: false })
  // What was picked belongs to the list that it was picked from.
  const { picked, all } = picks.of === asked ? picks : { picked: NOBODY, all: false }
  const pick = (next: ReadonlySet<string>, everyone = false): void => setPicks({ of: asked, picked: next, all: everyone })
  const runs = useInfiniteQuery(runsQuery(namespace, search))
  const rows = useMemo(() => runs.data?.pages.flatMap(page => page.runs) ?? [], [runs.data])
  const more = (): void => void (runs.hasNextPage && !runs.isFetching && runs.fetchNextPage())
  const through = runs.data?.pages.at(-1)?.through ?? null
  const next = runs.hasNextPage ? more : null
  return (
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
          foot={<Foot shown={rows.length} search={search} next={next} through={through} />}
          empty={<NoRuns namespace={namespace} search={search} next={next} looking={runs.isFetching} through={through} defined={defined} />}
        />
      )}
      <Picked
        namespace={namespace}
        search={search}
        runs={picked.size === 0 ? [] : rows.filter(run => picked.has(run.id))}
        all={all}
        matching={counts.matching === null ? null : { count: counts.matching, least: counts.least }}
        onAll={() => pick(picked, true)}
        onClear={() => pick(NOBODY)}
      />
    </div>
  )
}

const keyOf = (run: Run): string => run.id
