import { useQuery } from '@tanstack/react-query'
import { definitionsQuery } from '../api/names.ts'
import { DurationField, SelectField, TextField } from '../parts/field.tsx'
import { shownValue } from './draft.ts'
import { type FieldsProps, problemAt } from './timetable-fields.tsx'
import { OVERLAP_WORDS } from './words.ts'

/** On which days, and what happens when a run is open or nobody was there. */
export function DayFields({ fields, change, problem }: FieldsProps) {
  const known = ['business-days', ...Object.keys((fields.calendars as object | undefined) ?? {})]
  const names = (field: 'only' | 'except' | 'holidays', label: string, help: string) => (
    <TextField
      label={label}
      list="schedule-calendars"
      placeholder="none"
      value={[fields[field] ?? []].flat().join(', ')}
      onChange={event => change({ [field]: namesOf(event.target.value) })}
      problem={problemAt(problem, field)}
      help={help}
    />
  )
  return (
    <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
      {names('only', 'Only on', 'business-days, or a calendar of yours')}
      {names('except', 'Not on', 'a calendar of yours')}
      {names('holidays', 'Holidays', 'a calendar whose days are no business days')}
      <SelectField
        label="On a day that is no business day"
        value={String(fields.move ?? '')}
        options={[
          { value: '', label: 'fire all the same' },
          { value: 'next-business-day', label: 'move to the next' },
          { value: 'previous-business-day', label: 'move to the one before' },
          { value: 'nearest-business-day', label: 'move to the nearest' },
        ]}
        onChange={move => change({ move })}
        problem={problemAt(problem, 'move')}
      />
      <datalist id="schedule-calendars">
        {known.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  )
}

function namesOf(typed: string): unknown {
  // What ends in a comma is being written on.
  const names = typed.split(',').map(name => name.trimStart())
  return typed.trim() === '' ? null : names.length === 1 ? names[0] : names
}

export function PolicyFields({ namespace, fields, change, problem }: FieldsProps & { namespace: string }) {
  const definitions = useQuery(definitionsQuery(namespace)).data?.definitions ?? []
  return (
    <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
      <TextField
        label="Starts"
        list="schedule-targets"
        value={String(fields.target ?? '')}
        onChange={event => change({ target: event.target.value })}
        problem={problemAt(problem, 'target')}
        help="The name of a definition."
      />
      <datalist id="schedule-targets">
        {definitions.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <SelectField
        label="Its run is still open"
        value={String(fields.overlap ?? 'skip')}
        options={Object.entries(OVERLAP_WORDS).map(([value, words]) => ({ value, label: words }))}
        onChange={overlap => change({ overlap: overlap === 'skip' ? null : overlap })}
        problem={problemAt(problem, 'overlap')}
      />
      <TextField
        label="Missed times"
        mono
        list="schedule-catchup"
        placeholder="latest of 7d"
        value={fields.catchup === undefined ? '' : shownValue(fields.catchup)}
        onChange={event => change({ catchup: jsonOr(event.target.value) })}
        problem={problemAt(problem, 'catchup')}
        help="latest, all, none, or within a span such as 6h"
      />
      <datalist id="schedule-catchup">
        {['latest', 'all', 'none', '6h', '1d'].map(value => (
          <option key={value} value={value} />
        ))}
      </datalist>
      <DurationField
        label="Jitter"
        placeholder="none"
        value={String(fields.jitter ?? '')}
        onChange={event => change({ jitter: event.target.value })}
        problem={problemAt(problem, 'jitter')}
        help="Puts each time off by up to so much: a herd spreads."
      />
    </div>
  )
}

function jsonOr(typed: string): unknown {
  if (!typed.startsWith('{')) return typed
  try {
    return JSON.parse(typed)
  } catch {
    return typed
  }
}
