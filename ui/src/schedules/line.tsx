import type { ReactNode } from 'react'
import { Icon } from '../parts/icons.tsx'

/** One thing that was found out, with whether it is well. */
export function Line({ warns = false, unknown = false, children }: { warns?: boolean; unknown?: boolean; children: ReactNode }) {
  const [icon, tone] = warns
    ? (['warning', 'text-paused'] as const)
    : unknown
      ? (['dash', 'text-soft'] as const)
      : (['check', 'text-completed'] as const)
  return (
    <li className="flex gap-2">
      <Icon name={icon} size={14} className={`mt-0.5 ${tone}`} />
      <span className="min-w-0">{children}</span>
    </li>
  )
}
