import { Link } from '@tanstack/react-router'
import type { Summary } from '../api/client.ts'
import { countText } from '../format/number.ts'
import { AsCommand } from '../parts/command.tsx'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { Time } from '../parts/time.tsx'
import { type Need, namedIn, stepOf } from './needs.ts'

const SHOWN_MAX = 6
export const LINK = 'underline decoration-line underline-offset-3 hover:decoration-current'

interface NeedsProps {
  namespace: string
  summary: Summary
  all: boolean
  /** Runs created in the last hour, by state; undefined: not known yet. */
  lastHour: Record<string, number> | undefined
}

/** What needs a person now, the most urgent first, each with the next step; or that nothing does, and what goes on. */
export function Needs({ namespace, summary, all, lastHour }: NeedsProps) {
  const { needs, needsComplete } = summary
  if (needs.length === 0) return <Calm summary={summary} lastHour={lastHour} />
  const shown = all ? needs : needs.slice(0, SHOWN_MAX)
  return (
    <Panel title={needs.length === 1 ? 'One thing needs you' : `${countText(needs.length)} things need you`} padded={false}>
      <ul>
        {shown.map(need => (
          <NeedRow
            key={`${need.is} ${need.why} ${need.definition} ${need.queue} ${need.schedule} ${need.worker} ${need.key}`}
            namespace={namespace}
            need={need}
          />
        ))}
      </ul>
      {(needs.length > SHOWN_MAX || !needsComplete) && (
        <p className="flex gap-3 border-t border-line px-3 py-1.5 text-small text-soft">
          {needs.length > SHOWN_MAX && (
            <Link to="/" search={(before: object) => ({ ...before, needs: all ? undefined : 'all' }) as never} resetScroll={false} className={LINK}>
              {all ? 'Only the most urgent' : `${countText(needs.length - SHOWN_MAX)} more`}
            </Link>
          )}
          {!needsComplete && 'There are more schedules or parked runs than were looked at.'}
        </p>
      )}
    </Panel>
  )
}

function NeedRow({ namespace, need }: { namespace: string; need: Need }) {
  const { icon, tone, to, search, next, command } = stepOf(namespace, need)
  const [before, name, after] = namedIn(need)
  return (
    <li className="relative flex items-start gap-2.5 border-b border-line px-3 py-1 last:border-b-0 hover:bg-hover">
      <Icon name={icon} size={16} className={`mt-2 ${tone}`} />
      <p className="line-clamp-2 min-w-0 grow py-1.5">
        {before}
        <b className="font-semibold">{name}</b>
        {after}
        {need.since !== undefined && (
          <span className="text-soft">
            {' · '}
            <Time at={need.since} />
          </span>
        )}
      </p>
      {/* The whole row is the link; the command beside it lies above. */}
      <Link
        to={to as '/'}
        search={search}
        preload="intent"
        className="flex shrink-0 items-center gap-1 py-1.5 font-medium after:absolute after:inset-0 max-sm:mt-0.5"
      >
        <span className="max-sm:hidden-text">{next}</span>
        <Icon name="right" size={12} className="text-soft" />
      </Link>
      <span className="relative max-sm:hidden">
        <AsCommand text={command} />
      </span>
    </li>
  )
}

function Calm({ summary, lastHour }: { summary: Summary; lastHour: Record<string, number> | undefined }) {
  const { running, queued, workers, next } = summary
  const failed = (lastHour?.failed ?? 0) + (lastHour?.timed_out ?? 0)
  const [due] = next
  return (
    <section aria-label="Nothing needs you" className="flex items-start gap-3 rounded border border-line bg-surface px-4 py-3">
      <Icon name="completed" size={20} className="mt-0.5 text-completed" />
      <div>
        <h2 className="text-large font-semibold">Nothing needs you</h2>
        <p className="text-soft">
          {lastHour !== undefined && (
            <>
              Of the last hour's runs{' '}
              <Link to="/runs" search={{ state: ['completed'], last: '1h' }} className={LINK}>
                {countText(lastHour.completed ?? 0)} completed
              </Link>{' '}
              and{' '}
              <Link to="/runs" search={{ state: ['failed', 'timed_out'], last: '1h' }} className={LINK}>
                {failed === 0 ? 'none' : countText(failed)} failed
              </Link>
              .{' '}
            </>
          )}
          {running + queued === 0 ? 'All is done' : `${countText(running)} run and ${countText(queued)} wait`};{' '}
          <Link to="/workers" className={LINK}>
            {workers === 1 ? '1 worker is' : `${countText(workers)} workers are`} there
          </Link>
          {due !== undefined && (
            <>
              ; {due.definition} is due <Time at={due.nextAt} />
            </>
          )}
          .
        </p>
      </div>
    </section>
  )
}
