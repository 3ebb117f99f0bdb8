import { DurationField, TextField } from '../parts/field.tsx'
import { Views } from '../parts/views.tsx'
import type { Size } from './words.ts'

/** A size as it is typed. */
export interface TypedSize {
  kind: 'concurrency' | 'rate'
  max: string
  every: string
}

export function typedOf({ concurrency, rate, every }: Size): TypedSize {
  return { kind: rate === undefined ? 'concurrency' : 'rate', max: String(concurrency ?? rate ?? 1), every: everyText(every ?? 60_000) }
}

/** Null while it is not a number. `every` is left to the server, which reads durations. */
export function sizeOf({ kind, max, every }: TypedSize): { concurrency: number } | { rate: number; every: string } | null {
  if (!/^\d{1,7}$/.test(max.trim())) return null
  const count = Number(max)
  return kind === 'concurrency' ? { concurrency: count } : { rate: count, every }
}

interface SizeFieldsProps {
  typed: TypedSize
  onChange(typed: TypedSize): void
  problems?: { max?: string | undefined; every?: string | undefined }
}

export function SizeFields({ typed, onChange, problems = {} }: SizeFieldsProps) {
  const { kind, max, every } = typed
  const wrong = sizeOf(typed) === null ? 'a whole number; 0 lets nothing through' : undefined
  return (
    <div className="flex flex-col gap-3">
      <span className="flex">
        <Views
          label="What it counts"
          value={kind}
          onChange={next => onChange({ ...typed, kind: next })}
          views={[
            { value: 'concurrency', label: 'So many at once' },
            { value: 'rate', label: 'So many in a window' },
          ]}
        />
      </span>
      <div className="grid grid-cols-2 gap-3">
        <TextField
          label={kind === 'concurrency' ? 'At once' : 'Starts'}
          inputMode="numeric"
          value={max}
          onChange={event => onChange({ ...typed, max: event.target.value })}
          problem={wrong ?? problems.max}
          help="0 lets nothing through"
        />
        {kind === 'rate' && (
          <DurationField
            label="In any"
            value={every}
            onChange={event => onChange({ ...typed, every: event.target.value })}
            problem={problems.every}
            help="the window, up to 366d"
          />
        )}
      </div>
    </div>
  )
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const
function everyText(ms: number): string {
  const [unit, size] = UNITS.find(([, of]) => ms % of === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}
