import { lazy, Suspense, useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { isClosed } from '../../api/runs.ts'
import { shortId } from '../../format/id.ts'
import { Button } from '../../parts/button.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { Panel } from '../../parts/panel.tsx'
import { RunLink } from '../../parts/run-link.tsx'
import { Time } from '../../parts/time.tsx'
import type { Saying } from './calls.ts'

/** With its form and editor: when it is asked for. */
const TellDialog = lazy(() => import('./tell-dialog.tsx'))
const ReplayDialog = lazy(() => import('./replay-dialog.tsx'))

type Workflow = NonNullable<RunDetail['workflow']>
type Awaited = Workflow['awaits'][number]

/** What a workflow's code waits for now, what it shows, and what can be said to it. */
export function WorkflowPanel({ namespace, run, workflow }: { namespace: string; run: RunDetail; workflow: Workflow }) {
  const [saying, setSaying] = useState<Saying | null>(null)
  const [replays, setReplays] = useState(false)
  const { awaits, more, updates, state } = workflow
  const closed = isClosed(run.state)
  const signal = awaits.find(({ is }) => is === 'signal')?.name ?? undefined
  return (
    <Panel
      title="Workflow"
      aside={
        <>
          {!closed && <Button onClick={() => setSaying('signal')}>Signal …</Button>}
          {!closed && <Button onClick={() => setSaying('update')}>Update …</Button>}
          <Button onClick={() => setSaying('query')}>Query …</Button>
          <Button onClick={() => setReplays(true)}>Replay …</Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {!closed && (
          <ul aria-label="What it awaits now" className="flex flex-col gap-1">
            {awaits.map(one => (
              <li key={one.n}>
                {wordsOf(one)}
                {one.run !== null && (
                  <>
                    {' '}
                    <RunLink run={one.run} />
                  </>
                )}
                {one.until !== null && (
                  <span className="text-soft">
                    {' '}
                    · until <Time at={one.until} />
                  </span>
                )}
              </li>
            ))}
            {more && <li className="text-soft">and more</li>}
            {updates.map(update => (
              <li key={update.id}>handles the update “{update.name}”</li>
            ))}
            {awaits.length === 0 && updates.length === 0 && (
              <li className="text-soft">{run.state === 'waiting' ? 'an update' : 'nothing: its code goes on'}</li>
            )}
          </ul>
        )}
        {state !== null && state !== undefined && <JsonView value={state} name={`${run.definition}-${shortId(run.id)}-state`} label="State" />}
      </div>
      <Suspense>
        {saying !== null && <TellDialog key={saying} namespace={namespace} run={run} is={saying} signal={signal} onClose={() => setSaying(null)} />}
        {replays && <ReplayDialog namespace={namespace} run={run} onClose={() => setReplays(false)} />}
      </Suspense>
    </Panel>
  )
}

function wordsOf({ is, name }: Awaited): string {
  switch (is) {
    case 'signal':
      return `the signal “${name}”`
    case 'promise':
      return `whoever has the token of “${name}”`
    case 'sleep':
      return 'time'
    case 'child':
      return `${name}`
    case 'step':
      return `step “${name}”, which was begun`
    case 'step-back-off':
      return `the next attempt of step “${name}”`
    case 'parked':
      return `a person: the attempts of step “${name}” are used up`
  }
}
