import { useEffect, useId, useRef, useState } from 'react'
import { classes } from './classes.ts'
import { useCommand } from './commands.ts'
import { Icon } from './icons.tsx'

export interface Chip {
  field: string
  value: string
}

/** What one can filter by. */
export interface ChipField {
  /** As the API and the address name it. */
  name: string
  label: string
  /** What completes it; a function is asked once the field is chosen. */
  values?: readonly string[] | (() => Promise<readonly string[]>)
  /** May stand more than once: any of them. */
  many?: boolean
  /** Only what `values` has. */
  strict?: boolean
  /** How a value is written, shown while there is nothing to complete. */
  hint?: string
  /** What is typed, as the value that is kept: `2h` becomes an instant. */
  read?(typed: string): string
  /** Null: it may be kept; else why not. */
  accepts?(typed: string): string | null
  /** How a value that is kept is shown: an instant in the reader's zone. Default: as it is. */
  show?(value: string): string
}

export interface ChipsProps {
  label: string
  fields: readonly ChipField[]
  chips: readonly Chip[]
  onChange(chips: readonly Chip[]): void
  /** What words that name no field may mean: offered below the fields that they could be. */
  meant?(typed: string): readonly Chip[]
  placeholder?: string
}

/**
 * A filter as chips. One types or picks a field, then its value; `state:failed` at once works too. It is a combobox: arrows choose, Enter takes, Backspace
 * in the empty field takes the last chip away, `/` comes here, Esc leaves.
 */
export function Chips({ label, fields, chips, onChange, meant, placeholder = exampleOf(fields) }: ChipsProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState(0)
  const [refused, setRefused] = useState<string | null>(null)
  const { field, rest } = split(typed, fields)
  const values = useValues(field)
  const options =
    field === null ? [...fieldOptions(fields, chips, rest), ...meantOptions(fields, meant?.(rest) ?? [])] : valueOptions(field, values, chips, rest)
  const current = Math.min(chosen, options.length - 1)
  useCommand({ label: 'Filter', group: 'List', keys: '/', run: () => input.current?.focus() })

  const type = (text: string): void => {
    setTyped(text)
    setChosen(0)
    setRefused(null)
  }
  const add = (to: ChipField, text: string): void => {
    const why = to.accepts?.(text) ?? (to.strict && !values.includes(text) ? `${to.label.toLowerCase()} has no ${text}` : null)
    if (why !== null) return setRefused(why)
    const value = to.read?.(text) ?? text
    const others = chips.filter(chip => chip.field !== to.name || (to.many && chip.value !== value))
    onChange([...others, { field: to.name, value }])
    type('')
  }
  const choose = ({ value, of }: Option): void => (of === undefined ? type(`${value}:`) : add(of, value))
  const take = (): void => {
    const option = options[current]
    if (field === null) {
      if (option !== undefined) choose(option)
    } else if (option !== undefined) add(field, option.value)
    else if (rest.trim() !== '') add(field, rest.trim())
  }
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setChosen(Math.min(options.length - 1, current + 1))
    else if (event.key === 'ArrowUp') setChosen(Math.max(0, current - 1))
    else if (event.key === 'Enter') take()
    else if (event.key === 'Tab' && typed !== '' && options.length > 0) take()
    else if (event.key === 'Backspace' && typed === '') onChange(chips.slice(0, -1))
    else if (event.key === 'Escape') {
      if (typed === '') input.current?.blur()
      type('')
    } else return
    event.preventDefault()
  }
  const listed = open && options.length > 0
  return (
    <div className="relative">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a click beside the chips goes to the field, which has its own keys */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
      <div
        onClick={() => input.current?.focus()}
        className="flex min-h-9 cursor-text flex-wrap items-center gap-1.5 rounded border border-edge bg-surface px-2 py-1 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-focus"
      >
        <Icon name="search" size={14} className="text-soft" />
        {chips.map(chip => (
          <span key={`${chip.field} ${chip.value}`} className="inline-flex h-6 max-w-full items-center rounded-small bg-hover pl-2">
            <span className="text-soft">{labelOf(fields, chip)}&nbsp;</span>
            <span className="truncate font-medium">{shownValue(fields, chip)}</span>
            <button
              type="button"
              aria-label={`Take away ${labelOf(fields, chip)} ${shownValue(fields, chip)}`}
              onClick={() => onChange(chips.filter(other => other !== chip))}
              className="inline-flex size-6 items-center justify-center text-soft hover:text-ink"
            >
              <Icon name="close" size={12} />
            </button>
          </span>
        ))}
        <input
          ref={input}
          role="combobox"
          aria-label={label}
          aria-expanded={listed}
          aria-controls={`${id}-options`}
          aria-autocomplete="list"
          aria-activedescendant={listed ? `${id}-${current}` : undefined}
          aria-describedby={`${id}-note`}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          placeholder={chips.length === 0 ? placeholder : ''}
          onChange={event => type(event.target.value)}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
          className="h-6 min-w-16 grow basis-24 bg-transparent outline-none"
        />
        {chips.length > 0 && (
          <button type="button" onClick={() => onChange([])} className="rounded-small px-1.5 text-small text-soft hover:text-ink">
            Clear
          </button>
        )}
      </div>
      <p id={`${id}-note`} role={refused ? 'alert' : undefined} className={refused ? 'pt-1 text-failed' : 'hidden-text'}>
        {refused ?? 'Choose a field, then a value'}
      </p>
      <div
        id={`${id}-options`}
        role="listbox"
        aria-label={field?.label ?? 'Fields'}
        className={classes(
          'absolute left-0 top-full z-30 mt-1 max-h-72 w-72 max-w-full overflow-y-auto rounded border border-line bg-raised p-1 shadow-overlay',
          !listed && 'hidden',
        )}
      >
        {(listed ? options : []).map((option, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the combobox
          <div
            key={`${option.of?.name} ${option.value}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === current}
            onPointerDown={event => event.preventDefault()}
            onPointerMove={() => setChosen(index)}
            onClick={() => (field === null ? choose(option) : add(field, option.value))}
            className={classes('flex h-8 cursor-pointer items-center justify-between gap-3 rounded-small px-2', index === current && 'bg-hover')}
          >
            <span className="truncate">{option.label}</span>
            {option.hint && <span className="truncate text-small text-soft">{option.hint}</span>}
          </div>
        ))}
      </div>
      {open && field !== null && options.length === 0 && field.hint && (
        <div className="absolute left-0 top-full z-30 mt-1 rounded border border-line bg-raised px-3 py-1.5 text-soft shadow-overlay">
          {field.hint}
        </div>
      )}
    </div>
  )
}

interface Option {
  value: string
  label: string
  hint?: string | undefined
  /** It is a whole chip of this field. */
  of?: ChipField
}

const labelOf = (fields: readonly ChipField[], { field }: Chip): string => fields.find(known => known.name === field)?.label.toLowerCase() ?? field
const shownValue = (fields: readonly ChipField[], { field, value }: Chip): string =>
  fields.find(known => known.name === field)?.show?.(value) ?? value

function meantOptions(fields: readonly ChipField[], meant: readonly Chip[]): Option[] {
  return meant.flatMap(({ field, value }) => {
    const of = fields.find(known => known.name === field)
    return of === undefined ? [] : [{ value, label: value, hint: of.label.toLowerCase(), of }]
  })
}

function split(typed: string, fields: readonly ChipField[]): { field: ChipField | null; rest: string } {
  const colon = typed.indexOf(':')
  const name = typed.slice(0, Math.max(0, colon)).toLowerCase()
  const field = fields.find(known => known.name.toLowerCase() === name || known.label.toLowerCase() === name) ?? null
  return { field, rest: field === null ? typed : typed.slice(colon + 1) }
}

function fieldOptions(fields: readonly ChipField[], chips: readonly Chip[], typed: string): Option[] {
  const free = fields.filter(field => field.many || !chips.some(chip => chip.field === field.name))
  return free
    .filter(field => includes(field.label, typed) || includes(field.name, typed))
    .map(({ name, label, hint }) => ({ value: name, label, hint }))
}

const OPTIONS_MAX = 50
function valueOptions(field: ChipField, values: readonly string[], chips: readonly Chip[], typed: string): Option[] {
  const had = new Set(chips.filter(chip => chip.field === field.name).map(chip => chip.value))
  return values
    .filter(value => !had.has(value) && includes(value, typed))
    .slice(0, OPTIONS_MAX)
    .map(value => ({ value, label: value }))
}

const includes = (text: string, part: string): boolean => text.toLowerCase().includes(part.trim().toLowerCase())

function useValues(field: ChipField | null): readonly string[] {
  const [found, setFound] = useState<{ field: string; values: readonly string[] } | null>(null)
  const name = field?.name ?? null
  const source = field?.values
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once for each field that is chosen
  useEffect(() => {
    if (name === null || typeof source !== 'function') return
    let wanted = true
    source().then(
      values => wanted && setFound({ field: name, values }),
      () => undefined,
    )
    return () => {
      wanted = false
    }
  }, [name])
  if (source === undefined) return []
  if (typeof source !== 'function') return source
  return found?.field === name ? found.values : []
}

/** What one may filter by, where nobody says it better. */
function exampleOf(fields: readonly ChipField[]): string {
  return `Filter: ${fields
    .slice(0, 3)
    .map(({ label }) => label.toLowerCase())
    .join(', ')} …`
}
