import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useMemo } from 'react'
import { lineageQuery } from '../api/assets.ts'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { graphOf } from './graph.ts'

const DagGraphView = lazy(() => import('../parts/dag/graph.tsx'))

/** Which definitions make which assets, and which are started by them. A click opens what it is on. */
export default function LineageView({ namespace }: { namespace: string }) {
  const navigate = useNavigate()
  const lineage = useQuery(lineageQuery(namespace))
  const shown = useMemo(() => (lineage.data === undefined ? null : graphOf(lineage.data)), [lineage.data])
  if (lineage.isError && lineage.data === undefined) return <ErrorState error={lineage.error} retry={() => void lineage.refetch()} />
  if (lineage.data === undefined || shown === null) return <Skeleton lines={10} />
  if (shown.graph.tasks.length === 0)
    return (
      <EmptyState title="Nothing hangs together yet">
        A task names what it makes: <code>outlets</code>; a schedule what it waits for: <code>assets</code>.
      </EmptyState>
    )
  const open = (id: string | undefined): void => {
    const lead = id === undefined ? undefined : shown.leads.get(id)
    if (lead === undefined) return
    const { name } = lead
    if (lead.to === 'asset') void navigate({ to: '/data/$name', params: { name }, search: {} })
    else void navigate({ to: '/definitions/$name', params: { name }, search: {} })
  }
  return (
    <div className="flex min-w-0 flex-col gap-2 px-4 pb-4 max-sm:px-3">
      <p className="text-small text-soft">
        Left to right: who makes an asset, the asset, what its events start.{lineage.data.more && ' There is more than is shown.'}
      </p>
      <Suspense fallback={<Skeleton lines={10} />}>
        <DagGraphView graph={shown.graph} standing={null} picked={undefined} onPick={open} />
      </Suspense>
    </div>
  )
}
