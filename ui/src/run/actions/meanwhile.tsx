import { useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { Icon } from '../../parts/icons.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'

/** In a dialog about a run: it has changed since the dialog was opened, by itself or by somebody else. */
export function Meanwhile({ run }: { run: RunDetail }) {
  const [opened] = useState(run)
  const same = opened.state === run.state && opened.attempt === run.attempt && opened.queue === run.queue && opened.priority === run.priority
  return (
    <div role="status" className="empty:hidden">
      {!same && (
        <p className="flex flex-wrap items-center gap-2 rounded border border-paused px-2.5 py-1.5">
          <Icon name="warning" size={14} className="text-paused" />
          It has changed meanwhile: it is now <StateBadge state={run.state} reason={run.reason} />
          {run.attempt !== opened.attempt && <span>on attempt {run.attempt}</span>}
        </p>
      )}
    </div>
  )
}
