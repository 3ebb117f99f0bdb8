import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Explanation, HistoryEvent, RunDetail } from '../api/client.ts'
import { isClosed } from '../api/runs.ts'
import { classes } from '../parts/classes.ts'
import { Command } from '../parts/command.tsx'
import { Icon, type IconName } from '../parts/icons.tsx'
import { stateColor } from '../parts/state-badge.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { LINK } from './links.tsx'
import { RichText } from './rich-text.tsx'

const ICONS: Partial<Record<RunDetail['state'], IconName>> = {
  failed: 'failed',
  timed_out: 'timeout',
  paused: 'pause',
  completed: 'completed',
  running: 'play',
  queued: 'ring',
  waiting: 'half',
  cancelled: 'dash',
  terminated: 'stop',
}

interface VerdictProps {
  run: RunDetail
  explanation: UseQueryResult<Explanation>
  events: readonly HistoryEvent[]
}

/** The one sentence: what keeps it, or what ended it; and the command that helps. */
export function Verdict({ run, explanation, events }: VerdictProps) {
  // What was asked of a state that is past says nothing of this one.
  const current = explanation.data?.state === run.state ? explanation.data : undefined
  const [reason, ...others] = current?.reasons ?? []
  return (
    <section
      aria-label="In short"
      className="flex min-w-0 flex-wrap items-start gap-x-4 gap-y-2 rounded border border-line border-l-3 bg-surface px-3 py-2"
      style={{ borderLeftColor: stateColor(run.state) }}
    >
      <div className="flex min-w-0 max-w-[110ch] grow basis-80 items-start gap-3">
        <Icon name={ICONS[run.state] ?? 'clock'} className="mt-1" />
        <p className="min-w-0 break-words leading-6">
          <Sentence run={run} reason={reason} known={current !== undefined} clear={current?.clear ?? []} />
          <Asked run={run} events={events} />
          {others.length > 0 && (
            <>
              {' '}
              <Link to="." search={before => ({ ...before, tab: 'explain' })} className={classes('whitespace-nowrap', LINK)}>
                and {others.length} more {others.length === 1 ? 'reason' : 'reasons'}
              </Link>
            </>
          )}
        </p>
      </div>
      {reason?.command !== undefined && run.state !== 'completed' && (
        <span className="ml-auto max-w-full">
          <Command text={reason.command} />
        </span>
      )}
    </section>
  )
}

function Sentence({
  run,
  reason,
  known,
  clear,
}: {
  run: RunDetail
  reason: Explanation['reasons'][number] | undefined
  known: boolean
  clear: readonly string[]
}) {
  if (run.state === 'completed' && run.kind === 'job')
    return (
      <>
        Completed on attempt {run.attempt} of {run.attempts}, <Time at={run.closedAt} />, after <Duration from={run.startedAt} to={run.closedAt} />.
      </>
    )
  if (run.state === 'running' && reason === undefined && run.kind === 'workflow')
    return <>Its code is under way{run.reason === 'cancelling' ? ', and was asked to stop' : ''}.</>
  if (run.state === 'running' && reason === undefined)
    return (
      <>
        Attempt {run.attempt} of {run.attempts} is under way{run.reason === 'cancelling' ? ' and was asked to stop' : ''}
        {run.nextAt !== null && (
          <>
            ; it times out <Time at={run.nextAt} />
          </>
        )}
        .
      </>
    )
  if (reason === undefined)
    return known ? <>Nothing keeps it from running{clear.length === 0 ? '' : `: ${clear.join(', ')}`}.</> : <Meantime run={run} />
  return (
    <>
      <RichText text={sentence(reason.text)} runs={reason.runs ?? []} />
      {isClosed(run.state) && (
        <span className="text-soft">
          {' '}
          <Time at={run.closedAt} />
        </span>
      )}
      {reason.until !== undefined && (
        <span className="text-soft">
          {' '}
          (<Time at={reason.until} />)
        </span>
      )}
    </>
  )
}

/** What the run itself tells, until explain has answered for the state that it is in now. */
function Meantime({ run }: { run: RunDetail }) {
  if (run.reason === 'back-off' && run.failure !== null)
    return (
      <>
        Attempt {run.attempt - 1} of {run.attempts} failed ({run.failure.type}: {run.failure.message}); the next is due <Time at={run.nextAt} />.
      </>
    )
  if (run.state === 'scheduled' || run.state === 'waiting')
    return (
      <>
        Not due before <Time at={run.nextAt} as="absolute" />.
      </>
    )
  if (run.state === 'queued') return <>Due, and in line.</>
  if (run.failure !== null)
    return (
      <>
        {sentence(run.state.replace('_', ' '))}: {run.failure.type}: {run.failure.message}
      </>
    )
  return (
    <>
      {sentence(run.state.replace('_', ' '))}
      {run.reason !== null && run.reason !== run.state && `: ${run.reason}`}.
    </>
  )
}

/** Who ended it, or asked it to stop, and why. */
function Asked({ run, events }: { run: RunDetail; events: readonly HistoryEvent[] }) {
  if (run.state !== 'cancelled' && run.state !== 'terminated' && run.reason !== 'cancelling') return null
  const event = events.findLast(({ is, by, why }) => ASKED.has(is) && (by !== undefined || why !== undefined))
  if (event === undefined) return null
  return (
    <span>
      {typeof event.by === 'string' && ` by ${event.by}`}
      {typeof event.why === 'string' && `: “${event.why}”`}
    </span>
  )
}
const ASKED = new Set(['cancel_requested', 'cancelled', 'terminated'])

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
