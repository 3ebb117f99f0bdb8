import { useId, useState } from 'react'
import { classes } from './classes.ts'
import { edge, Frame, INPUT, type Labelled } from './field.tsx'

export interface ComboOption {
  value: string
  /** Said at the right, softer. */
  hint?: string
}

export interface ComboFieldProps extends Labelled {
  value: string
  options: readonly ComboOption[]
  onChange(value: string): void
  placeholder?: string
}

const SHOWN_MAX = 50

/** A text with completion: arrows choose, Enter takes, Esc closes. What is not among the options may be typed as well. */
export function ComboField({ label, help, problem, optional, value, options, onChange, placeholder }: ComboFieldProps) {
  const id = useId()
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState(0)
  const [sought, setSought] = useState<string | null>(null)
  const typed = (sought ?? '').trim().toLowerCase()
  const found = options.filter(option => option.value.toLowerCase().includes(typed)).slice(0, SHOWN_MAX)
  const current = Math.min(chosen, found.length - 1)
  const listed = open && found.length > 0
  const close = (): void => {
    setOpen(false)
    setSought(null)
    setChosen(0)
  }
  const take = (option: ComboOption): void => {
    onChange(option.value)
    close()
  }
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const option = found[current]
    if (event.key === 'ArrowDown') {
      setChosen(open ? Math.min(found.length - 1, current + 1) : current)
      setOpen(true)
    } else if (event.key === 'ArrowUp') setChosen(Math.max(0, current - 1))
    else if (event.key === 'Enter' && listed && option !== undefined) take(option)
    else if (event.key === 'Escape' && listed) close()
    else return
    event.preventDefault()
    // The dialog around would close.
    event.stopPropagation()
  }
  return (
    <Frame id={id} label={label} help={help} problem={problem} optional={optional}>
      <div className="relative flex flex-col">
        <input
          id={id}
          role="combobox"
          aria-expanded={listed}
          aria-controls={`${id}-options`}
          aria-autocomplete="list"
          aria-activedescendant={listed ? `${id}-${current}` : undefined}
          aria-invalid={Boolean(problem) || undefined}
          aria-describedby={`${id}-note`}
          autoComplete="off"
          spellCheck={false}
          value={value}
          placeholder={placeholder}
          onChange={event => {
            onChange(event.target.value)
            setSought(event.target.value)
            setChosen(0)
            setOpen(true)
          }}
          onClick={() => setOpen(true)}
          onBlur={close}
          onKeyDown={onKeyDown}
          className={classes(INPUT, edge(problem))}
        />
        <div
          id={`${id}-options`}
          role="listbox"
          aria-label={label}
          className={classes(
            'absolute inset-x-0 top-full z-50 mt-1 max-h-64 overflow-y-auto rounded border border-line bg-raised p-1 shadow-overlay',
            !listed && 'hidden',
          )}
        >
          {found.map((option, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the keys
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the combobox
            <div
              key={option.value}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === current}
              ref={element => {
                if (listed && index === current) element?.scrollIntoView({ block: 'nearest' })
              }}
              onPointerDown={event => event.preventDefault()}
              onPointerMove={() => setChosen(index)}
              onClick={() => take(option)}
              className={classes('flex h-8 cursor-pointer items-center justify-between gap-3 rounded-small px-2', index === current && 'bg-hover')}
            >
              <span className="truncate">{option.value}</span>
              {option.hint && <span className="truncate text-small text-soft">{option.hint}</span>}
            </div>
          ))}
        </div>
      </div>
    </Frame>
  )
}
