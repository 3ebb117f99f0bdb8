import { Link } from '@tanstack/react-router'
import { isDeep } from '../api/waiting.ts'
import type { Queue } from '../api/work.ts'
import { counted } from '../format/word.ts'
import { LINK } from '../parts/classes.ts'
import { Panel } from '../parts/panel.tsx'
import { EmptyState } from '../parts/states.tsx'
import { WaitingRuns } from '../parts/waiting-runs.tsx'

/** The runs of the queue that wait longest, and a way to all of them. */
export function Oldest({ namespace, queue }: { namespace: string; queue: Queue }) {
  const { name, depth, oldestAt } = queue
  const empty = (
    <EmptyState small icon="completed" title="Nothing waits">
      Whatever became due has been handed to a worker.
    </EmptyState>
  )
  return (
    <Panel
      title="Waits longest"
      padded={false}
      aside={
        depth > 0 && (
          <Link to="/runs" search={{ queue: [name], state: ['queued'] }} className={LINK}>
            {depth === 1 ? 'the one that waits' : `all ${counted(depth, 'run')}`}
          </Link>
        )
      }
    >
      {depth === 0 ? empty : <WaitingRuns namespace={namespace} where={{ queue: name }} oldestAt={isDeep(depth) ? oldestAt : null} empty={empty} />}
    </Panel>
  )
}
