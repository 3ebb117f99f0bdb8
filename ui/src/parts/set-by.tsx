import { StateBadge } from './state-badge.tsx'
import { Time } from './time.tsx'

export interface SetByProps {
  /** Null: the code's. */
  set: { by: string | null; since: string | null } | null | undefined
}

/** Whose word is in force: that of the code, or of an operator over it, who that was and when. */
export function SetBy({ set }: SetByProps) {
  if (!set) return <span className="text-soft">code</span>
  return (
    <span className="inline-flex max-w-full items-center gap-1.5">
      <StateBadge state="operator" reason={set.by} />
      {set.since !== null && (
        <span className="shrink-0 text-soft">
          <Time at={set.since} />
        </span>
      )}
    </span>
  )
}
