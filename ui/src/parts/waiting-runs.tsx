import { useQueries, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Explanation, Run } from '../api/client.ts'
import { explainQuery } from '../api/runs.ts'
import { type WaitingWhere, waitingQuery } from '../api/waiting.ts'
import { counted } from '../format/word.ts'
import { ReasonText } from './reason-text.tsx'
import { Rows } from './rows.tsx'
import { RunLink } from './run-rows.tsx'
import { ErrorState, Skeleton } from './states.tsx'
import type { Column } from './table-columns.tsx'
import { Duration } from './time.tsx'

export interface WaitingRunsProps {
  namespace: string
  where: WaitingWhere
  /** Of a deep queue: since when its oldest is due. */
  oldestAt?: string | null
  /** In the place of rows, when none waits. */
  empty: ReactNode
}

interface Waiting {
  run: Run
  explained: Explanation | undefined
  /** The row above says the same. */
  isSame: boolean
}

/** The runs that wait longest, each with what keeps it. */
export function WaitingRuns({ namespace, where, oldestAt = null, empty }: WaitingRunsProps) {
  const runs = useQuery(waitingQuery(namespace, where, oldestAt))
  const found = runs.data ?? []
  const explained = useQueries({ queries: found.map(run => ({ ...explainQuery(namespace, run.id), staleTime: 5_000 })) })
  if (runs.isPending) return <Skeleton lines={4} />
  if (runs.data === undefined) return <ErrorState error={runs.error} retry={() => void runs.refetch()} />
  const said = explained.map(({ data }) => JSON.stringify(data?.reasons.map(({ text }) => text)))
  const rows = found.map((run, index): Waiting => ({ run, explained: explained[index]?.data, isSame: index > 0 && said[index] === said[index - 1] }))
  return <Rows label="Runs that wait longest" columns={columnsFor(where)} rows={rows} rowKey={({ run }) => run.id} empty={empty} />
}

function columnsFor({ definition }: WaitingWhere): readonly Column<Waiting>[] {
  return [
    { id: 'run', header: 'Run', width: '72px', cell: ({ run }) => <RunLink run={run.id} /> },
    ...(definition === undefined
      ? [
          {
            id: 'definition',
            header: 'Definition',
            cell: ({ run }: Waiting) => (
              <Link to="/definitions/$name" params={{ name: run.definition }} search={{}} className="font-medium hover:underline">
                {run.definition}
              </Link>
            ),
          },
        ]
      : []),
    { id: 'why', header: 'Why it waits', width: '62%', cell: row => <Why row={row} /> },
    { id: 'created', header: 'Age', align: 'end', priority: 2, cell: ({ run }) => <Duration from={run.createdAt} to={null} /> },
  ]
}

function Why({ row: { explained, isSame } }: { row: Waiting }) {
  if (explained === undefined) return <span className="text-soft">…</span>
  const [first, ...others] = explained.reasons
  if (first === undefined) return <span className="text-soft">nothing keeps it: it is next</span>
  if (isSame) return <span className="text-soft">the same</span>
  return (
    <span>
      <ReasonText text={first.text} />
      {others.length > 0 && <span className="text-soft"> and {counted(others.length, 'other reason')}</span>}
    </span>
  )
}
