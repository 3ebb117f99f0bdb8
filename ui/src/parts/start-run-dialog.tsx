import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useId, useRef, useState } from 'react'
import { definitionsQuery, queuesQuery } from '../api/names.ts'
import type { Problem } from '../api/problem.ts'
import { startRun } from '../api/start.ts'
import { useAction } from '../api/use-action.ts'
import { shortId } from '../format/id.ts'
import { Button } from './button.tsx'
import { ComboField } from './combo-field.tsx'
import { Command } from './command.tsx'
import { Dialog } from './dialog.tsx'
import { DurationField, TextField } from './field.tsx'
import { Icon } from './icons.tsx'
import { type Draft, newDraft, readDraft, SchemaForm } from './schema-form.tsx'
import { NO_OPTIONS, type OptionTexts, optionsOf, problemsAt, startCommand } from './start-options.ts'
import type { StartRunDialogProps } from './start-run.tsx'
import { ProblemText } from './states.tsx'

const FIELDS = ['definition', 'input', 'key', 'delay', 'priority', 'queue', 'tags'] as const

export default function StartDialog({ namespace, onClose, definition: given = '', input, onStarted }: StartRunDialogProps) {
  const id = useId()
  const form = useRef<HTMLFormElement>(null)
  const navigate = useNavigate()
  const { data } = useQuery(definitionsQuery(namespace))
  const queues = useQuery(queuesQuery(namespace))
  const [name, setName] = useState(given)
  const [options, setOptions] = useState<OptionTexts>(NO_OPTIONS)
  const [draft, setDraft] = useState<{ of: string; draft: Draft } | null>(null)
  const [tried, setTried] = useState(false)
  const known = data?.definitions.find(definition => definition.name === name)
  // A draft belongs to its definition: another name is another form.
  const of = known?.name ?? ''
  const current = draft?.of === of ? draft.draft : newDraft(known?.schema, of === given ? input : undefined)
  const read = readDraft(known?.schema, current)
  const wanted = optionsOf(options)
  const start = useAction({
    label: `Start ${name}`,
    call: (_: null, callKey) =>
      startRun(namespace, { definition: name, ...(read.value !== undefined && { input: read.value }), ...wanted.options }, callKey),
    done: answer => (answer.is === 'existing' ? `${shortId(answer.run)} was there before; nothing started` : `run ${shortId(answer.run)} started`),
    refresh: [[namespace, 'runs']],
    onDone: ({ run }) => {
      onClose()
      if (onStarted) onStarted(run)
      else void navigate({ to: '/runs/$run', params: { run }, search: {} })
    },
  })
  const own: Problem | null = name.trim() === '' ? { code: 'invalid-input', status: 0, title: 'Say what to start.', at: '/definition' } : null
  const problem = start.problem ?? (tried ? own : null)
  const told = (field: string): string | undefined =>
    problemsAt(problem, `/${field}`).values().next().value ?? (tried ? wanted.problems[field] : undefined)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (own === null && !read.blocks && Object.keys(wanted.problems).length === 0) return start.run(null)
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }
  const option = (field: keyof OptionTexts) => ({
    optional: true,
    value: options[field],
    problem: told(field),
    onChange: (event: { target: { value: string } }) => setOptions({ ...options, [field]: event.target.value }),
  })
  const elsewhere = problem !== null && !FIELDS.some(field => problemsAt(problem, `/${field}`).size > 0)
  return (
    <Dialog
      open
      onClose={onClose}
      title="Start a run"
      wide
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" type="submit" form={id} pending={start.pending}>
            Start the run
          </Button>
        </>
      }
    >
      <form
        ref={form}
        id={id}
        noValidate
        className="flex flex-col gap-4"
        onSubmit={submit}
        onKeyDown={event => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && submit(event)}
      >
        <ComboField
          label="Definition"
          value={name}
          onChange={setName}
          options={(data?.definitions ?? []).map(({ name: value, options: { queue }, paused }) => ({
            value,
            ...(paused !== null ? { hint: 'paused' } : queue !== undefined && { hint: `queue ${queue}` }),
          }))}
          placeholder="What to start"
          problem={told('definition')}
        />
        {known?.paused != null && (
          <p className="-mt-2 flex gap-1.5 text-paused">
            <Icon name="pause" size={14} className="mt-0.5" /> It is paused{known.paused.by !== null && ` by ${known.paused.by}`}: the run waits until
            somebody resumes it.
          </p>
        )}
        <SchemaForm
          key={of}
          label="Input"
          schema={known?.schema}
          draft={current}
          onChange={next => setDraft({ of, draft: next })}
          problems={new Map([...(tried || current.text !== null ? read.faults : []), ...problemsAt(start.problem, '/input')])}
        />
        <details className="group" open={['key', 'delay', 'priority', 'queue', 'tags'].some(field => told(field) !== undefined) || undefined}>
          <summary className="flex cursor-pointer list-none items-center gap-1.5 rounded-small font-semibold">
            <Icon name="right" size={12} className="text-soft group-open:rotate-90" /> Options
            <span className="font-normal text-soft">{wanted.text}</span>
          </summary>
          <div className="mt-2 grid grid-cols-2 gap-3 max-sm:grid-cols-1">
            <TextField label="Key" {...option('key')} help="At most one run is started with it." mono />
            <DurationField label="Delay" {...option('delay')} help="Due after this time." />
            <TextField label="Priority" {...option('priority')} inputMode="numeric" placeholder="0" help="From -100 to 100, higher goes first." />
            <ComboField
              label="Queue"
              {...option('queue')}
              onChange={queue => setOptions({ ...options, queue })}
              options={(queues.data?.queues ?? []).map(queue => ({ value: queue.name }))}
              placeholder={known?.options.queue ?? 'default'}
              help="Another than the definition's."
            />
            <div className="col-span-full">
              <TextField label="Tags" {...option('tags')} placeholder="team:media, order:4711" help="Runs are found by them." mono />
            </div>
          </div>
        </details>
        {(elsewhere || name !== '') && (
          <div className="flex min-w-0 flex-col gap-3 border-t border-line pt-3">
            {elsewhere && problem && <ProblemText problem={problem} />}
            {name !== '' && <Command text={startCommand(namespace, name, read.value, wanted.options)} />}
          </div>
        )}
      </form>
    </Dialog>
  )
}
