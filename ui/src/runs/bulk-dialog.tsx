import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { queuesQuery } from '../api/names.ts'
import { useAction } from '../api/use-action.ts'
import { countText } from '../format/number.ts'
import { Button } from '../parts/button.tsx'
import { ComboField } from '../parts/combo-field.tsx'
import { Command } from '../parts/command.tsx'
import { RunId } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, ProblemText, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { type BulkAction, type BulkChange, bulkCommand, filterFor, type Picks, previewQuery, startBulk } from './bulk.ts'
import { BulkProgress } from './bulk-progress.tsx'

interface BulkDialogProps {
  namespace: string
  action: BulkAction
  picks: Picks
  /** `begun`: the server has taken it on. */
  onClose(begun: boolean): void
}

/** Says to how many runs something is about to be done, and which; does it; then shows how far it has come. */
export function BulkDialog({ namespace, action, picks, onClose }: BulkDialogProps) {
  // As it was when somebody decided: the list behind may go on changing.
  const [filter] = useState(() => filterFor(action, picks) ?? {})
  const [why, setWhy] = useState('')
  const [text, setText] = useState('')
  const [batch, setBatch] = useState<string | null>(null)
  const queues = useQuery({ ...queuesQuery(namespace), enabled: action.asks === 'queue' })
  const preview = useQuery({ ...previewQuery(namespace, action.operation, filter), enabled: batch === null })
  const change: BulkChange | null =
    action.asks === 'priority'
      ? { ...(/^[+-]?\d{1,3}$/.test(text.trim()) && { priority: Number(text) }) }
      : action.asks === 'queue'
        ? { ...(text.trim() !== '' && { queue: text.trim() }) }
        : null
  const ready = change === null || Object.keys(change).length > 0
  const count = preview.data === undefined ? '' : `${countText(preview.data.matched)}${preview.data.more ? '+' : ''}`
  const start = useAction({
    label: `${action.verb} ${count} runs`,
    call: (_: null, callKey) =>
      startBulk(
        namespace,
        { operation: action.operation, filter, ...(change && { change }), ...(why.trim() !== '' && { why: why.trim() }) },
        callKey,
      ),
    done: 'taken on',
    onDone: answer => setBatch(answer.batch),
  })
  const none = preview.data?.matched === 0
  const command = bulkCommand(namespace, action, filter, change, why.trim())
  const left = picks.is === 'some' ? picks.runs.length - (filter.runs?.length ?? 0) : 0
  return (
    <Dialog
      open
      onClose={() => onClose(batch !== null)}
      title={
        batch === null
          ? `${action.verb} ${count === '' ? 'runs' : preview.data?.matched === 1 ? 'one run' : `${count} runs`}${action.asks === 'queue' ? ' to another queue' : ''}?`
          : `${action.verb}: at work`
      }
      {...(batch === null && { description: action.means })}
      actions={
        batch === null ? (
          <>
            <Button onClick={() => onClose(false)}>Leave it</Button>
            <Button
              kind={action.danger ? 'danger' : 'main'}
              disabled={preview.data === undefined || none || !ready}
              pending={start.pending}
              onClick={() => start.run(null)}
            >
              {action.verb.split(' ')[0]} {count}
            </Button>
          </>
        ) : (
          <>
            <Button onClick={() => onClose(true)}>Close; it goes on</Button>
            <Link
              to="/batches/$batch"
              params={{ batch }}
              search={{}}
              className="inline-flex h-8 items-center rounded border border-ink bg-ink px-2.5 font-medium text-inverse hover:opacity-90"
            >
              Look at the batch
            </Link>
          </>
        )
      }
    >
      {batch !== null ? (
        <BulkProgress namespace={namespace} batch={batch} />
      ) : preview.isPending ? (
        <Skeleton lines={4} label="Counting" />
      ) : preview.data === undefined ? (
        <ErrorState error={preview.error} retry={() => void preview.refetch()} />
      ) : (
        <div className="flex flex-col gap-4">
          {none ? (
            <p>There is none left to which this could be done: their states have changed meanwhile.</p>
          ) : (
            <div>
              <p className="mb-2 flex flex-wrap gap-x-4 gap-y-1">
                {Object.entries(preview.data.byState).map(([state, number]) => (
                  <span key={state} className="inline-flex gap-1.5">
                    <span className="numeric font-semibold">{countText(number)}</span> <StateBadge state={state} />
                  </span>
                ))}
              </p>
              <ul className="rounded border border-line">
                {preview.data.runs.slice(0, SHOWN_MAX).map(run => (
                  <li key={run.id} className="flex items-center gap-3 border-b border-line px-2.5 py-1 last:border-b-0">
                    <StateBadge state={run.state} compact />
                    <RunId id={run.id} />
                    <span className="max-w-[50%] shrink-0 truncate font-medium">{run.definition}</span>
                    <span className="min-w-0 grow truncate text-soft">{run.failure?.message ?? run.reason}</span>
                    <span className="text-soft">
                      <Time at={run.createdAt} />
                    </span>
                  </li>
                ))}
                {preview.data.matched > SHOWN_MAX && (
                  <li className="px-2.5 py-1 text-soft">
                    and{' '}
                    {preview.data.matched - SHOWN_MAX === 1
                      ? 'one other'
                      : `${countText(preview.data.matched - SHOWN_MAX)}${preview.data.more ? ' or more' : ''} others`}
                  </li>
                )}
              </ul>
              {left > 0 && (
                <p className="mt-1 text-soft">{countText(left)} of those picked are in states in which this does nothing, and are left out.</p>
              )}
            </div>
          )}
          {action.asks === 'priority' && (
            <TextField
              label="Priority"
              inputMode="numeric"
              value={text}
              onChange={event => setText(event.target.value)}
              help="From -100 to 100, higher goes first."
              problem={start.problem?.at === '/change/priority' ? start.problem.hint : null}
            />
          )}
          {action.asks === 'queue' && (
            <ComboField
              label="To the queue"
              value={text}
              onChange={setText}
              options={(queues.data?.queues ?? []).map(({ name, workers }) => ({
                value: name,
                hint: workers === 1 ? '1 worker' : `${workers} workers`,
              }))}
              help="One without workers keeps them until it has some."
              problem={start.problem?.at === '/change/queue' ? start.problem.hint : null}
            />
          )}
          <TextField label="Why" optional value={why} onChange={event => setWhy(event.target.value)} help="Kept in the history of each run." />
          {command === null ? (
            <p className="text-small text-soft">So many ids make no command; filter for them, and take all that match.</p>
          ) : (
            <Command text={command} />
          )}
          {start.problem && <ProblemText problem={start.problem} />}
        </div>
      )}
    </Dialog>
  )
}
const SHOWN_MAX = 5
