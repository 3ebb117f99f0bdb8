import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { DagTask } from '../../api/dags.ts'
import { explainQuery } from '../../api/runs.ts'
import { IconButton } from '../../parts/button.tsx'
import { ItemStrip } from '../../parts/dag/strip.tsx'
import { badgeOf, itemsText, partsOf } from '../../parts/dag/words.ts'
import { Facts, Panel } from '../../parts/panel.tsx'
import { Reasons } from '../../parts/reasons.tsx'
import { RunLink } from '../../parts/run-link.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Duration } from '../../parts/time.tsx'

/** Of one task: how it stands and why, what it waits for, and its run. */
export function TaskPanel({ namespace, task, onClose }: { namespace: string; task: DagTask; onClose(): void }) {
  const { task: id, state, job, rule, run, items, strip, startedAt, closedAt } = task
  const facts: [string, ReactNode][] = [
    ['State', <StateBadge key="state" state={badgeOf(state)} />],
    ['Does', job ?? 'nothing: others meet there'],
    ['Runs when', <code key="rule">{rule}</code>],
    ['Took', <Duration key="took" from={startedAt} to={closedAt ?? (state === 'started' ? null : startedAt)} />],
  ]
  if (run !== null) facts.push(['Run', <RunLink key="run" run={run} />])
  if (items !== null) facts.push(['Items', itemsText(items)])
  return (
    <Panel title={id} aside={<IconButton icon="close" label="Close" onClick={onClose} />}>
      <div className="flex flex-col gap-3">
        <Facts facts={facts} />
        {items !== null && strip !== null && strip !== '' && (
          <div className="flex flex-col gap-1">
            <ItemStrip label={`Items of ${id}`} strip={strip} counts={items} />
            <p className="text-small text-soft">
              {partsOf(items)
                .map(({ word, count }) => `${count} ${word}`)
                .join(', ')}
            </p>
          </div>
        )}
        <Why namespace={namespace} task={task} />
      </div>
    </Panel>
  )
}

/** Of one that waits, what its rule still needs; of one whose run is there, what its own explanation says. */
function Why({ namespace, task: { state, rule, run, waitsFor, ended } }: { namespace: string; task: DagTask }) {
  const explanation = useQuery({ ...explainQuery(namespace, run ?? ''), enabled: run !== null && (state === 'started' || state === 'failed') })
  if (state === 'waiting') {
    const over = partsOf(ended)
    return (
      <p>
        It waits for {waitsFor.length === 0 ? 'the run to begin' : waitsFor.map((id, index) => <Named key={id} id={id} first={index === 0} />)}
        {over.length > 0 && <> (of the others: {over.map(({ word, count }) => `${count} ${word}`).join(', ')})</>}; its rule is <code>{rule}</code>.
      </p>
    )
  }
  if (state === 'ready') return <p>It may run, and waits for one of the slots that its DAG has for tasks under way (maxActiveTasks).</p>
  if (state === 'upstream_failed' || state === 'skipped')
    return (
      <p>
        It did not run: those before it have not ended as <code>{rule}</code> asks, or one before it left it out.
      </p>
    )
  const reasons = explanation.data?.reasons ?? []
  return reasons.length === 0 ? null : <Reasons reasons={reasons} />
}

function Named({ id, first }: { id: string; first: boolean }) {
  return (
    <>
      {first ? '' : ', '}
      <code>{id}</code>
    </>
  )
}
