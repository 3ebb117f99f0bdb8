import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import type { DagTask } from '../../api/dags.ts'
import { explainQuery, isClosed } from '../../api/runs.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { ItemStrip } from '../../parts/dag/strip.tsx'
import { badgeOf, itemsText, partsOf } from '../../parts/dag/words.ts'
import { Facts, Panel } from '../../parts/panel.tsx'
import { Reasons } from '../../parts/reasons.tsx'
import { RunLink } from '../../parts/run-link.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Duration } from '../../parts/time.tsx'

/** With its form: when it is asked for. */
const RerunDialog = lazy(() => import('../../parts/dag/rerun-dialog.tsx'))

export interface TaskPanelProps {
  namespace: string
  /** The run of the DAG. */
  of: RunDetail
  task: DagTask
  beside: readonly DagTask[]
  onClose(): void
}

/** Of one task: how it stands and why, what it waits for, and its run. */
export function TaskPanel({ namespace, of, task, beside, onClose }: TaskPanelProps) {
  const navigate = useNavigate()
  const [reruns, setReruns] = useState(false)
  const { task: id, state, job, rule, run, items, strip, startedAt, closedAt, reason, cached } = task
  const facts: [string, ReactNode][] = [
    ['State', <StateBadge key="state" state={badgeOf(state)} />],
    ['Does', job ?? 'nothing: others meet there'],
    ['Runs when', <code key="rule">{rule}</code>],
    ['Took', <Duration key="took" from={startedAt} to={closedAt ?? (state === 'started' ? null : startedAt)} />],
  ]
  if (run !== null) facts.push([cached > 0 ? 'Kept result of' : 'Run', <RunLink key="run" run={run} />])
  if (cached > 0 && items !== null) facts.push(['Kept results', `${cached} ${cached === 1 ? 'item' : 'items'} did not run`])
  if (items !== null) facts.push(['Items', itemsText(items)])
  if (reason !== null) facts.push(['Failed since', reason])
  return (
    <Panel
      title={id}
      aside={
        <>
          {isClosed(of.state) && (
            <Button icon="retry" onClick={() => setReruns(true)}>
              Run again …
            </Button>
          )}
          <IconButton icon="close" label="Close" onClick={onClose} />
        </>
      }
    >
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
        {beside.length > 0 && (
          <ul aria-label={`Items of ${task.mappedGroup}`} className="flex flex-col gap-1">
            {beside.slice(0, BESIDE_MAX).map(({ task: other, strip: letters, items: counts }) => (
              <li key={other} className="grid grid-cols-[minmax(80px,160px)_minmax(0,1fr)] items-center gap-2">
                <code className="truncate text-small text-soft" title={other}>
                  {other}
                </code>
                <ItemStrip label={`Items of ${other}`} strip={letters ?? ''} counts={counts ?? {}} />
              </li>
            ))}
          </ul>
        )}
        <Why namespace={namespace} task={task} />
      </div>
      <Suspense>
        {reruns && (
          <RerunDialog
            namespace={namespace}
            run={of}
            task={id}
            onClose={() => setReruns(false)}
            onStarted={next => void navigate({ to: '/runs/$run', params: { run: next }, search: { task: id } })}
          />
        )}
      </Suspense>
    </Panel>
  )
}

/** Of a mapped group so many tasks are shown below each other, item by item. */
const BESIDE_MAX = 20

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
