import type { UseQueryResult } from '@tanstack/react-query'
import type { Explanation, Reason, RunDetail } from '../api/client.ts'
import { isClosed } from '../api/runs.ts'
import { shortId } from '../format/id.ts'
import { AsCommand, Command, commandText } from '../parts/command.tsx'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { RunLink } from './links.tsx'
import { useNamedRun } from './queries.ts'
import { RichText } from './rich-text.tsx'

/** Everything that keeps it from running, from the same gates that dispatch asks; or what ended it. */
export function Explain({ namespace, run, explanation }: { namespace: string; run: RunDetail; explanation: UseQueryResult<Explanation> }) {
  const closed = isClosed(run.state)
  const title = closed ? 'What ended it' : run.state === 'running' ? 'What it does' : 'Why it does not run'
  return (
    <Panel title={title} aside={<AsCommand text={commandText(namespace, 'explain', shortId(run.id))} />}>
      {explanation.data === undefined ? (
        explanation.isError ? (
          <ErrorState error={explanation.error} retry={() => void explanation.refetch()} />
        ) : (
          <Skeleton lines={3} />
        )
      ) : (
        <div className="flex flex-col gap-4">
          {explanation.data.reasons.length === 0 && (
            <p>{run.state === 'running' ? `Attempt ${run.attempt} of ${run.attempts} is under way.` : 'Nothing keeps it from running.'}</p>
          )}
          <ol className="flex flex-col gap-4">
            {explanation.data.reasons.map((reason, index) => (
              <ReasonItem key={`${reason.code} ${reason.text}`} namespace={namespace} reason={reason} number={index + 1} closed={closed} />
            ))}
          </ol>
          {explanation.data.clear.length > 0 && (
            <div>
              <h3 className="mb-1 text-small text-soft">{closed ? 'Besides' : 'All else is clear'}</h3>
              <ul className="flex flex-col gap-0.5">
                {explanation.data.clear.map(text => (
                  <li key={text} className="flex items-start gap-2">
                    <Icon name="check" size={14} className="mt-[3px] text-completed" />
                    <span>
                      <RichText text={text} />
                    </span>
                  </li>
                ))}
              </ul>
            </div>
          )}
          <p className="text-small text-soft">
            {closed ? 'Closed ' : 'Its last event was at '}
            <Time at={explanation.data.since} as="absolute" />, <Time at={explanation.data.since} />
          </p>
        </div>
      )}
    </Panel>
  )
}

function ReasonItem({ namespace, reason, number, closed }: { namespace: string; reason: Reason; number: number; closed: boolean }) {
  const runs = reason.runs ?? []
  return (
    <li className="grid grid-cols-[20px_minmax(0,1fr)] gap-x-1">
      <span className="numeric text-soft">{number}.</span>
      <div className="flex min-w-0 flex-col items-start gap-1.5">
        <p className="break-words">
          <RichText text={reason.text} runs={runs} /> <code className="text-soft">{reason.code}</code>
        </p>
        {!closed && (reason.since !== undefined || reason.until !== undefined) && (
          <p className="text-soft">
            {reason.since !== undefined && (
              <>
                since <Time at={reason.since} as="absolute" />, <Time at={reason.since} />
              </>
            )}
            {reason.until !== undefined && (
              <>
                until <Time at={reason.until} as="absolute" />, <Time at={reason.until} />
              </>
            )}
          </p>
        )}
        {runs.length > 0 && (
          <ul className="flex flex-col">
            {runs.map(id => (
              <Holder key={id} namespace={namespace} id={id} />
            ))}
          </ul>
        )}
        {reason.command !== undefined && <Command text={reason.command} />}
      </div>
    </li>
  )
}

function Holder({ namespace, id }: { namespace: string; id: string }) {
  const run = useNamedRun(namespace, id)
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 py-0.5">
      <RunLink id={id} />
      {run && (
        <>
          <span>{run.definition}</span>
          <StateBadge state={run.state} />
          <span className="text-soft">
            <Duration from={run.startedAt} to={run.closedAt} />, attempt {run.attempt}
          </span>
        </>
      )}
    </li>
  )
}
