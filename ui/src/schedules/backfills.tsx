import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { cancelBatch, pauseBatch, resumeBatch } from '../api/batches.ts'
import { useAction } from '../api/use-action.ts'
import { type Batch, backfillsQuery } from '../api/work.ts'
import { shortId } from '../format/id.ts'
import { countText } from '../format/number.ts'
import { backfillParts, isUnderWay } from '../parts/backfill.ts'
import { Button } from '../parts/button.tsx'
import { LINK } from '../parts/classes.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { SplitBar } from '../parts/meter.tsx'
import { Panel } from '../parts/panel.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState, ErrorState, ProblemText, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'

/** The newest backfills of a schedule, or those of them that are open: how far each is, and what one can do with it. */
export function Backfills({ namespace, name, open = false }: { namespace: string; name: string; open?: boolean }) {
  const found = useQuery(backfillsQuery(namespace, name))
  const batches = found.data?.batches.filter(({ closedAt }) => !open || closedAt === null)
  if (open && batches?.length === 0) return null
  return (
    <Panel title="Backfills" padded={false} aside={<AsCommand text={commandText(namespace, 'backfill', 'ls', '--schedule', name)} />}>
      {batches === undefined ? (
        found.isError ? (
          <ErrorState error={found.error} retry={() => void found.refetch()} />
        ) : (
          <Skeleton lines={2} />
        )
      ) : batches.length === 0 ? (
        <EmptyState small icon="batches" title="No times of it were started again yet" />
      ) : (
        <ul>
          {batches.map(batch => (
            <Line key={batch.id} namespace={namespace} batch={batch} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Line({ namespace, batch }: { namespace: string; batch: Batch }) {
  const { id, backfill } = batch
  if (backfill === null) return null
  const { from, to, maxActive, by } = backfill
  const parts = backfillParts(batch, backfill).filter(({ count }) => count > 0)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-3 py-2 last:border-b-0">
      <StateBadge state={batch.state} />
      <Link to="/batches/$batch" params={{ batch: id }} search={{}} preload="intent" className={`font-mono text-small ${LINK}`}>
        {shortId(id)}
      </Link>
      <span className="numeric">
        <Time at={from} as="short" /> – <Time at={to} as="short" />
      </span>
      <span className="min-w-24 max-w-60 grow">
        <SplitBar label={`Backfill ${shortId(id)}`} parts={parts} height={6} />
      </span>
      <span className="numeric text-small text-soft">{parts.map(({ word, count }) => `${countText(count)} ${word}`).join(', ')}</span>
      <span className="text-small text-soft">
        {countText(maxActive)} at a time{by !== null && `, by ${by}`}, <Time at={batch.createdAt} />
      </span>
      <span className="grow" />
      {isUnderWay(batch) && <Acts namespace={namespace} batch={batch} />}
    </li>
  )
}

function Acts({ namespace, batch: { id, name, state } }: { namespace: string; batch: Batch }) {
  const refresh = [
    [namespace, 'batches'],
    [namespace, 'schedule', name],
  ]
  const short = shortId(id)
  const paused = state === 'paused'
  const pause = useAction({
    label: `Pause the backfill of ${name}`,
    call: (_: null, callKey) => pauseBatch(namespace, id, callKey),
    done: 'it starts nothing further for now; its runs go on',
    refresh,
  })
  const resume = useAction({
    label: `Resume the backfill of ${name}`,
    call: (_: null, callKey) => resumeBatch(namespace, id, callKey),
    done: 'it goes on',
    refresh,
  })
  const cancel = useAction({
    label: `Cancel the backfill of ${name}`,
    call: (_: null, callKey) => cancelBatch(namespace, id, callKey),
    done: 'it starts nothing further; its runs go on',
    refresh,
  })
  const problem = pause.problem ?? resume.problem ?? cancel.problem
  return (
    <>
      {paused ? (
        <Button icon="play" pending={resume.pending} onClick={() => resume.run(null)}>
          Resume
        </Button>
      ) : (
        <Button icon="pause" pending={pause.pending} onClick={() => pause.run(null)}>
          Pause
        </Button>
      )}
      <AsCommand text={commandText(namespace, 'backfill', paused ? 'resume' : 'pause', short)} />
      <Button icon="stop" pending={cancel.pending} onClick={() => cancel.run(null)}>
        Cancel
      </Button>
      <AsCommand text={commandText(namespace, 'backfill', 'cancel', short)} />
      {problem && <ProblemText problem={problem} />}
    </>
  )
}
