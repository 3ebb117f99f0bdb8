import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { RunDetail } from '../api/client.ts'
import { whenRun } from '../api/live.ts'
import { cancelRun, isClosed, retryRun } from '../api/runs.ts'
import { useAction } from '../api/use-action.ts'
import { shortId } from '../format/id.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { ProblemText } from '../parts/states.tsx'

/** Cancel while it is open, retry once it is closed; each also as the command that does it. */
export function RunActions({ namespace, run }: { namespace: string; run: RunDetail }) {
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const closed = isClosed(run.state)
  const short = shortId(run.id)
  const cancel = useAction({
    label: `Cancel ${run.definition} ${short}`,
    call: (why: string, callKey) => cancelRun(namespace, run.id, callKey, why),
    // A handler may clean up first: asked is not yet cancelled.
    settled: async () => {
      const end = await whenRun(run.id, next => isClosed(next.state))
      return end && `it is ${end.state}`
    },
    refresh: [[namespace, 'run', run.id]],
    onDone: () => setAsking(false),
  })
  const retry = useAction({
    label: `Retry ${run.definition} ${short}`,
    call: (_: null, callKey) => retryRun(namespace, run.id, callKey),
    done: answer => `run ${shortId(answer.run)} started`,
    onDone: answer => void navigate({ to: '/runs/$run', params: { run: answer.run }, search: {} }),
  })
  useCommand({ label: 'Cancel this run', group: 'This page', keys: 'c', run: () => setAsking(true) }, !closed)
  useCommand({ label: 'Retry this run', group: 'This page', keys: 'r', run: () => retry.run(null) }, closed)
  return (
    <>
      {retry.problem && <ProblemText problem={retry.problem} />}
      {closed ? (
        <Button icon="retry" keys="r" pending={retry.pending} onClick={() => retry.run(null)}>
          Retry
        </Button>
      ) : (
        <Button icon="stop" keys="c" pending={cancel.pending} onClick={() => setAsking(true)}>
          Cancel
        </Button>
      )}
      <AsCommand text={commandText(namespace, closed ? 'retry' : 'cancel', short)} />
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Cancel ${run.definition} ${short}?`}
        description="A running handler is asked to stop and may clean up; what waits is closed at once."
        verb="Cancel the run"
        danger
        asksWhy
        action={cancel}
        input={why => why}
        command={commandText(namespace, 'cancel', short)}
      />
    </>
  )
}
