import { useState } from 'react'
import { call, client } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import type { Worker } from '../api/work.ts'
import { Button } from '../parts/button.tsx'
import { AsCommand, commandText } from '../parts/command.tsx'
import { useCommand } from '../parts/commands.ts'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { ProblemText } from '../parts/states.tsx'

/** Gives a worker no new runs, so that its process can be ended in peace, or gives it some again. */
export function DrainActions({ namespace, worker }: { namespace: string; worker: Worker }) {
  const { id, name, draining, running } = worker
  const [asking, setAsking] = useState(false)
  const params = { path: { namespace, worker: id } }
  const refresh = [
    [namespace, 'workers'],
    [namespace, 'queues'],
    [namespace, 'summary'],
  ]
  const drain = useAction({
    label: `Drain ${name}`,
    call: (why: string) =>
      call(client.POST('/v1/namespaces/{namespace}/workers/{worker}/drain', { params, body: why.trim() === '' ? {} : { why: why.trim() } })),
    done: running.length === 0 ? 'it gets no new run, and is empty' : 'it gets no new run; what it runs goes on',
    refresh,
    onDone: () => setAsking(false),
  })
  const undrain = useAction({
    label: `Give ${name} runs again`,
    call: (_: null) => call(client.POST('/v1/namespaces/{namespace}/workers/{worker}/undrain', { params, body: {} })),
    done: 'it takes part again',
    refresh,
  })
  useCommand({ label: 'Drain this worker', group: 'This page', keys: 'd', run: () => setAsking(true) }, !draining)
  useCommand({ label: 'Give this worker runs again', group: 'This page', keys: 'r', run: () => undrain.run(null) }, draining)
  return (
    <>
      {undrain.problem && <ProblemText problem={undrain.problem} />}
      {draining ? (
        <Button icon="play" keys="r" pending={undrain.pending} onClick={() => undrain.run(null)}>
          Give it runs again
        </Button>
      ) : (
        <Button icon="half" keys="d" onClick={() => setAsking(true)}>
          Drain
        </Button>
      )}
      <AsCommand text={commandText(namespace, 'worker', draining ? 'undrain' : 'drain', name)} />
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Drain ${name}?`}
        description={`It gets no new run from now on. ${running.length === 0 ? 'It runs nothing at the moment.' : `The ${running.length === 1 ? 'run that it has goes' : `${running.length} runs that it has go`} on to the end.`}`}
        verb="Drain the worker"
        action={drain}
        input={why => why}
        asksWhy
        whyLabel="Note (shown wherever that is)"
        command={commandText(namespace, 'worker', 'drain', name)}
      />
    </>
  )
}
