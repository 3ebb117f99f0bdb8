import { useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { shortId } from '../../format/id.ts'
import { Button } from '../../parts/button.tsx'
import { Command, commandText } from '../../parts/command.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Editor, faultOf } from '../../parts/editor.tsx'
import { SwitchField } from '../../parts/field.tsx'
import { ProblemText } from '../../parts/states.tsx'
import { retryWith } from './calls.ts'

interface RetryDialogProps {
  namespace: string
  run: RunDetail
  onClose(): void
  onStarted(run: string): void
}

/** A new run from this one with another input: the old one stays as it is, and both know of each other. */
export function RetryDialog({ namespace, run, onClose, onStarted }: RetryDialogProps) {
  const short = shortId(run.id)
  const [text, setText] = useState(() => JSON.stringify(run.input, null, 2))
  const [force, setForce] = useState(false)
  const retry = useAction({
    label: `Retry ${run.definition} ${short} with another input`,
    call: (input: unknown, callKey) => retryWith(namespace, run.id, callKey, input, force),
    done: answer => `run ${shortId(answer.run)} started`,
    onDone: answer => {
      onClose()
      onStarted(answer.run)
    },
  })
  const broken = faultOf(text) !== null
  const compact = broken ? text : JSON.stringify(JSON.parse(text))
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={`Retry ${run.definition} ${short} with another input`}
      description="A new run is started and linked to this one, which stays as it is."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" icon="retry" pending={retry.pending} disabled={broken} onClick={() => retry.run(JSON.parse(text))}>
            Start the retry
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <Editor label="Input" value={text} onChange={setText} />
        {retry.problem?.code.includes('unique') && (
          <SwitchField label="Start it also where another run holds its unique key" checked={force} onChange={setForce} />
        )}
        {retry.problem && <ProblemText problem={retry.problem} />}
        <Command text={commandText(namespace, 'retry', short, '--input', compact, ...(force ? ['--force'] : []))} />
      </div>
    </Dialog>
  )
}
