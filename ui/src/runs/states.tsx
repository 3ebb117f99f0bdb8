import { Link } from '@tanstack/react-router'
import type { RUN_STATES } from '../api/runs.ts'
import { classes } from '../parts/classes.ts'
import { Count } from '../parts/count.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { type RunsSearch, turnState } from './search.ts'

const SHOWN = [
  'running',
  'queued',
  'scheduled',
  'waiting',
  'paused',
  'completed',
  'failed',
  'timed_out',
  'cancelled',
  'terminated',
] as const satisfies (typeof RUN_STATES)[number][]

/** How many runs of the filter there are in each state; each is a link that turns the state on or off. `counts` undefined: they are on their way. */
export function States({ search, counts, least }: { search: RunsSearch; counts: Record<string, number> | undefined; least: boolean }) {
  return (
    <ul aria-label="Runs by state" className="flex shrink-0 overflow-x-auto rounded border border-line bg-surface">
      {SHOWN.map(state => {
        const on = search.state?.includes(state) ?? false
        const count = counts?.[state] ?? 0
        return (
          <li
            key={state}
            // On a phone, what went wrong is seen without pushing.
            className={classes(
              'min-w-24 grow basis-0 border-r border-line last:border-r-0',
              (state === 'failed' || state === 'timed_out') && 'max-sm:-order-1',
            )}
          >
            <Link
              to="/runs"
              search={turnState(search, state)}
              preload={false}
              aria-current={on || undefined}
              className={classes(
                'flex h-full flex-col border-b-2 px-3 pb-1 pt-1.5 -outline-offset-2',
                on ? 'border-ink bg-picked' : 'border-transparent hover:bg-hover',
              )}
            >
              <span className={classes('text-title font-semibold', count === 0 && 'font-normal text-soft')}>
                {counts === undefined ? <span className="pulse text-soft">–</span> : <Count of={count} compact />}
                {least && count > 0 && '+'}
              </span>
              <span className="text-small">
                <StateBadge state={state} />
              </span>
            </Link>
          </li>
        )
      })}
    </ul>
  )
}
