import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { classes } from './classes.ts'
import { Hint } from './hint.tsx'
import { Icon, type IconName } from './icons.tsx'

const KINDS = {
  plain: 'border border-line bg-surface hover:bg-hover',
  main: 'border border-ink bg-ink text-inverse hover:opacity-90',
  danger: 'border border-failed text-failed bg-surface hover:bg-hover',
  quiet: 'border border-transparent hover:bg-hover',
} as const

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** main: the one thing to do here. danger: ends or loses something. quiet: no border. Default plain. */
  kind?: keyof typeof KINDS
  icon?: IconName
  /** Under way: it cannot be pressed again, and says so. */
  pending?: boolean
  /** The shortcut that does the same, shown behind the word. */
  keys?: string | undefined
  ref?: Ref<HTMLButtonElement>
  children: ReactNode
}

export function Button({ kind = 'plain', icon, pending = false, keys, children, className, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || pending}
      aria-busy={pending || undefined}
      className={classes(
        'inline-flex h-8 items-center gap-1.5 whitespace-nowrap rounded px-2.5 font-medium disabled:opacity-55',
        KINDS[kind],
        className,
      )}
    >
      {icon && <Icon name={icon} size={14} />}
      {children}
      {keys && <kbd className="ml-1 text-tiny opacity-70 max-sm:hidden">{keys}</kbd>}
    </button>
  )
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: IconName
  /** What it does: its name for those who cannot see the icon, and the hint for the others. */
  label: string
  keys?: string
  ref?: Ref<HTMLButtonElement>
}

export function IconButton({ icon, label, keys, className, ...rest }: IconButtonProps) {
  return (
    <Hint text={label} keys={keys}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={classes('inline-flex size-8 shrink-0 items-center justify-center rounded text-soft hover:bg-hover hover:text-ink', className)}
      >
        <Icon name={icon} />
      </button>
    </Hint>
  )
}
