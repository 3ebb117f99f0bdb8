import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { HistoryEvent, RunDetail } from '../../api/client.ts'
import { historyQuery } from '../../api/history.ts'
import { definitionsQuery } from '../../api/names.ts'
import { useAction } from '../../api/use-action.ts'
import { shortId } from '../../format/id.ts'
import { Button } from '../../parts/button.tsx'
import { Command, commandText } from '../../parts/command.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { SelectField } from '../../parts/field.tsx'
import { type Draft, newDraft, readDraft, SchemaForm } from '../../parts/schema-form.tsx'
import { problemsAt } from '../../parts/start-options.ts'
import { ProblemText, Skeleton } from '../../parts/states.tsx'
import { forkFrom, resetTo } from './calls.ts'

export interface ForkDialogProps {
  namespace: string
  run: RunDetail
  what: 'fork' | 'reset'
  onClose(): void
  onStarted(run: string): void
}

/** A new run from a step of this workflow: beside it with another input, or in its place. */
export default function ForkDialog(props: ForkDialogProps) {
  const { namespace, run, what, onClose } = props
  const definitions = useQuery(definitionsQuery(namespace))
  const history = useQuery(historyQuery(namespace, run.id))
  const title = what === 'fork' ? `Fork ${run.definition} ${shortId(run.id)}` : `Reset ${run.definition} ${shortId(run.id)} to a step`
  if (definitions.isPending || history.isPending)
    return (
      <Dialog open onClose={onClose} wide title={title}>
        <Skeleton lines={4} />
      </Dialog>
    )
  const schema = definitions.data?.definitions.find(({ name }) => name === run.definition)?.schema
  return <Form {...props} title={title} schema={schema} steps={stepsIn(history.data?.events ?? [])} cut={(history.data?.from ?? 0) > 0} />
}

interface Step {
  n: number
  name: string
  failed: boolean
}

/** Steps, signals and children since the code began, in the order in which it asked for them. */
function stepsIn(events: readonly HistoryEvent[]): Step[] {
  const base = events.findLastIndex(({ is }) => is === 'continued')
  const steps = new Map<number, Step>()
  for (const { is, n, name, signal, definition, retryAt } of events.slice(base + 1)) {
    if (typeof n !== 'number') continue
    const known = steps.get(n) ?? { n, name: String(name ?? signal ?? definition ?? 'timer'), failed: false }
    steps.set(n, { ...known, failed: is === 'step_failed' && retryAt === undefined })
  }
  return [...steps.values()].sort((a, b) => a.n - b.n)
}

function Form({
  namespace,
  run,
  what,
  onClose,
  onStarted,
  title,
  schema,
  steps,
  cut,
}: ForkDialogProps & { title: string; schema: unknown; steps: Step[]; cut: boolean }) {
  const short = shortId(run.id)
  const [from, setFrom] = useState(() => String((steps.findLast(({ failed }) => failed) ?? steps.at(-1))?.n ?? ''))
  const [draft, setDraft] = useState<Draft>(() => newDraft(schema, run.input ?? undefined))
  const read = readDraft(schema, draft)
  const input = read.value === undefined ? null : read.value
  const isSame = JSON.stringify(input) === JSON.stringify(run.input)
  const start = useAction({
    label: title,
    call: (n: number, callKey) =>
      what === 'fork' ? forkFrom(namespace, run.id, callKey, n, isSame ? undefined : input) : resetTo(namespace, run.id, callKey, n),
    done: answer => `run ${shortId(answer.run)} started`,
    onDone: answer => {
      onClose()
      onStarted(answer.run)
    },
  })
  const placed = problemsAt(start.problem, '/input')
  const words = what === 'fork' ? ['fork', short, '--from', from] : ['reset', short, '--to', from]
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={title}
      description={
        what === 'fork'
          ? 'A new run goes on from this step, with the results of what came before it. This one stays as it is.'
          : 'A new run goes on from this step, with the results of what came before it and the signals that came later. This one ends, if it is open.'
      }
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button
            kind={what === 'fork' ? 'main' : 'danger'}
            icon="retry"
            pending={start.pending}
            disabled={from === '' || (what === 'fork' && read.blocks)}
            onClick={() => start.run(Number(from))}
          >
            {what === 'fork' ? 'Start the fork' : 'Reset the run'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {steps.length === 0 ? (
          <p className="text-soft">It has not come to any step yet.</p>
        ) : (
          <SelectField
            label="From step"
            value={from}
            onChange={setFrom}
            options={steps.map(({ n, name, failed }) => ({ value: String(n), label: `${n} · ${name}${failed ? ' · failed' : ''}` }))}
          />
        )}
        {cut && (
          <p className="text-small text-soft">Steps before its newest events are offered once its history shows them; the command takes any.</p>
        )}
        {what === 'fork' && (
          <SchemaForm label="Input" schema={schema} draft={draft} onChange={setDraft} problems={new Map([...read.faults, ...placed])} />
        )}
        {start.problem && placed.size === 0 && <ProblemText problem={start.problem} />}
        <Command text={commandText(namespace, ...words, ...(what === 'fork' && !isSame ? ['--input', JSON.stringify(input)] : []))} />
      </div>
    </Dialog>
  )
}
