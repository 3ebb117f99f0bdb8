import { classes } from './classes.ts'
import { Count } from './count.tsx'

export interface ViewsProps<Value extends string> {
  label: string
  /** From the address. */
  value: Value
  onChange(value: Value): void
  /** Within a panel's title. */
  small?: boolean
  views: readonly { value: Value; label: string; count?: number }[]
}

/** One of a few looks at the same list, side by side, each with how many it shows. */
export function Views<Value extends string>({ label, value, onChange, small = false, views }: ViewsProps<Value>) {
  return (
    <fieldset aria-label={label} className="flex max-w-full items-center gap-0.5 overflow-x-auto rounded border border-line bg-surface p-0.5">
      {views.map(view => (
        <button
          key={view.value}
          type="button"
          aria-pressed={view.value === value}
          onClick={() => onChange(view.value)}
          className={classes(
            'flex shrink-0 items-center gap-1.5 rounded-small -outline-offset-2',
            small ? 'h-6 px-2 text-small' : 'h-7 px-2.5',
            view.value === value ? 'bg-picked font-medium' : 'text-soft hover:text-ink',
          )}
        >
          {view.label}
          {view.count !== undefined && (
            <span className="text-small text-soft">
              <Count of={view.count} compact />
            </span>
          )}
        </button>
      ))}
    </fieldset>
  )
}
