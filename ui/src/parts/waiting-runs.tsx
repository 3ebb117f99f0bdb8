import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Run } from '../api/client.ts'
import { explainQuery } from '../api/runs.ts'
import { type WaitingWhere, waitingQuery } from '../api/waiting.ts'
import { counted } from '../format/word.ts'
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

/** The runs that wait longest, each with what keeps it. */
export function WaitingRuns({ namespace, where, oldestAt = null, empty }: WaitingRunsProps) {
  const runs = useQuery(waitingQuery(namespace, where, oldestAt))
  if (runs.isPending) return <Skeleton lines={4} />
  if (runs.data === undefined) return <ErrorState error={runs.error} retry={() => void runs.refetch()} />
  const columns: readonly Column<Run>[] = [
    { id: 'run', header: 'Run', width: '72px', cell: run => <RunLink run={run.id} /> },
    {
      id: 'definition',
      header: 'Definition',
      cell: ({ definition }) => (
        <Link to="/definitions/$name" params={{ name: definition }} search={{}} className="font-medium hover:underline">
          {definition}
        </Link>
      ),
    },
    { id: 'why', header: 'Why it waits', width: '60%', cell: run => <Why namespace={namespace} run={run.id} /> },
    { id: 'created', header: 'Age', align: 'end', priority: 2, cell: run => <Duration from={run.createdAt} to={null} /> },
  ]
  return <Rows label="Runs that wait longest" columns={columns} rows={runs.data} rowKey={run => run.id} empty={empty} />
}

function Why({ namespace, run }: { namespace: string; run: string }) {
  const explained = useQuery({ ...explainQuery(namespace, run), staleTime: 5_000 })
  const [first, ...others] = explained.data?.reasons ?? []
  if (explained.isPending) return <span className="text-soft">…</span>
  if (first === undefined) return <span className="text-soft">nothing keeps it: it is next</span>
  return (
    <span>
      {first.text}
      {others.length > 0 && <span className="text-soft"> and {counted(others.length, 'other reason')}</span>}
    </span>
  )
}
