import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from 'react'
import { classes } from './classes.ts'
import { Icon } from './icons.tsx'

export interface Labelled {
  label: string
  /** Below the field: what it means, or its default. */
  help?: ReactNode
  /** What is wrong with what is in it, from the server's problem. */
  problem?: string | null | undefined
  /** Said behind the label: it may be left empty. */
  optional?: boolean | undefined
}

/** What every field has around it: its label, and below it help or what is wrong. */
export function Frame({ id, label, help, problem, optional, children }: Labelled & { id: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
        {optional && <span className="font-normal text-small text-soft"> optional</span>}
      </label>
      {children}
      {problem ? (
        <p id={`${id}-note`} className="flex items-center gap-1 text-failed">
          <Icon name="warning" size={12} /> {problem}
        </p>
      ) : (
        help !== undefined && (
          <p id={`${id}-note`} className="text-small text-soft">
            {help}
          </p>
        )
      )}
    </div>
  )
}

export const INPUT = 'h-8 min-w-0 rounded border bg-surface px-2'
export const edge = (problem: unknown): string => (problem ? 'border-failed' : 'border-edge')

export type TextFieldProps = Labelled & Omit<InputHTMLAttributes<HTMLInputElement>, 'id'> & { mono?: boolean }

export function TextField({ label, help, problem, optional, mono = false, className, ...rest }: TextFieldProps) {
  const id = useId()
  return (
    <Frame id={id} label={label} help={help} problem={problem} optional={optional}>
      <input
        {...rest}
        id={id}
        aria-invalid={Boolean(problem) || undefined}
        aria-describedby={`${id}-note`}
        className={classes(INPUT, edge(problem), mono && 'font-mono text-small', className)}
      />
    </Frame>
  )
}

/** Text of several lines. */
export function TextArea({ label, help, problem, optional, className, ...rest }: Labelled & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'id'>) {
  const id = useId()
  return (
    <Frame id={id} label={label} help={help} problem={problem} optional={optional}>
      <textarea
        rows={4}
        {...rest}
        id={id}
        aria-invalid={Boolean(problem) || undefined}
        aria-describedby={`${id}-note`}
        className={classes('min-w-0 rounded border bg-surface px-2 py-1.5', edge(problem), className)}
      />
    </Frame>
  )
}

/** A duration as the API takes it: `90s`, `5m`, `1h30m`. */
export function DurationField(props: Omit<TextFieldProps, 'mono'>) {
  return <TextField {...props} mono placeholder={props.placeholder ?? 'such as 90s or 1h30m'} />
}

export interface SelectFieldProps extends Labelled {
  value: string
  options: readonly { value: string; label: string }[]
  onChange(value: string): void
}

/** The browser's own list: every device knows how to show it. */
export function SelectField({ label, help, problem, optional, value, options, onChange }: SelectFieldProps) {
  const id = useId()
  return (
    <Frame id={id} label={label} help={help} problem={problem} optional={optional}>
      <select
        id={id}
        value={value}
        onChange={event => onChange(event.target.value)}
        aria-describedby={`${id}-note`}
        className={classes(INPUT, edge(problem))}
      >
        {options.map(option => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  )
}

/** On or off, at once. */
export function SwitchField({
  label,
  checked,
  onChange,
  help,
}: {
  label: string
  checked: boolean
  onChange(checked: boolean): void
  help?: string
}) {
  return (
    <label className="flex cursor-pointer items-start gap-2">
      <input
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        onChange={event => onChange(event.target.checked)}
        className="relative mt-0.5 h-4 w-7 shrink-0 cursor-pointer appearance-none rounded-full border border-edge bg-ground before:absolute before:left-0.5 before:top-0.5 before:size-2.5 before:rounded-full before:bg-edge before:transition-transform checked:border-ink checked:bg-ink checked:before:translate-x-3 checked:before:bg-inverse"
      />
      <span>
        {label}
        {help !== undefined && <span className="block text-small text-soft">{help}</span>}
      </span>
    </label>
  )
}
