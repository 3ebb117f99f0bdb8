import { type ReactNode, useState } from 'react'
import { Button, IconButton } from './button.tsx'
import { Editor } from './editor.tsx'
import { SelectField, SwitchField, TextArea, TextField } from './field.tsx'
import { blankOf, isSchema, type Place, placeOf, pointer, type Schema, Unreadable, variantIndexOf } from './schema.ts'

interface FieldProps {
  root: Schema
  schema: Schema
  /** Null: the whole, whose properties stand without a frame. */
  name: string | null
  at: string
  required: boolean
  value: unknown
  /** undefined: it is not given. */
  onChange(value: unknown): void
  problems: ReadonlyMap<string, string>
}

/** One place of the schema: a field, or what holds fields. */
export function SchemaField(props: FieldProps) {
  const place = placeOf(props.schema, props.root)
  switch (place.shape.is) {
    case 'object':
      return (
        <Group {...props} place={place}>
          <Properties {...props} place={place} />
        </Group>
      )
    case 'variants':
      return (
        <Group {...props} place={place}>
          <Variants {...props} place={place} />
        </Group>
      )
    case 'list':
      return (
        <Group {...props} place={place}>
          <Items {...props} place={place} />
        </Group>
      )
    default:
      return <Leaf {...props} place={place} />
  }
}

type Placed = FieldProps & { place: Place }

function Properties({ place: { shape }, root, at, value, onChange, problems }: Placed) {
  const now = isSchema(value) ? value : {}
  if (shape.is !== 'object') return null
  return shape.properties.map(({ name, schema, required }) => (
    <SchemaField
      key={name}
      root={root}
      schema={schema}
      name={name}
      at={pointer(at, name)}
      required={required}
      value={now[name]}
      onChange={next => onChange(withProperty(now, name, next))}
      problems={problems}
    />
  ))
}

function withProperty(value: Record<string, unknown>, name: string, next: unknown): Record<string, unknown> {
  const { [name]: _, ...others } = value
  // In its place: an input reads in the order of its schema.
  if (next === undefined) return others
  return name in value ? { ...value, [name]: next } : { ...others, [name]: next }
}

function Variants({ place: { shape }, ...props }: Placed) {
  const { root, value, onChange } = props
  const [chosen, setChosen] = useState<number | null>(null)
  if (shape.is !== 'variants') return null
  const index = chosen ?? variantIndexOf(shape.variants, value, root)
  const variant = shape.variants[index]
  const choose = (next: number): void => {
    setChosen(next)
    onChange(blankOf(shape.variants[next]?.schema ?? {}, root))
  }
  return (
    <>
      <SelectField
        label="Which"
        value={String(index)}
        options={shape.variants.map(({ label }, number) => ({ value: String(number), label }))}
        onChange={next => choose(Number(next))}
      />
      {variant && <SchemaField {...props} schema={variant.schema} name={null} required />}
    </>
  )
}

function Items({ place: { shape }, root, at, name, value, onChange, problems }: Placed) {
  if (shape.is !== 'list') return null
  const items = Array.isArray(value) ? value : []
  const what = titleOf(placeOf(shape.items, root).schema, null)
  return (
    <>
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items of a list have no other identity
        <div key={index} className="flex items-start gap-1">
          <div className="min-w-0 grow">
            <SchemaField
              root={root}
              schema={{ ...shape.items, title: `${what ?? name ?? 'item'} ${index + 1}` }}
              name={String(index + 1)}
              at={pointer(at, index)}
              required
              value={item}
              onChange={next => onChange(items.map((other, place) => (place === index ? next : other)))}
              problems={problems}
            />
          </div>
          <IconButton icon="close" label={`Take away ${index + 1}`} onClick={() => onChange(items.filter((_, place) => place !== index))} />
        </div>
      ))}
      <Button icon="plus" className="self-start" onClick={() => onChange([...items, blankOf(shape.items, root) ?? null])}>
        {what === null ? 'One more' : `One more ${what}`}
      </Button>
    </>
  )
}

/** Holds fields under one name. What may be left out is there only once somebody adds it. */
function Group({ place, root, schema, name, at, required, value, onChange, problems, children }: Placed & { children: ReactNode }) {
  if (name === null) return <div className="flex flex-col gap-3">{children}</div>
  const there = value !== undefined && value !== null
  const { description } = place.schema
  const problem = problems.get(at)
  return (
    <fieldset className="min-w-0 border-l-2 border-line pl-3">
      <legend className="float-left mb-2 flex w-full items-center gap-2 font-medium">
        {titleOf(place.schema, name)}
        {!required && <span className="text-small font-normal text-soft">optional</span>}
        {!there && (
          <Button kind="quiet" icon="plus" className="h-6" onClick={() => onChange(blankOf(without(schema), root) ?? emptyOf(place))}>
            Add
          </Button>
        )}
        {there && (!required || place.nullable) && (
          <Button kind="quiet" className="h-6 text-soft" onClick={() => onChange(required ? null : undefined)}>
            Leave out
          </Button>
        )}
      </legend>
      <div className="clear-both flex flex-col gap-3">
        {typeof description === 'string' && <p className="-mt-2 text-small text-soft">{description}</p>}
        {there && children}
        {problem && <p className="text-failed">{problem}</p>}
      </div>
    </fieldset>
  )
}
const emptyOf = ({ shape }: Place): unknown => (shape.is === 'list' ? [] : {})
/** What is added on purpose does not begin as null. */
const without = ({ default: _, ...schema }: Schema): Schema => schema

function Leaf({ place: { shape, schema, nullable }, name, at, required, value, onChange, problems }: Placed) {
  const label = titleOf(schema, name) ?? 'Value'
  const optional = !required || nullable
  const nothing = required && nullable ? null : undefined
  const help = typeof schema.description === 'string' ? schema.description : undefined
  const common = { label, optional, problem: problems.get(at), ...(help !== undefined && { help }) }
  const given = value === undefined || value === null ? '' : String(value)
  switch (shape.is) {
    case 'text': {
      const change = (text: string): void => onChange(text === '' ? nothing : text)
      if (shape.long) return <TextArea {...common} value={given} onChange={event => change(event.target.value)} />
      const { type = 'text', placeholder, mono = false } = INPUTS[shape.format ?? ''] ?? {}
      const example = Array.isArray(schema.examples) && typeof schema.examples[0] === 'string' ? schema.examples[0] : placeholder
      return (
        <TextField
          {...common}
          type={type}
          mono={mono}
          placeholder={example}
          value={given}
          spellCheck={false}
          onChange={event => change(event.target.value)}
        />
      )
    }
    case 'number':
    case 'integer':
      return <NumberField {...common} value={value} onChange={next => onChange(next ?? nothing)} />
    case 'flag':
      if (required && !nullable)
        return <SwitchField label={label} checked={value === true} onChange={onChange} {...(help !== undefined && { help })} />
      return <Choice {...common} values={[true, false]} value={value} nothing={nothing} onChange={onChange} />
    case 'choice':
      return (
        <Choice {...common} values={shape.values} value={value} nothing={optional || value === undefined ? nothing : NEVER} onChange={onChange} />
      )
    default:
      return <JsonField {...common} value={value} onChange={next => onChange(next ?? nothing)} />
  }
}

/** By format: the browser's own field where it knows what is meant. */
const INPUTS: Record<string, { type?: string; placeholder?: string; mono?: boolean }> = {
  email: { type: 'email', placeholder: 'you@example.org' },
  uri: { type: 'url', placeholder: 'https://example.org', mono: true },
  url: { type: 'url', placeholder: 'https://example.org', mono: true },
  date: { type: 'date' },
  'date-time': { placeholder: '2026-03-01T09:00:00Z', mono: true },
  time: { placeholder: '09:00:00', mono: true },
  uuid: { placeholder: '00000000-0000-0000-0000-000000000000', mono: true },
}

interface Common {
  label: string
  optional: boolean
  problem: string | undefined
  help?: string
}

/** What is no number (yet) is kept as text, which is then told as a fault. */
function NumberField({ value, onChange, ...common }: Common & { value: unknown; onChange(value: unknown): void }) {
  const [typed, setTyped] = useState(value === undefined || value === null ? '' : String(value))
  const change = (text: string): void => {
    setTyped(text)
    const number = Number(text)
    onChange(text.trim() === '' ? undefined : Number.isFinite(number) ? number : text)
  }
  return <TextField {...common} inputMode="decimal" value={typed} onChange={event => change(event.target.value)} />
}

const NEVER = Symbol('always one of the values')
function Choice({
  values,
  value,
  nothing,
  onChange,
  ...common
}: Common & { values: readonly unknown[]; value: unknown; nothing: unknown; onChange(value: unknown): void }) {
  const index = values.findIndex(known => JSON.stringify(known) === JSON.stringify(value))
  const options = values.map((known, number) => ({ value: String(number), label: typeof known === 'string' ? known : JSON.stringify(known) }))
  return (
    <SelectField
      {...common}
      value={index < 0 ? '' : String(index)}
      options={nothing === NEVER ? options : [{ value: '', label: '–' }, ...options]}
      onChange={next => onChange(next === '' ? nothing : values[Number(next)])}
    />
  )
}

function JsonField({ value, onChange, label, optional, problem, help }: Common & { value: unknown; onChange(value: unknown): void }) {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value, null, 2))
  const change = (next: string): void => {
    setText(next)
    try {
      onChange(next.trim() === '' ? undefined : JSON.parse(next))
    } catch {
      onChange(new Unreadable(next))
    }
  }
  return (
    <div className="flex flex-col gap-1">
      <Editor label={label} small optional={optional} value={text} onChange={change} {...(problem !== undefined && { problem })} />
      {help && <p className="text-small text-soft">{help}</p>}
    </div>
  )
}

function titleOf({ title }: Schema, name: string | null): string | null {
  return typeof title === 'string' && title !== '' ? title : name
}
