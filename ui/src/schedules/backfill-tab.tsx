import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { Schedule } from '../api/client.ts'
import { useAction } from '../api/use-action.ts'
import { present } from '../app/search.ts'
import { counted } from '../format/word.ts'
import { Button } from '../parts/button.tsx'
import { Command, commandText } from '../parts/command.tsx'
import { SelectField, TextField } from '../parts/field.tsx'
import { Panel } from '../parts/panel.tsx'
import { ErrorState, ProblemText, Skeleton } from '../parts/states.tsx'
import { backfillSchedule } from './actions.ts'
import { type Asked, askedOf } from './backfill.ts'
import { BackfillTimes } from './backfill-times.tsx'
import { Backfills } from './backfills.tsx'
import { addDays, dateIn, fieldTime, instantIn, startOfDay } from './days.ts'
import { backfillPreviewQuery } from './queries.ts'
import { REPROCESSES, type Reprocess, type ScheduleSearch } from './search.ts'
import { useSettled } from './use-draft.ts'

const REPROCESS_WORDS: Record<Reprocess, string> = {
  none: 'leave it alone',
  failed: 'start again what did not complete',
  completed: 'start again, completed or not',
}
const DAYS_BEFORE = 7

interface BackfillTabProps {
  namespace: string
  schedule: Schedule
  search: ScheduleSearch
}

/** Times of a range are started again: what that would do, and how long it would take, before the button; below it how far others are. */
export function BackfillTab({ namespace, schedule, search }: BackfillTabProps) {
  const { name, timezone: zone = 'UTC' } = schedule
  const [opened] = useState(() => Date.now())
  // As it is written; what of it is an instant goes into the address.
  const [from, setFrom] = useState(() =>
    fieldTime(search.from === undefined ? startOfDay(addDays(dateIn(opened, zone), -DAYS_BEFORE), zone) : Date.parse(search.from), zone),
  )
  const [to, setTo] = useState(() => fieldTime(search.to === undefined ? opened : Date.parse(search.to), zone))
  const { active = '1', order = 'forward', reprocess = 'none' } = search
  const navigate = useNavigate()
  const look = (change: Partial<Record<keyof ScheduleSearch, string | undefined>>): void =>
    void navigate({
      to: '/schedules/$name',
      params: { name },
      search: present({ ...search, ...change, tab: 'backfill' }) as ScheduleSearch,
      replace: true,
    })
  const end = (text: string): string | undefined => {
    const at = instantIn(text, zone)
    return at === null ? undefined : new Date(at).toISOString()
  }
  const asked = askedOf({ from: instantIn(from, zone), to: instantIn(to, zone), active, order, reprocess })
  return (
    <div className="flex flex-col gap-4">
      <Panel title="Start times again">
        <div className="flex flex-col gap-3">
          <div className="grid grid-cols-[repeat(auto-fit,minmax(210px,1fr))] items-start gap-3">
            <TextField
              label="From"
              type="datetime-local"
              value={from}
              onChange={event => {
                setFrom(event.target.value)
                look({ from: end(event.target.value) })
              }}
              help={`as the clock shows it in ${zone}`}
            />
            <TextField
              label="To, included"
              type="datetime-local"
              value={to}
              onChange={event => {
                setTo(event.target.value)
                look({ to: end(event.target.value) })
              }}
            />
            <TextField
              label="Runs open at a time"
              inputMode="numeric"
              value={active}
              onChange={event => look({ active: event.target.value })}
              help="More are done sooner, and take more of the workers from what is due."
            />
            <SelectField
              label="Where a run is there"
              value={reprocess}
              onChange={value => look({ reprocess: value === 'none' ? undefined : value })}
              options={REPROCESSES.map(value => ({ value, label: REPROCESS_WORDS[value] }))}
              help="What is open is left alone."
            />
            <SelectField
              label="Order"
              value={order}
              onChange={value => look({ order: value === 'reverse' ? value : undefined })}
              options={[
                { value: 'forward', label: 'the first time first' },
                { value: 'reverse', label: 'the last time first' },
              ]}
            />
          </div>
          {typeof asked === 'string' ? (
            <p role="status" className="text-failed">
              {asked}
            </p>
          ) : (
            <Would
              namespace={namespace}
              name={name}
              asked={asked}
              command={commandText(namespace, 'backfill', 'start', name, '--from', from, '--to', to, ...flagsOf(asked))}
            />
          )}
        </div>
      </Panel>
      <Backfills namespace={namespace} name={name} />
    </div>
  )
}

function flagsOf({ maxActive, order, reprocess }: Asked): string[] {
  return [
    ...(maxActive === 1 ? [] : ['--max-active', String(maxActive)]),
    ...(order === 'forward' ? [] : ['--order', order]),
    ...(reprocess === 'none' ? [] : ['--reprocess', reprocess]),
  ]
}

/** What it would do as things stand, and the button. */
function Would({ namespace, name, asked, command }: { namespace: string; name: string; asked: Asked; command: string }) {
  const settled = useSettled(asked)
  const preview = useQuery({ ...backfillPreviewQuery(namespace, name, settled), placeholderData: before => before, retry: false })
  const isOfThis = JSON.stringify(settled) === JSON.stringify(asked) && !preview.isPlaceholderData
  const starts = preview.data?.starts ?? 0
  const begin = useAction({
    label: `Backfill ${name}`,
    call: (body: Asked, callKey) => backfillSchedule(namespace, name, callKey, body),
    done: 'begun: its progress stands below',
    refresh: [
      [namespace, 'batches'],
      [namespace, 'schedule', name],
    ],
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    begin.run(asked)
  }
  return (
    <form className="flex flex-col gap-3" onSubmit={submit}>
      <section aria-label="What it would do" className="min-w-0 rounded border border-line bg-ground">
        {preview.isError ? (
          <ErrorState error={preview.error} />
        ) : preview.data === undefined ? (
          <Skeleton lines={3} />
        ) : (
          <BackfillTimes preview={preview.data} maxActive={settled.maxActive} />
        )}
      </section>
      <div className="flex flex-wrap items-center gap-3">
        <Button kind="main" type="submit" pending={begin.pending} disabled={!isOfThis || preview.isError || starts === 0}>
          {starts === 0 ? 'Nothing to start' : `Start ${counted(starts, 'run')}`}
        </Button>
        <span className="min-w-0 grow">
          <Command text={command} />
        </span>
      </div>
      {begin.problem && <ProblemText problem={begin.problem} />}
    </form>
  )
}
