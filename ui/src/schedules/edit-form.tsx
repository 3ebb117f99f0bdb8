import { useState } from 'react'
import { Editor, faultOf } from '../parts/editor.tsx'
import { SwitchField, TextField } from '../parts/field.tsx'
import { Panel } from '../parts/panel.tsx'
import { CalendarFields } from './calendar-fields.tsx'
import { FIELDS, type Fields } from './draft.ts'
import { DayFields, PolicyFields } from './policy-fields.tsx'
import { type FieldsProps, problemAt, TimetableFields } from './timetable-fields.tsx'

/** All that a schedule is made of: what one changes often as fields, the rest as JSON. */
export function EditForm({ namespace, fields, change, problem }: FieldsProps & { namespace: string }) {
  const [asJson, setAsJson] = useState(false)
  return (
    <div className="flex flex-col gap-4">
      {asJson ? (
        <JsonFields fields={fields} change={change} />
      ) : (
        <>
          <Panel title="When">
            <TimetableFields fields={fields} change={change} problem={problem} />
          </Panel>
          <Panel title="On which days">
            <DayFields fields={fields} change={change} problem={problem} />
            <CalendarFields fields={fields} change={change} problem={problem} />
          </Panel>
          <Panel title="What, and how">
            <div className="flex flex-col gap-3">
              <PolicyFields namespace={namespace} fields={fields} change={change} problem={problem} />
              <TextField
                label="For people"
                value={String(fields.description ?? '')}
                onChange={event => change({ description: event.target.value })}
                problem={problemAt(problem, 'description')}
                placeholder="what it is there for"
              />
            </div>
          </Panel>
        </>
      )}
      <SwitchField
        label="All fields as JSON"
        checked={asJson}
        onChange={setAsJson}
        help="Input, options of the runs, blackouts, start and end, gap and fold."
      />
    </div>
  )
}

function JsonFields({ fields, change }: { fields: Fields; change(change: Record<string, unknown>): void }) {
  const [typed, setTyped] = useState(() => JSON.stringify(fields, null, 2))
  const [wrong, setWrong] = useState<string | null>(null)
  const take = (text: string): void => {
    setTyped(text)
    setWrong(null)
    if (faultOf(text) !== null) return
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return setWrong('a schedule is an object')
    const unknown = Object.keys(value).find(field => !(FIELDS as readonly string[]).includes(field))
    if (unknown !== undefined) return setWrong(`a schedule has no ${unknown}`)
    change(Object.fromEntries(FIELDS.map(field => [field, (value as Record<string, unknown>)[field] ?? null])))
  }
  return <Editor label="The schedule" value={typed} onChange={take} problem={wrong} />
}
