import { useId } from 'react'
import { Button } from './button.tsx'
import { Editor, faultOf } from './editor.tsx'
import { blankOf, isSchema, placeOf, type Schema } from './schema.ts'
import { schemaFaults } from './schema-faults.ts'
import { SchemaField } from './schema-fields.tsx'

/** An input that is being written: as a form has it, or as JSON text. */
export interface Draft {
  value: unknown
  /** Not null: it is edited as JSON, and this is what is in the editor. */
  text: string | null
}

/** Begins with `value`, else with what the schema says; as a form where the schema describes an object with properties. */
export function newDraft(schema: unknown, value?: unknown): Draft {
  const given = value ?? (isSchema(schema) ? blankOf(schema, schema) : undefined)
  return isForm(schema) && (value === undefined || isSchema(value)) ? { value: given, text: null } : { value: given, text: textOf(given ?? {}) }
}

/**
 * What the draft is worth. `value` undefined: no input. `blocks`: it cannot be sent as it is: text that is not JSON, or a form with faults. Faults of an input
 * that was written as JSON are told and do not block: the schema may say more, or other, than what is read of it here.
 */
export function readDraft(schema: unknown, { value, text }: Draft): { value: unknown; faults: ReadonlyMap<string, string>; blocks: boolean } {
  if (text?.trim() === '') return { value: undefined, faults: NONE, blocks: false }
  if (text !== null && faultOf(text) !== null) return { value: undefined, faults: NONE, blocks: true }
  const read = text === null ? value : JSON.parse(text)
  const faults = isSchema(schema) ? schemaFaults(schema, read) : NONE
  return { value: read, faults, blocks: text === null && faults.size > 0 }
}
const NONE: ReadonlyMap<string, string> = new Map()

export interface SchemaFormProps {
  /** Its name: "Input". */
  label: string
  /** A JSON Schema; undefined or one that is no object with properties: the JSON editor alone. */
  schema: unknown
  draft: Draft
  onChange(draft: Draft): void
  /** What is wrong, by JSON pointer into the input: from `readDraft`, and from the server without its `/input`. */
  problems: ReadonlyMap<string, string>
  /** Where it is edited as JSON, the focus begins there. */
  begins?: boolean
}

/** A form from a JSON Schema, that can be turned into its JSON and back. */
export function SchemaForm({ label, schema, draft, onChange, problems, begins = false }: SchemaFormProps) {
  const id = useId()
  const formable = isForm(schema)
  const { text, value } = draft
  const back = text !== null && formable && (text.trim() === '' || isObjectText(text))
  const turn = (): void => {
    if (text === null) onChange({ value, text: textOf(value ?? {}) })
    else onChange({ value: text.trim() === '' ? {} : JSON.parse(text), text: null })
  }
  return (
    <section aria-labelledby={id} className="flex min-w-0 flex-col gap-2">
      <header className="flex min-h-6 items-center justify-between gap-2">
        <h3 id={id} className="font-semibold">
          {label}
        </h3>
        {formable && (
          <Button kind="quiet" className="h-6 text-small text-soft" disabled={text !== null && !back} onClick={turn}>
            {text === null ? 'As JSON' : 'As a form'}
          </Button>
        )}
      </header>
      {text === null && isSchema(schema) ? (
        <>
          <SchemaField
            root={schema}
            schema={schema}
            name={null}
            at=""
            required
            value={value}
            onChange={next => onChange({ value: next, text: null })}
            problems={problems}
          />
          {problems.has('') && <p className="text-failed">{problems.get('')}</p>}
        </>
      ) : (
        <>
          <Editor
            label={`${label} as JSON`}
            hidesLabel
            optional
            begins={begins}
            value={text ?? ''}
            onChange={next => onChange({ value, text: next })}
          />
          {problems.size > 0 && (
            <ul className="flex flex-col text-paused">
              {[...problems].slice(0, TOLD_MAX).map(([at, problem]) => (
                <li key={at}>
                  {at !== '' && <code>{at}</code>} {problem}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  )
}
const TOLD_MAX = 8

function isForm(schema: unknown): schema is Schema {
  if (!isSchema(schema)) return false
  const { is } = placeOf(schema, schema).shape
  return is === 'object' || is === 'variants'
}

function isObjectText(text: string): boolean {
  return faultOf(text) === null && isSchema(JSON.parse(text))
}

function textOf(value: unknown): string {
  return JSON.stringify(value, null, 2)
}
