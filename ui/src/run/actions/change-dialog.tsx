import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { queuesQuery } from '../../api/names.ts'
import { useAction } from '../../api/use-action.ts'
import { shortId } from '../../format/id.ts'
import { Button } from '../../parts/button.tsx'
import { Command, commandText } from '../../parts/command.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Editor, faultOf } from '../../parts/editor.tsx'
import { DurationField, SelectField, SwitchField, TextField } from '../../parts/field.tsx'
import { ProblemText } from '../../parts/states.tsx'
import { type Change, changeRun } from './calls.ts'
import { Meanwhile } from './meanwhile.tsx'

type When = 'same' | 'now' | 'delay' | 'at'

/** What may be changed as long as nothing runs: when it is due, its priority, its queue, its input. */
export default function ChangeDialog({ namespace, run, onClose }: { namespace: string; run: RunDetail; onClose(): void }) {
  const short = shortId(run.id)
  const list = useId()
  const queues = useQuery(queuesQuery(namespace))
  const [when, setWhen] = useState<When>('same')
  const [delay, setDelay] = useState('')
  const [at, setAt] = useState('')
  const [priority, setPriority] = useState(String(run.priority))
  const [queue, setQueue] = useState(run.queue)
  const [edits, setEdits] = useState(false)
  const [text, setText] = useState(() => JSON.stringify(run.input, null, 2))
  const [why, setWhy] = useState('')
  const change = useAction({
    label: `Change ${run.definition} ${short}`,
    call: (asked: Change, callKey) => changeRun(namespace, run.id, callKey, asked),
    done: 'changed',
    refresh: [[namespace, 'run', run.id]],
    onDone: onClose,
  })
  const broken = edits && faultOf(text) !== null
  const asked: Change = {
    ...(when === 'now' && { now: true }),
    ...(when === 'delay' && { delay }),
    ...(when === 'at' && { at: instantOf(at) }),
    ...(priority !== String(run.priority) && { priority: Number(priority) }),
    ...(queue !== run.queue && { queue }),
    ...(edits && !broken && { input: JSON.parse(text) }),
  }
  const nothing = Object.keys(asked).length === 0
  const problem = change.problem
  const of = (field: string): string | undefined => (problem?.at === `/${field}` ? (problem.hint ?? problem.title) : undefined)
  const placed = ['delay', 'at', 'priority', 'queue', 'input'].some(field => problem?.at === `/${field}`)
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={`Change ${run.definition} ${short}`}
      description="As long as it waits. What you leave stays as it is."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button
            kind="main"
            pending={change.pending}
            disabled={nothing || broken}
            onClick={() => change.run({ ...asked, ...(why !== '' && { why }) })}
          >
            Change the run
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Meanwhile run={run} />
        <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
          <SelectField
            label="Due"
            value={when}
            options={[
              { value: 'same', label: 'as it is' },
              { value: 'now', label: 'now' },
              { value: 'delay', label: 'so long from now' },
              { value: 'at', label: 'at a time' },
            ]}
            onChange={value => setWhen(value as When)}
          />
          {when === 'delay' && (
            <DurationField label="From now" value={delay} onChange={event => setDelay(event.target.value)} problem={of('delay')} />
          )}
          {when === 'at' && (
            <TextField
              label="Time, of this device's zone"
              type="datetime-local"
              step="1"
              value={at}
              onChange={event => setAt(event.target.value)}
              problem={of('at')}
            />
          )}
        </div>
        <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
          <TextField
            label="Priority"
            type="number"
            min={-100}
            max={100}
            value={priority}
            onChange={event => setPriority(event.target.value)}
            help="-100 to 100; higher goes first"
            problem={of('priority')}
          />
          <TextField label="Queue" list={list} value={queue} onChange={event => setQueue(event.target.value)} problem={of('queue')} />
          <datalist id={list}>
            {queues.data?.queues.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </div>
        <SwitchField label="Another input" checked={edits} onChange={setEdits} />
        {edits && <Editor label="Input" value={text} onChange={setText} problem={of('input') ?? null} />}
        <TextField label="Why (kept in the history)" value={why} onChange={event => setWhy(event.target.value)} />
        {problem && !placed && <ProblemText problem={problem} />}
        {!nothing && <Command text={commandText(namespace, 'change', short, ...flagsOf(asked), ...(why === '' ? [] : ['--why', why]))} />}
      </div>
    </Dialog>
  )
}

/** A field without its zone, as the server takes it. What is no time is sent as it is: the server says what is wrong. */
function instantOf(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toISOString()
}

function flagsOf({ now, at, delay, priority, queue, input }: Change): string[] {
  return [
    ...(now ? ['--now'] : []),
    ...(at === undefined ? [] : ['--at', at]),
    ...(delay === undefined ? [] : ['--delay', delay]),
    ...(priority === undefined ? [] : ['--priority', String(priority)]),
    ...(queue === undefined ? [] : ['--queue', queue]),
    ...(input === undefined ? [] : ['--input', JSON.stringify(input)]),
  ]
}
