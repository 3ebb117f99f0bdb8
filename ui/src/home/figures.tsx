import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { RunState, Summary } from '../api/client.ts'
import { classes } from '../parts/classes.ts'
import { Count } from '../parts/count.tsx'
import { StateBadge } from '../parts/state-badge.tsx'

const OPEN = ['running', 'queued', 'scheduled', 'waiting', 'paused'] as const

/** How much there is of what; each number is the link to its list. */
export function Figures({ summary, lastHour }: { summary: Summary; lastHour: Record<string, number> | undefined }) {
  return (
    <ul
      aria-label="Runs now"
      className="grid grid-cols-7 gap-px overflow-hidden rounded border border-line bg-line max-lg:grid-cols-4 max-sm:grid-cols-2"
    >
      {OPEN.map(state => (
        <Figure key={state} label={<StateBadge state={state} />} count={summary[state]} state={[state]} />
      ))}
      <Figure label={<StateBadge state="completed" reason="last hour" />} count={lastHour?.completed} state={['completed']} last="1h" />
      <Figure
        label={<StateBadge state="failed" reason="last hour" />}
        count={lastHour && (lastHour.failed ?? 0) + (lastHour.timed_out ?? 0)}
        state={['failed', 'timed_out']}
        last="1h"
      />
      {/* The grid's lines are its ground: the last cell of an odd row is filled. */}
      <li aria-hidden="true" className="hidden bg-surface max-lg:block" />
    </ul>
  )
}

function Figure({ label, count, state, last }: { label: ReactNode; count: number | undefined; state: RunState[]; last?: string }) {
  return (
    <li className="bg-surface">
      <Link
        to="/runs"
        search={{ state, ...(last !== undefined && { last }) }}
        preload="intent"
        className="block px-3 py-2 hover:bg-hover -outline-offset-2"
      >
        <span className={classes('block text-figure font-semibold', count === 0 && 'font-normal text-soft')}>
          {count === undefined ? <span className="pulse text-soft">–</span> : <Count of={count} compact />}
        </span>
        {label}
      </Link>
    </li>
  )
}
