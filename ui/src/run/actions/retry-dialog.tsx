import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { definitionsQuery } from '../../api/names.ts'
import { useAction } from '../../api/use-action.ts'
import { shortId } from '../../format/id.ts'
import { Button } from '../../parts/button.tsx'
import { Command, commandText } from '../../parts/command.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { SwitchField } from '../../parts/field.tsx'
import { type Draft, newDraft, readDraft, SchemaForm } from '../../parts/schema-form.tsx'
import { problemsAt } from '../../parts/start-options.ts'
import { ProblemText, Skeleton } from '../../parts/states.tsx'
import { retryWith } from './calls.ts'

export interface RetryDialogProps {
  namespace: string
  run: RunDetail
  onClose(): void
  onStarted(run: string): void
}

/** A new run from this one with another input: the old one stays as it is, and both know of each other. */
export default function RetryDialog(props: RetryDialogProps) {
  const { namespace, run, onClose } = props
  const definitions = useQuery(definitionsQuery(namespace))
  const title = `Retry ${run.definition} ${shortId(run.id)} with another input`
  if (definitions.isPending)
    return (
      <Dialog open onClose={onClose} wide title={title}>
        <Skeleton lines={4} />
      </Dialog>
    )
  // A definition that is gone has no schema: its input is edited as JSON.
  return <Form {...props} title={title} schema={definitions.data?.definitions.find(({ name }) => name === run.definition)?.schema} />
}

function Form({ namespace, run, onClose, onStarted, title, schema }: RetryDialogProps & { title: string; schema: unknown }) {
  const short = shortId(run.id)
  const [draft, setDraft] = useState<Draft>(() => newDraft(schema, run.input ?? undefined))
  const [force, setForce] = useState(false)
  const [tried, setTried] = useState(false)
  const read = readDraft(schema, draft)
  const retry = useAction({
    label: `Retry ${run.definition} ${short} with another input`,
    call: (input: unknown, callKey) => retryWith(namespace, run.id, callKey, input, force),
    done: answer => `run ${shortId(answer.run)} started`,
    onDone: answer => {
      onClose()
      onStarted(answer.run)
    },
  })
  const placed = problemsAt(retry.problem, '/input')
  // No input at all is one, too: the one that the run had is not taken over.
  const input = read.value === undefined ? null : read.value
  const submit = (): void => {
    setTried(true)
    if (!read.blocks) retry.run(input)
  }
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={title}
      description="A new run is started and linked to this one, which stays as it is."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" icon="retry" pending={retry.pending} disabled={read.blocks && draft.text !== null} onClick={submit}>
            Start the retry
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <SchemaForm
          label="Input"
          begins
          schema={schema}
          draft={draft}
          onChange={setDraft}
          problems={new Map([...(tried || draft.text !== null ? read.faults : []), ...placed])}
        />
        {retry.problem?.code.includes('unique') && (
          <SwitchField label="Start it also where another run holds its unique key" checked={force} onChange={setForce} />
        )}
        {retry.problem && placed.size === 0 && <ProblemText problem={retry.problem} />}
        <Command text={commandText(namespace, 'retry', short, '--input', JSON.stringify(input), ...(force ? ['--force'] : []))} />
      </div>
    </Dialog>
  )
}
