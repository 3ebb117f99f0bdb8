import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { type DefinitionDetail, definitionQuery } from '../../api/work.ts'
import { shortId } from '../../format/id.ts'
import { Button } from '../../parts/button.tsx'
import { Command, commandText } from '../../parts/command.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { TextField } from '../../parts/field.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { type Draft, newDraft, readDraft, SchemaForm } from '../../parts/schema-form.tsx'
import { problemsAt } from '../../parts/start-options.ts'
import { ProblemText } from '../../parts/states.tsx'
import { type Message, messagesQuery, type Said, type Saying, tellRun } from './calls.ts'

export interface TellDialogProps {
  namespace: string
  run: RunDetail
  is: Saying
  /** The signal that it waits for. */
  signal: string | undefined
  onClose(): void
}

const VERBS: Record<Saying, { title: string; verb: string; description: string }> = {
  signal: { title: 'Signal', verb: 'Send the signal', description: 'It is kept until the code waits for it.' },
  update: { title: 'Update', verb: 'Send the update', description: 'The code takes or refuses it, and answers. What is refused leaves nothing.' },
  query: { title: 'Query', verb: 'Ask', description: 'The code looks and answers; nothing of it is kept.' },
}

const LISTS = { signal: 'signals', update: 'updates', query: 'queries' } as const

/** Says something to a workflow, or a signal to a DAG; the form is what the code's schema says, where a worker that has the code tells it. */
export default function TellDialog({ namespace, run, is, signal, onClose }: TellDialogProps) {
  const list = useId()
  const short = shortId(run.id)
  const { title, verb, description } = VERBS[is]
  const isDag = run.kind === 'dag'
  const messages = useQuery({ ...messagesQuery(namespace, run.id), enabled: !isDag })
  const awaited = useQuery({ ...definitionQuery(namespace, run.definition), enabled: isDag })
  const known: readonly Message[] = isDag ? signalsOf(awaited.data?.dag) : (messages.data?.[LISTS[is]] ?? [])
  const [typed, setTyped] = useState<string | null>(null)
  const name = typed ?? (is === 'signal' ? (signal ?? (isDag ? known[0]?.name : undefined) ?? '') : (known[0]?.name ?? ''))
  const schema = known.find(message => message.name === name)?.schema
  const [draft, setDraft] = useState<Draft | null>(null)
  const shown = draft ?? (schema === undefined ? { value: undefined, text: '' } : newDraft(schema))
  const read = readDraft(schema, shown)
  const [answer, setAnswer] = useState<unknown>(undefined)
  const tell = useAction({
    label: `${title} ${name} to ${run.definition} ${short}`,
    call: (said: Said, callKey) => tellRun(namespace, run.id, callKey, is, said),
    done: is === 'signal' ? 'it is told' : 'answered',
    refresh: is === 'query' ? [] : [[namespace, 'run', run.id]],
    onDone: said => (is === 'signal' ? onClose() : setAnswer(said)),
  })
  const placed = problemsAt(tell.problem, '/input')
  const input = read.value === undefined ? [] : [JSON.stringify(read.value)]
  const blocks = read.blocks || name === ''
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={`${title} ${run.definition} ${short}`}
      description={isDag ? 'It is kept until a task waits for it, and is what that task gives.' : description}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button kind="main" pending={tell.pending} disabled={blocks} onClick={() => tell.run({ name, input: read.value })}>
            {verb}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <TextField
          label="Name"
          mono
          list={list}
          value={name}
          onChange={event => {
            setTyped(event.target.value)
            setDraft(null)
          }}
          help={known.length > 0 ? `${isDag ? 'Its tasks wait for' : 'Its code has'} ${known.map(message => message.name).join(', ')}.` : undefined}
        />
        <datalist id={list}>
          {known.map(message => (
            <option key={message.name} value={message.name} />
          ))}
        </datalist>
        <SchemaForm label="Input" schema={schema} draft={shown} onChange={setDraft} problems={new Map([...read.faults, ...placed])} />
        {tell.problem && placed.size === 0 && <ProblemText problem={tell.problem} />}
        {answer !== undefined && !tell.problem && <JsonView value={answer} name={`${name}-answer`} label="Answer" />}
        <Command text={commandText(namespace, is, short, name || 'NAME', ...input)} />
      </div>
    </Dialog>
  )
}

/** What tasks of a DAG wait for; a name with a placeholder is known to the run alone. */
function signalsOf(dag: DefinitionDetail['dag']): Message[] {
  const names = Object.values(dag?.tasks ?? {}).flatMap(({ wait }) => wait?.signal ?? [])
  return [...new Set(names)].filter(name => !name.includes('{{')).map(name => ({ name }))
}
