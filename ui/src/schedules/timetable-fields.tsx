import { type ReactNode, useId, useState } from 'react'
import type { Problem } from '../api/problem.ts'
import { Button } from '../parts/button.tsx'
import { SelectField, TextField } from '../parts/field.tsx'
import { Icon } from '../parts/icons.tsx'
import { Menu } from '../parts/menu.tsx'
import { type Fields, fromLines, linesOf } from './draft.ts'

export interface FieldsProps {
  fields: Fields
  change(change: Record<string, unknown>): void
  /** What the server says is wrong with it. */
  problem: Problem | null
}

const SOURCES = [
  { value: 'cron', label: 'Cron' },
  { value: 'every', label: 'Every' },
  { value: 'at', label: 'Once' },
  { value: 'solar', label: 'Sun' },
] as const
type Source = (typeof SOURCES)[number]['value']
const BEGIN: Record<Source, unknown> = {
  cron: '0 2 * * *',
  every: '1h',
  at: '2027-01-01 09:00',
  solar: { event: 'sunset', latitude: 52.52, longitude: 13.405 },
}

/** In words, and as cron writes it: to pick and then change. */
const EXAMPLES = [
  ['every 5 minutes', '*/5 * * * *'],
  ['at :00 of every hour', '0 * * * *'],
  ['at 02:00 every day', '0 2 * * *'],
  ['at 09:00 from Monday to Friday', '0 9 * * 1-5'],
  ['every hour from 9 to 17 on weekdays', '0 9-17 * * 1-5'],
  ['at 06:30 on Mondays', '30 6 * * 1'],
  ['at 00:00 on the 1st of each month', '0 0 1 * *'],
  ['at 02:00 on the last day of each month', '0 2 L * *'],
  ['at 03:00 on the first of a quarter', '0 3 1 1,4,7,10 *'],
] as const

const DIALECTS = ['unix', 'vixie', 'kubernetes', 'robfig', 'quartz', 'spring', 'croniter', 'apscheduler', 'celery', 'aws'] as const
const SUN = [
  'dawn_astronomical',
  'dawn_nautical',
  'dawn_civil',
  'sunrise',
  'solar_noon',
  'sunset',
  'dusk_civil',
  'dusk_nautical',
  'dusk_astronomical',
]

/** What is wrong with one field, in its place; `at` is a pointer such as `/schedule/cron/0`. */
export function problemAt(problem: Problem | null, field: string): string | null {
  const at = problem?.at?.replace(/^\/schedule/, '') ?? ''
  if (problem === null || (at !== `/${field}` && !at.startsWith(`/${field}/`))) return null
  return problem.hint === undefined ? problem.title : `${problem.title} ${problem.hint}`
}

/** When it fires: by cron, by an interval, at times of their own or by the sun, and in which zone. */
export function TimetableFields({ fields, change, problem }: FieldsProps) {
  const there = SOURCES.filter(({ value }) => fields[value] !== undefined)
  const source = there[0]?.value ?? 'cron'
  const choose = (next: Source): void => {
    if (next !== source || there.length === 0)
      change({
        ...Object.fromEntries(SOURCES.map(({ value }) => [value, null])),
        dialect: next === 'cron' ? fields.dialect : null,
        [next]: BEGIN[next],
      })
  }
  return (
    <div className="flex flex-col gap-3">
      <fieldset>
        <legend className="mb-1 font-medium">Fires</legend>
        <div className="inline-flex rounded border border-line bg-surface p-0.5">
          {SOURCES.map(({ value, label }) => (
            <button
              key={value}
              type="button"
              aria-pressed={source === value}
              onClick={() => choose(value)}
              className="h-[26px] rounded-small px-2.5 text-soft hover:bg-hover hover:text-ink aria-pressed:bg-picked aria-pressed:font-medium aria-pressed:text-ink"
            >
              {label}
            </button>
          ))}
        </div>
        {there.length > 1 && (
          <p className="mt-1 text-small text-soft">
            It has {there.map(({ label }) => label.toLowerCase()).join(' and ')} times: all of them are in the JSON below.
          </p>
        )}
      </fieldset>
      {source === 'cron' ? (
        <CronFields fields={fields} change={change} problem={problem} />
      ) : source === 'every' ? (
        <EveryFields fields={fields} change={change} problem={problem} />
      ) : source === 'at' ? (
        <Lines
          label="Times"
          value={linesOf(fields.at)}
          onChange={typed => change({ at: fromLines(typed) })}
          problem={problemAt(problem, 'at')}
          help="One a line: 2026-12-24 18:00 as the clock shows it in the zone, or with an offset."
        />
      ) : (
        <SolarFields fields={fields} change={change} problem={problem} />
      )}
      <ZoneField fields={fields} change={change} problem={problem} />
    </div>
  )
}

/** Its 400 names come once somebody is about to choose one. */
function ZoneField({ fields, change, problem }: FieldsProps) {
  const [names, setNames] = useState<readonly string[]>([])
  return (
    <>
      <TextField
        label="Time zone"
        list="schedule-zones"
        placeholder="UTC"
        value={String(fields.timezone ?? '')}
        onFocus={() => setNames(['UTC', ...Intl.supportedValuesOf('timeZone')])}
        onChange={event => change({ timezone: event.target.value })}
        problem={problemAt(problem, 'timezone')}
      />
      <datalist id="schedule-zones">
        {names.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  )
}

function CronFields({ fields, change, problem }: FieldsProps) {
  return (
    <>
      <Lines
        label="Cron expression"
        value={linesOf(fields.cron)}
        onChange={typed => change({ cron: fromLines(typed) })}
        problem={problemAt(problem, 'cron')}
        help="minute hour day month weekday; several stand a line each."
        aside={
          <Menu
            label="In words"
            items={EXAMPLES.map(([words, cron]) => ({
              label: (
                <span className="flex grow justify-between gap-6">
                  {words} <code className="text-soft">{cron}</code>
                </span>
              ),
              onSelect: () => change({ cron, dialect: null }),
            }))}
          >
            <Button kind="quiet" className="h-6 text-small text-soft">
              Examples <Icon name="chevron" size={12} />
            </Button>
          </Menu>
        }
      />
      <SelectField
        label="Dialect"
        value={String(fields.dialect ?? 'unix')}
        options={DIALECTS.map(value => ({ value, label: value }))}
        onChange={value => change({ dialect: value === 'unix' ? null : value })}
        help="Whose rules it follows: Quartz counts weekdays from Sunday 1, Kubernetes knows no L."
        problem={problemAt(problem, 'dialect')}
      />
    </>
  )
}

function EveryFields({ fields, change, problem }: FieldsProps) {
  const every = typeof fields.every === 'object' && fields.every !== null ? (fields.every as Record<string, unknown>) : { every: fields.every ?? '' }
  const set = (next: Record<string, unknown>): void => {
    const all = Object.fromEntries(Object.entries({ ...every, ...next }).filter(([, value]) => value !== '' && value !== null))
    change({ every: Object.keys(all).length === 1 ? all.every : all })
  }
  return (
    <div className="grid grid-cols-2 gap-3">
      <TextField
        label="Interval"
        mono
        placeholder="15m, 1d, 1 month"
        value={String(every.every ?? '')}
        onChange={event => set({ every: event.target.value })}
        problem={problemAt(problem, 'every')}
      />
      <TextField
        label="At (whole days)"
        mono
        placeholder="HH:MM"
        value={String(every.at ?? '')}
        onChange={event => set({ at: event.target.value })}
      />
      <TextField
        label="Counted from"
        mono
        placeholder="when it was made"
        value={String(every.anchor ?? '')}
        onChange={event => set({ anchor: event.target.value })}
      />
      <SelectField
        label="Clock"
        value={String(every.clock ?? '')}
        options={[
          { value: '', label: 'as the interval has it' },
          { value: 'elapsed', label: 'elapsed: exact multiples' },
          { value: 'wall', label: 'wall: the same local time' },
        ]}
        onChange={value => set({ clock: value })}
      />
    </div>
  )
}

function SolarFields({ fields, change, problem }: FieldsProps) {
  const solar = (fields.solar ?? {}) as Record<string, unknown>
  const number = (name: 'latitude' | 'longitude', label: string) => (
    <TextField
      label={label}
      type="number"
      step="any"
      value={String(solar[name] ?? '')}
      onChange={event => change({ solar: { ...solar, [name]: Number(event.target.value) } })}
      problem={problemAt(problem, `solar/${name}`)}
    />
  )
  return (
    <div className="grid grid-cols-3 gap-3 max-sm:grid-cols-1">
      <SelectField
        label="Event"
        value={String(solar.event ?? 'sunset')}
        options={SUN.map(value => ({ value, label: value.replace('_', ', ') }))}
        onChange={event => change({ solar: { ...solar, event } })}
      />
      {number('latitude', 'Latitude')}
      {number('longitude', 'Longitude')}
    </div>
  )
}

interface LinesProps {
  label: string
  value: string
  onChange(typed: string): void
  problem: string | null
  help: string
  aside?: ReactNode
}

/** As many lines as there are, and one is one. */
function Lines({ label, value, onChange, problem, help, aside }: LinesProps) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-end justify-between gap-2">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {aside}
      </div>
      <textarea
        id={id}
        rows={Math.max(1, value.split('\n').length)}
        defaultValue={value}
        ref={element => {
          // Typing keeps blank lines that the value has not; what comes from elsewhere is taken over.
          if (element !== null && linesOf(fromLines(element.value)) !== value) element.value = value
        }}
        onChange={event => onChange(event.target.value)}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={problem !== null || undefined}
        aria-describedby={`${id}-note`}
        className={`min-h-8 resize-y rounded border bg-surface px-2 py-[5px] font-mono text-small ${problem === null ? 'border-edge' : 'border-failed'}`}
      />
      <p id={`${id}-note`} className={problem === null ? 'text-small text-soft' : 'text-failed'}>
        {problem ?? help}
      </p>
    </div>
  )
}
