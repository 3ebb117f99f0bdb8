import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { whenRun } from '../../api/live.ts'
import { cancelRun, isClosed, retryRun } from '../../api/runs.ts'
import { useAction } from '../../api/use-action.ts'
import { shortId } from '../../format/id.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { AsCommand, commandText } from '../../parts/command.tsx'
import { useCommand } from '../../parts/commands.ts'
import { copyText } from '../../parts/copy.tsx'
import { ConfirmDialog } from '../../parts/dialog.tsx'
import { Menu, type MenuItem } from '../../parts/menu.tsx'
import { ProblemText } from '../../parts/states.tsx'
import { changeRun, resumeRun, terminateRun } from './calls.ts'
import { Meanwhile } from './meanwhile.tsx'

/** With their forms and editor: when they are asked for. */
const ChangeDialog = lazy(() => import('./change-dialog.tsx'))
const ForkDialog = lazy(() => import('./fork-dialog.tsx'))
const RerunDialog = lazy(() => import('../../parts/dag/rerun-dialog.tsx'))
const TellDialog = lazy(() => import('../workflow/tell-dialog.tsx'))
const RetryDialog = lazy(() => import('./retry-dialog.tsx'))

type Asking = 'signal' | 'rerun' | 'cancel' | 'terminate' | 'resume' | 'change' | 'retry' | 'fork' | 'reset'

/** What can be done with a run as it is now; each also as the command that does it. */
export function RunActions({ namespace, run }: { namespace: string; run: RunDetail }) {
  const navigate = useNavigate()
  const [asking, setAsking] = useState<Asking | null>(null)
  const short = shortId(run.id)
  const what = `${run.definition} ${short}`
  const closed = isClosed(run.state)
  const paused = run.state === 'paused'
  const waits = run.state === 'scheduled' || run.state === 'queued' || run.state === 'waiting' || paused
  const isJob = run.kind === 'job'
  const isDag = run.kind === 'dag'
  const isWork = run.kind !== 'batch' && run.kind !== 'approval' && run.kind !== 'wait'
  const hasSteps = run.kind === 'workflow' && run.startedAt !== null
  const settled = { refresh: [[namespace, 'run', run.id]], onDone: () => setAsking(null) }
  // A handler may clean up first: asked is not yet ended.
  const ended = async (): Promise<string | null> => {
    const end = await whenRun(run.id, next => isClosed(next.state))
    return end && `it is ${end.state}`
  }
  const toRun = (id: string): void => void navigate({ to: '/runs/$run', params: { run: id }, search: {} })
  const cancel = useAction({
    label: `Cancel ${what}`,
    call: (why: string, callKey) => cancelRun(namespace, run.id, callKey, why),
    settled: ended,
    ...settled,
  })
  const terminate = useAction({
    label: `Terminate ${what}`,
    call: (why: string, callKey) => terminateRun(namespace, run.id, callKey, why),
    settled: ended,
    ...settled,
  })
  const resume = useAction({
    label: `Resume ${what}`,
    call: (why: string, callKey) => resumeRun(namespace, run.id, callKey, why),
    done: 'it goes on',
    ...settled,
  })
  const now = useAction({
    label: `Run ${what} now`,
    call: (_: null, callKey) => changeRun(namespace, run.id, callKey, { now: true }),
    done: 'it is due',
    ...settled,
  })
  const retry = useAction({
    label: `Retry ${what}`,
    call: (_: null, callKey) => retryRun(namespace, run.id, callKey),
    done: answer => `run ${shortId(answer.run)} started`,
    onDone: answer => toRun(answer.run),
  })
  useCommand({ label: 'Cancel this run', group: 'This page', keys: 'c', run: () => setAsking('cancel') }, !closed)
  useCommand({ label: 'Retry this run', group: 'This page', keys: 'r', run: () => retry.run(null) }, closed && isWork)
  useCommand({ label: 'Resume this run', group: 'This page', keys: 'r', run: () => setAsking('resume') }, paused)
  useCommand({ label: 'Retry with another input', group: 'This page', keys: 'e', run: () => setAsking('retry') }, closed && isWork)
  useCommand({ label: 'Change this run', group: 'This page', keys: 'm', run: () => setAsking('change') }, waits && isJob)
  useCommand({ label: 'Fork this run from a step', group: 'This page', run: () => setAsking('fork') }, hasSteps)
  useCommand({ label: 'Terminate this run', group: 'This page', run: () => setAsking('terminate') }, !closed)
  const due = run.state === 'scheduled' || run.state === 'waiting'
  const items: MenuItem[] = [
    ...(due && isJob ? [{ label: 'Run now', icon: 'play', onSelect: () => now.run(null) } as const] : []),
    ...(waits && isJob ? [{ label: 'Change …', icon: 'settings', onSelect: () => setAsking('change') } as const] : []),
    ...(hasSteps
      ? ([
          { label: 'Fork from a step …', icon: 'retry', onSelect: () => setAsking('fork') },
          { label: 'Reset to a step …', icon: 'retry', onSelect: () => setAsking('reset') },
        ] as const)
      : []),
    ...(isDag && closed ? [{ label: 'Run what failed again …', icon: 'retry', onSelect: () => setAsking('rerun') } as const] : []),
    ...(isDag && !closed ? [{ label: 'Signal …', icon: 'play', onSelect: () => setAsking('signal') } as const] : []),
    { label: 'Copy a link', icon: 'link', onSelect: () => void copyText(window.location.href) },
    { label: 'Copy as JSON', icon: 'copy', onSelect: () => void copyText(JSON.stringify(run, null, 2)) },
    ...(closed ? [] : [{ label: 'Terminate …', icon: 'stop', danger: true, onSelect: () => setAsking('terminate') } as const]),
  ]
  const close = (): void => setAsking(null)
  const dialog = { open: true, onClose: close, asksWhy: true, input: (why: string) => why, children: <Meanwhile run={run} /> }
  const problem = retry.problem ?? now.problem
  return (
    <>
      {problem && <ProblemText problem={problem} />}
      {closed && isWork && (
        <>
          <Button icon="retry" keys="r" pending={retry.pending} onClick={() => retry.run(null)}>
            Retry
          </Button>
          <Button keys="e" onClick={() => setAsking('retry')}>
            Edit input
          </Button>
        </>
      )}
      {paused && (
        <Button kind="main" icon="play" keys="r" onClick={() => setAsking('resume')}>
          Resume
        </Button>
      )}
      {waits && isJob && (
        <Button icon="settings" keys="m" onClick={() => setAsking('change')} className="max-sm:hidden">
          Change
        </Button>
      )}
      {run.kind === 'approval' && !closed && (
        <Button kind="main" onClick={() => void navigate({ to: '/approvals', search: { run: run.id } })}>
          Answer
        </Button>
      )}
      {!closed && (
        <Button icon="stop" keys="c" pending={cancel.pending} onClick={() => setAsking('cancel')}>
          Cancel
        </Button>
      )}
      <AsCommand text={commandText(namespace, closed ? (isWork ? 'retry' : 'show') : paused ? 'resume' : 'cancel', short)} />
      <Menu items={items} label={what}>
        <IconButton icon="more" label="More actions" />
      </Menu>
      {asking === 'cancel' && (
        <ConfirmDialog
          {...dialog}
          title={`Cancel ${what}?`}
          description="A running handler is asked to stop and may clean up; what waits is closed at once."
          verb="Cancel the run"
          danger
          action={cancel}
          command={commandText(namespace, 'cancel', short)}
        />
      )}
      {asking === 'terminate' && (
        <ConfirmDialog
          {...dialog}
          title={`Terminate ${what}?`}
          description="It is closed at once. A handler that runs loses its lease, cannot clean up, and what it is doing may go on for a while."
          verb="Terminate the run"
          danger
          action={terminate}
          command={commandText(namespace, 'terminate', short)}
        />
      )}
      {asking === 'resume' && (
        <ConfirmDialog
          {...dialog}
          title={`Resume ${what}?`}
          description={run.reason === 'parked' ? 'It goes on with all its attempts again.' : 'It takes the input that it choked on again.'}
          verb="Resume the run"
          action={resume}
          command={commandText(namespace, 'resume', short)}
        />
      )}
      <Suspense>
        {asking === 'change' && <ChangeDialog namespace={namespace} run={run} onClose={close} />}
        {(asking === 'fork' || asking === 'reset') && <ForkDialog namespace={namespace} run={run} what={asking} onClose={close} onStarted={toRun} />}
        {asking === 'rerun' && <RerunDialog namespace={namespace} run={run} task={null} onClose={close} onStarted={toRun} />}
        {asking === 'signal' && <TellDialog namespace={namespace} run={run} is="signal" signal={undefined} onClose={close} />}
        {asking === 'retry' && <RetryDialog namespace={namespace} run={run} onClose={close} onStarted={toRun} />}
      </Suspense>
    </>
  )
}
