import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Reruns, rerunPreview, rerunTasks, WAYS, type Way } from '../../api/dags.ts'
import { problemOf } from '../../api/problem.ts'
import { useAction } from '../../api/use-action.ts'
import { shortId } from '../../format/id.ts'
import { usePreferences } from '../../format/preferences.ts'
import { shortTime } from '../../format/time.ts'
import { counted } from '../../format/word.ts'
import { Button } from '../button.tsx'
import { Command, commandText } from '../command.tsx'
import { Dialog } from '../dialog.tsx'
import { SwitchField } from '../field.tsx'
import { RunLink } from '../run-link.tsx'
import { ProblemText, Skeleton } from '../states.tsx'

export interface RerunDialogProps {
  namespace: string
  run: { id: string; definition: string }
  /** Null: what failed. */
  task: string | null
  onClose(): void
  onStarted(run: string): void
}

const LABELS: Record<Way, readonly [label: string, help: string]> = {
  downstream: ['Downstream', 'and all that wait for it'],
  upstream: ['Upstream', 'and all that it waits for'],
  past: ['Past', 'and in the runs for earlier times'],
  future: ['Future', 'and in the runs for later times'],
  onlyFailed: ['Only failed', 'of all these only what failed, or could not run since'],
}
const RUNS_SHOWN_MAX = 100
const TASKS_SHOWN_MAX = 10

/** Tasks of a closed run run again, in it and in the runs for other times: what that would be is shown before, as the server says it. */
export default function RerunDialog({ namespace, run, task, onClose, onStarted }: RerunDialogProps) {
  const short = shortId(run.id)
  const known = task === null ? (['past', 'future'] as const) : WAYS
  const [ways, setWays] = useState<readonly Way[]>(task === null ? [] : ['downstream'])
  const preview = useQuery({ ...rerunPreview(namespace, run.id, task, ways), placeholderData: keepPreviousData })
  const would = preview.data?.runs.filter(({ refused }) => refused === null) ?? []
  const title = task === null ? `Run what failed of ${run.definition} ${short} again` : `Run ${task} of ${run.definition} ${short} again`
  const start = useAction({
    label: title,
    call: (_: null, callKey) => rerunTasks(namespace, run.id, callKey, task, ways),
    done: ({ runs }) => `${counted(runs.filter(({ again }) => again !== null).length, 'run')} started`,
    refresh: [[namespace, 'definition', run.definition]],
    onDone: ({ runs }) => {
      onClose()
      const again = runs.find(one => one.run === run.id)?.again ?? runs.findLast(one => one.again !== null)?.again
      if (again != null) onStarted(again)
    },
  })
  const flags = ways.map(way => (way === 'onlyFailed' ? '--only-failed' : `--${way}`))
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={title}
      description="New runs are started and linked to these, which stay as they are: how the other tasks ended, and what they gave, is kept."
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button
            kind="main"
            icon="retry"
            pending={start.pending}
            disabled={preview.isPlaceholderData || would.length === 0}
            onClick={() => start.run(null)}
          >
            {would.length === 0 ? 'Run again' : `Run again in ${counted(would.length, 'run')}`}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <fieldset className="grid grid-cols-2 gap-x-4 gap-y-2 max-sm:grid-cols-1">
          <legend className="sr-only">What runs again besides</legend>
          {known.map(way => (
            <SwitchField
              key={way}
              label={LABELS[way][0]}
              help={LABELS[way][1]}
              checked={ways.includes(way)}
              onChange={on => setWays(WAYS.filter(one => (one === way ? on : ways.includes(one))))}
            />
          ))}
        </fieldset>
        {preview.isError ? (
          <ProblemText problem={problemOf(preview.error)} />
        ) : preview.data === undefined ? (
          <Skeleton lines={3} />
        ) : (
          <Preview runs={preview.data.runs} />
        )}
        {start.problem && <ProblemText problem={start.problem} />}
        <Command text={commandText(namespace, 'dag', 'rerun', short, ...(task === null ? [] : ['--task', task]), ...flags)} />
      </div>
    </Dialog>
  )
}

/** Of each run which tasks, or why not. */
function Preview({ runs }: { runs: Reruns['runs'] }) {
  const { zone } = usePreferences()
  const refused = runs.filter(one => one.refused !== null).length
  return (
    <section aria-label="What would run again" className="flex flex-col gap-1">
      <p role="status" className="text-small text-soft">
        {counted(runs.length - refused, 'run')} would be run again{refused > 0 && `, ${refused} would not`}
      </p>
      <ul className="max-h-64 overflow-y-auto rounded border border-line">
        {runs.slice(0, RUNS_SHOWN_MAX).map(({ run, nominalTime, count, tasks, refused: why }) => (
          <li key={run} className="flex gap-3 border-b border-line px-3 py-1.5 last:border-b-0">
            <span className="w-16 shrink-0">
              <RunLink run={run} />
            </span>
            <span className="numeric w-36 shrink-0 text-small text-soft">{shortTime(nominalTime, zone)}</span>
            {why === null ? (
              <span className="min-w-0">{namesOf(tasks ?? [], count ?? 0)}</span>
            ) : (
              <span className="text-soft">{why.hint ?? why.title}</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function namesOf(tasks: NonNullable<Reruns['runs'][number]['tasks']>, count: number): string {
  const shown = tasks.slice(0, TASKS_SHOWN_MAX).map(({ task, items }) => (items === null ? task : `${task} (${counted(items, 'item')})`))
  return [...shown, ...(count > shown.length ? [`${count - shown.length} more`] : [])].join(', ')
}
