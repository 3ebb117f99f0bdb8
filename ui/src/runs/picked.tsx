import type { Run } from '../api/client.ts'
import { cancelRun, isClosed, retryRun } from '../api/runs.ts'
import { useAction } from '../api/use-action.ts'
import { countText } from '../format/number.ts'
import { Button } from '../parts/button.tsx'

/** What can be done with the runs that are picked: the count says to how many it applies. */
export function Picked({ namespace, runs, onClear }: { namespace: string; runs: readonly Run[]; onClear(): void }) {
  const open = runs.filter(run => !isClosed(run.state))
  const closed = runs.filter(run => isClosed(run.state))
  const cancel = useAction({
    label: `Cancel ${countText(open.length)}`,
    call: (_: null, callKey) => Promise.all(open.map(run => cancelRun(namespace, run.id, `${callKey}-${run.id}`, ''))),
    done: answers => `${countText(answers.length)} were asked to stop`,
    onDone: onClear,
  })
  const retry = useAction({
    label: `Retry ${countText(closed.length)}`,
    call: (_: null, callKey) => Promise.all(closed.map(run => retryRun(namespace, run.id, `${callKey}-${run.id}`))),
    done: answers => `${countText(answers.length)} new runs`,
    onDone: onClear,
  })
  if (runs.length === 0) return null
  return (
    <section aria-label="Picked runs" className="flex flex-wrap items-center gap-2 border-y border-line bg-picked px-4 py-1.5">
      <span className="font-medium">{countText(runs.length)} picked</span>
      <Button icon="stop" disabled={open.length === 0} pending={cancel.pending} onClick={() => cancel.run(null)}>
        Cancel {countText(open.length)}
      </Button>
      <Button icon="retry" disabled={closed.length === 0} pending={retry.pending} onClick={() => retry.run(null)}>
        Retry {countText(closed.length)}
      </Button>
      <Button kind="quiet" onClick={onClear}>
        Clear
      </Button>
    </section>
  )
}
