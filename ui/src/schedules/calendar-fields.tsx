import { useState } from 'react'
import { counted } from '../format/word.ts'
import { Button, IconButton } from '../parts/button.tsx'
import { TextArea, TextField } from '../parts/field.tsx'
import { same } from './draft.ts'
import { type FieldsProps, problemAt } from './timetable-fields.tsx'

type Calendar = { dates: readonly string[] } | { ics: string }

/** Calendars of the schedule's own, by their names: days, one a line, or the text of an iCalendar file. */
export function CalendarFields({ fields, change, problem }: FieldsProps) {
  const calendars = (fields.calendars ?? {}) as Readonly<Record<string, Calendar>>
  const [name, setName] = useState('')
  const [adding, setAdding] = useState(false)
  const isTaken = name.trim() in calendars
  const put = (of: string, calendar: Calendar | null): void => {
    const { [of]: _, ...rest } = calendars
    const next = calendar === null ? rest : { ...calendars, [of]: calendar }
    change({ calendars: Object.keys(next).length === 0 ? null : next })
  }
  const add = (calendar: Calendar): void => {
    put(name.trim(), calendar)
    setName('')
    setAdding(false)
  }
  return (
    <section aria-label="Calendars" className="mt-3 flex flex-col gap-3 border-t border-line pt-3">
      {Object.entries(calendars).map(([of, calendar]) => (
        <div key={of} className="flex items-start gap-2">
          <div className="min-w-0 grow">
            {'dates' in calendar ? (
              <Dates name={of} dates={calendar.dates} onChange={dates => put(of, { dates })} problem={problemAt(problem, `calendars/${of}`)} />
            ) : (
              <TextArea
                label={`Calendar ${of}, an iCalendar file`}
                className="font-mono text-small"
                value={calendar.ics}
                onChange={event => put(of, { ics: event.target.value })}
                problem={problemAt(problem, `calendars/${of}`)}
                help={counted(calendar.ics.split('BEGIN:VEVENT').length - 1, 'event')}
              />
            )}
          </div>
          <IconButton icon="close" label={`Remove the calendar ${of}`} onClick={() => put(of, null)} />
        </div>
      ))}
      {adding ? (
        <div className="flex flex-col gap-2">
          <TextField
            label="Name of the calendar"
            value={name}
            onChange={event => setName(event.target.value)}
            problem={isTaken ? 'There is one of this name.' : null}
            help="Then it can be named above, as days on which it fires, or does not, or that are holidays."
          />
          <div className="flex flex-wrap items-center gap-2">
            <Button disabled={name.trim() === '' || isTaken} onClick={() => add({ dates: [] })}>
              Add its days
            </Button>
            <label className="text-soft">
              or from a file{' '}
              <input
                type="file"
                accept=".ics,text/calendar"
                disabled={name.trim() === '' || isTaken}
                className="max-w-full text-small file:mr-2 file:h-8 file:cursor-pointer file:rounded file:border file:border-edge file:bg-surface file:px-3 file:text-ink"
                onChange={async event => {
                  const file = event.target.files?.[0]
                  if (file !== undefined) add({ ics: await file.text() })
                }}
              />
            </label>
          </div>
        </div>
      ) : (
        <div>
          <Button icon="plus" kind="quiet" onClick={() => setAdding(true)}>
            Add a calendar
          </Button>
        </div>
      )}
    </section>
  )
}

interface DatesProps {
  name: string
  dates: readonly string[]
  onChange(dates: readonly string[]): void
  problem: string | null
}

function Dates({ name, dates, onChange, problem }: DatesProps) {
  const [typed, setTyped] = useState(dates.join('\n'))
  const [day, setDay] = useState('')
  // Lines that are being begun stay, unless something else has changed the days.
  const text = same(linesIn(typed), dates) ? typed : dates.join('\n')
  const write = (next: string): void => {
    setTyped(next)
    onChange(linesIn(next))
  }
  return (
    <div className="flex flex-col gap-1.5">
      <TextArea
        label={`Days of ${name}`}
        rows={Math.min(8, Math.max(3, dates.length + 1))}
        className="font-mono text-small"
        value={text}
        onChange={event => write(event.target.value)}
        problem={problem}
        help="One a line: 2026-12-24, or 12-25 for each year."
      />
      <div className="flex flex-wrap items-center gap-2">
        <input
          type="date"
          aria-label={`A day for ${name}`}
          value={day}
          onChange={event => setDay(event.target.value)}
          className="h-8 rounded border border-edge bg-surface px-2"
        />
        <Button
          disabled={day === ''}
          onClick={() => {
            write([...dates, day].join('\n'))
            setDay('')
          }}
        >
          Add the day
        </Button>
      </div>
    </div>
  )
}

function linesIn(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
}
