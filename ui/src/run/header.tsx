import { Link } from '@tanstack/react-router'
import type { RunDetail } from '../api/client.ts'
import { isClosed } from '../api/runs.ts'
import { percentText } from '../format/number.ts'
import { hookEventText } from '../format/word.ts'
import { RunId } from '../parts/copy.tsx'
import { KindBadge } from '../parts/kind-badge.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { LINK, PlaceLink, RunLink } from './links.tsx'

/** Under the heading: which run, which attempt, when, for how long, and why it was started. */
export function RunLine({ run }: { run: RunDetail }) {
  const isJob = run.kind === 'job'
  const isWork = run.kind !== 'batch'
  const ran = run.startedAt !== null
  return (
    <div className="-mt-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-soft">
      <RunId id={run.id} whole copy />
      {run.kind === 'workflow' && <KindBadge kind={run.kind} />}
      {isJob && (
        <span className="numeric">
          attempt <span className="text-ink">{run.attempt}</span> of {run.attempts}
        </span>
      )}
      <span>
        created <Time at={run.createdAt} />
      </span>
      <span>
        {ran ? (isClosed(run.state) ? 'took ' : 'for ') : isClosed(run.state) ? 'never began, closed after ' : 'waits for '}
        <span className="text-ink">
          <Duration from={run.startedAt ?? run.createdAt} to={run.closedAt} />
        </span>
      </span>
      {isWork && run.queue !== '' && (
        <span>
          queue <PlaceLink noun="queue" name={run.queue} />
        </span>
      )}
      {!isWork && (
        <span>
          a batch:{' '}
          <PlaceLink noun="batch" name={run.id}>
            its page
          </PlaceLink>
        </span>
      )}
      {run.priority !== 0 && <span className="numeric">priority {run.priority}</span>}
      <TriggerText run={run} />
    </div>
  )
}

export function TriggerText({ run: { trigger } }: { run: RunDetail }) {
  switch (trigger.is) {
    case 'call':
      return trigger.by === undefined ? null : <span>started by {trigger.by}</span>
    case 'job':
    case 'workflow':
      return (
        <span>
          started by run <RunLink id={trigger.run} />
        </span>
      )
    case 'dag':
      return (
        <span>
          task <code>{trigger.task}</code>
          {trigger.item !== undefined && `, item ${trigger.item},`} of <RunLink id={trigger.run} />
        </span>
      )
    case 'retry':
      return (
        <span>
          {trigger.from === undefined
            ? 'retry of '
            : `from ${trigger.from.name === '' ? `operation ${trigger.from.n}` : `step "${trigger.from.name}"`} of `}
          <RunLink id={trigger.of} />
          {trigger.after !== undefined && `, which ${trigger.after === 'failed' ? 'failed' : `was ${trigger.after.replace('_', ' ')}`}`}
        </span>
      )
    case 'hook':
      return (
        <span>
          told that <RunLink id={trigger.run} /> {hookEventText(trigger.event)}
        </span>
      )
    case 'batch':
      return (
        <span>
          {trigger.callback === undefined ? 'of batch ' : `callback (${trigger.callback}) of batch `}
          <PlaceLink noun="batch" name={trigger.batch}>
            {trigger.batch.slice(-5)}
          </PlaceLink>
        </span>
      )
    case 'schedule':
      return (
        <span>
          schedule <PlaceLink noun="schedule" name={trigger.schedule} />
          {trigger.source === 'time' ? ' for ' : `, ${trigger.source}${trigger.by === undefined ? '' : ` by ${trigger.by}`}, for `}
          <Time at={trigger.nominalAt} as="short" />
        </span>
      )
  }
}

/** While it runs: how far it is, as its handler says. */
export function ProgressBar({ run }: { run: RunDetail }) {
  if (run.progress === null || isClosed(run.state)) return null
  const { value, message } = run.progress
  return (
    <div className="flex items-center gap-3">
      <div
        role="progressbar"
        aria-label="Progress"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(value * 100)}
        className="h-1.5 min-w-0 grow overflow-hidden rounded-full bg-line"
      >
        <div className="h-full rounded-full bg-running transition-[width] duration-500" style={{ width: `${value * 100}%` }} />
      </div>
      <span className="numeric whitespace-nowrap font-medium">{percentText(value)}</span>
      {message !== undefined && <span className="min-w-0 truncate text-soft">{message}</span>}
    </div>
  )
}

export function DefinitionHeading({ run, badge }: { run: RunDetail; badge: React.ReactNode }) {
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <Link to="/runs" search={{ definition: [run.definition] }} className={`${LINK} decoration-transparent`}>
        {run.definition}
      </Link>
      <span className="text-base font-normal">{badge}</span>
    </span>
  )
}
