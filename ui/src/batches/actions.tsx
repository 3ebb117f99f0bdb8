import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import type { Batch } from '../api/work.ts'
import { shortId } from '../format/id.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { ProblemText } from '../parts/states.tsx'

/** Of an operation: pause between two pages, go on, end. Of jobs: take no more, ask the open ones to stop. */
export function BatchActions({ namespace, batch }: { namespace: string; batch: Batch }) {
  const [asking, setAsking] = useState(false)
  const short = shortId(batch.id)
  const params = { path: { namespace, batch: batch.id } }
  const refresh = [
    [namespace, 'batch'],
    [namespace, 'batches'],
  ]
  const isPaused = batch.state === 'paused'
  const pause = useAction({
    label: `Pause ${batch.name}`,
    call: (_: null) => call(client.POST('/v1/namespaces/{namespace}/batches/{batch}/pause', { params, body: {} })),
    done: 'it rests after the page under way',
    refresh,
  })
  const resume = useAction({
    label: `Resume ${batch.name}`,
    call: (_: null) => call(client.POST('/v1/namespaces/{namespace}/batches/{batch}/resume', { params, body: {} })),
    done: 'it goes on',
    refresh,
  })
  const seal = useAction({
    label: `Seal ${batch.name}`,
    call: (_: null) => call(client.POST('/v1/namespaces/{namespace}/batches/{batch}/seal', { params, body: {} })),
    done: 'it takes no more jobs',
    refresh,
  })
  const cancel = useAction({
    label: `Cancel ${batch.name}`,
    call: (why: string) =>
      call(client.POST('/v1/namespaces/{namespace}/batches/{batch}/cancel', { params, body: why.trim() === '' ? {} : { why: why.trim() } })),
    done: batch.bulk === null ? 'its open jobs are asked to stop' : 'it ends after the page under way',
    refresh,
    onDone: () => setAsking(false),
  })
  useCommand({ label: 'Cancel this batch', group: 'This page', keys: 'c', run: () => setAsking(true) })
  useCommand({ label: 'Pause this operation', group: 'This page', keys: 'p', run: () => pause.run(null) }, batch.bulk !== null && !isPaused)
  useCommand({ label: 'Resume this operation', group: 'This page', keys: 'r', run: () => resume.run(null) }, batch.bulk !== null && isPaused)
  const problem = pause.problem ?? resume.problem ?? seal.problem
  return (
    <>
      {problem && <ProblemText problem={problem} />}
      {batch.bulk !== null && (
        <>
          {isPaused ? (
            <Button icon="play" kind="main" keys="r" pending={resume.pending} onClick={() => resume.run(null)}>
              Resume
            </Button>
          ) : (
            <Button icon="pause" keys="p" pending={pause.pending} onClick={() => pause.run(null)}>
              Pause
            </Button>
          )}
          <AsCommand text={commandText(namespace, 'batch', isPaused ? 'resume' : 'pause', short)} />
        </>
      )}
      {batch.jobs?.sealed === false && (
        <>
          <Button icon="check" pending={seal.pending} onClick={() => seal.run(null)}>
            Take no more jobs
          </Button>
          <AsCommand text={commandText(namespace, 'batch', 'seal', short)} />
        </>
      )}
      <Button icon="stop" keys="c" onClick={() => setAsking(true)}>
        Cancel
      </Button>
      <AsCommand text={commandText(namespace, 'batch', 'cancel', short)} />
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Cancel ${batch.name}?`}
        description={
          batch.bulk === null
            ? `Its ${batch.jobs?.open ?? 0} open jobs are asked to stop; those that run may clean up first.`
            : 'It ends after the page under way. What it has done already stays done.'
        }
        verb="Cancel the batch"
        danger
        asksWhy
        action={cancel}
        input={why => why}
        command={commandText(namespace, 'batch', 'cancel', short)}
      />
    </>
  )
}
