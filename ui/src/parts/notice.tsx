import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import { Icon, type IconName } from './icons.tsx'

const TONES = {
  paused: ['pause', 'text-paused', 'border-l-paused'],
  warning: ['warning', 'text-paused', 'border-l-paused'],
  failed: ['warning', 'text-failed', 'border-l-failed'],
  good: ['completed', 'text-completed', 'border-l-completed'],
} as const satisfies Record<string, readonly [IconName, string, string]>

/** Something about the whole page that one should know before all else, and the way out at its right. */
export function Notice({ tone, children, action }: { tone: keyof typeof TONES; children: ReactNode; action?: ReactNode }) {
  const [icon, color, edge] = TONES[tone]
  return (
    <div
      role="status"
      className={classes('flex flex-wrap items-center gap-x-4 gap-y-2 rounded border border-line border-l-2 bg-surface px-3 py-2', edge)}
    >
      <div className="flex min-w-60 grow basis-0 gap-2.5">
        <Icon name={icon} className={classes('mt-0.5', color)} />
        <div className="min-w-0">{children}</div>
      </div>
      {action !== undefined && <div className="flex flex-wrap items-center gap-1">{action}</div>}
    </div>
  )
}
