import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call, client, type Run, type RunState } from '../api/client.ts'
import type { Batch } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { LINK } from '../parts/classes.ts'
import { Count } from '../parts/count.tsx'
import { Figure, Figures } from '../parts/figures.tsx'
import { Panel } from '../parts/panel.tsx'
import { RunLink, RunRows } from '../parts/run-rows.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import type { Jobs } from './words.ts'

const SHOWN = 20

/** A batch of jobs: how they ended, which failed, batches within it, and what its end sets off. */
export function JobsBatch({ namespace, batch, jobs }: { namespace: string; batch: Batch; jobs: Jobs }) {
  const runs = (state?: RunState[]) => ({ to: '/runs' as const, search: { batch: batch.id, ...(state && { state }) } })
  return (
    <>
      <Figures>
        <Figure label="Jobs" value={<Count of={jobs.total} compact />} note={jobs.sealed ? 'it takes no more' : 'more may come'} link={runs()} />
        <Figure label="Completed" value={<Count of={jobs.completed} compact />} note={share(jobs.completed, jobs.total)} link={runs(['completed'])} />
        <Figure
          label="Failed"
          value={<Count of={jobs.failed} compact />}
          note={jobs.failed === 0 ? 'none' : share(jobs.failed, jobs.total)}
          tone={jobs.failed > 0 ? 'bad' : undefined}
          link={runs(['failed', 'timed_out'])}
        />
        <Figure label="Cancelled" value={<Count of={jobs.cancelled} compact />} note="or terminated" link={runs(['cancelled', 'terminated'])} />
        <Figure
          label="Open"
          value={<Count of={jobs.open} compact />}
          note={jobs.open === 0 ? 'all have ended' : 'still on their way'}
          link={runs(['scheduled', 'queued', 'running', 'waiting', 'paused'])}
        />
      </Figures>
      <Members namespace={namespace} batch={batch} jobs={jobs} />
      {jobs.callbacks.length > 0 && <Callbacks callbacks={jobs.callbacks} />}
    </>
  )
}

function share(part: number, total: number): string {
  return total === 0 ? '–' : `${Math.round((part / total) * 100)} %`
}

/** Batches within it, and which of its runs have failed. */
export function Members({ namespace, batch, jobs }: { namespace: string; batch: Batch; jobs: Jobs }) {
  const members = useQuery({
    queryKey: [namespace, 'batch', batch.id, 'members'],
    queryFn: async ({ signal }) => {
      const read = (query: { batch: string; limit: number; kind?: ['batch']; state?: RunState[] }) =>
        call(client.GET('/v1/namespaces/{namespace}/runs', { params: { path: { namespace }, query }, signal }))
      const [failed, nested] = await Promise.all([
        read({ batch: batch.id, limit: SHOWN, state: ['failed', 'timed_out'] }),
        read({ batch: batch.id, limit: 100, kind: ['batch'] }),
      ])
      return { failed: failed.runs.filter(({ kind }) => kind !== 'batch'), nested: nested.runs }
    },
    meta: { refreshMs: 2_000 },
  })
  if (members.data === undefined) return members.isPending ? <Skeleton lines={4} /> : null
  const { failed, nested } = members.data
  return (
    <>
      {nested.length > 0 && (
        <Panel title="Batches within it" padded={false}>
          <Nested runs={nested} />
        </Panel>
      )}
      {(failed.length > 0 || nested.length === 0) && (
        <Panel
          title={batch.backfill === null ? 'Failed jobs' : 'Failed runs'}
          padded={false}
          aside={
            jobs.failed > failed.length && (
              <Link to="/runs" search={{ batch: batch.id, state: ['failed', 'timed_out'] }} className={LINK}>
                all {countText(jobs.failed)}
              </Link>
            )
          }
        >
          {failed.length > 0 ? <RunRows runs={failed} time={run => run.closedAt} /> : <EmptyState small icon="completed" title="None has failed" />}
        </Panel>
      )}
    </>
  )
}

function Nested({ runs }: { runs: readonly Run[] }) {
  return (
    <ul>
      {runs.map(run => (
        <li key={run.id} className="border-b border-line last:border-b-0">
          <Link
            to="/batches/$batch"
            params={{ batch: run.id }}
            search={{}}
            preload="intent"
            className="flex items-center gap-3 px-3 py-1.5 -outline-offset-2 hover:bg-hover"
          >
            <span className="w-24 shrink-0">
              <StateBadge state={run.state} />
            </span>
            <span className="min-w-0 grow truncate font-medium">{run.definition}</span>
            <span className="shrink-0 text-soft">
              <Time at={run.closedAt ?? run.createdAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}

const CALLBACKS: Record<string, string> = {
  firstFailure: 'when the first failed',
  complete: 'when all had ended',
  success: 'when all had completed',
}

function Callbacks({ callbacks }: { callbacks: Jobs['callbacks'] }) {
  return (
    <Panel title="What it has set off" padded={false}>
      <ul>
        {callbacks.map(({ callback, run, refused }) => (
          <li key={callback} className="flex items-center gap-3 border-b border-line px-3 py-1.5 last:border-b-0">
            <span className="grow">{CALLBACKS[callback] ?? callback}</span>
            {refused === null ? <RunLink run={run} /> : <span className="text-failed">was refused: {refused}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
