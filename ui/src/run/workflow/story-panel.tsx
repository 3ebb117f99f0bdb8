import { useMemo, useState } from 'react'
import type { HistoryEvent } from '../../api/client.ts'
import { countText } from '../../format/number.ts'
import { durationText } from '../../format/time.ts'
import { Button } from '../../parts/button.tsx'
import { Icon, type IconName } from '../../parts/icons.tsx'
import { Panel } from '../../parts/panel.tsx'
import { RunLink } from '../../parts/run-link.tsx'
import { Time } from '../../parts/time.tsx'
import { type Chapter, storyOf } from './story.ts'

/** More than fit on a page are for the history, as are those before the events that are known. */
const CHAPTERS_SHOWN = 20

/** What the code asked for and was asked, what came of it, and how long that took: the newest at the end. `first`: the number of the first event. */
export default function StoryPanel({ events, first }: { events: readonly HistoryEvent[]; first: number }) {
  const story = useMemo(() => storyOf(events, first), [events, first])
  const [all, setAll] = useState(false)
  const hidden = all ? 0 : Math.max(0, story.length - CHAPTERS_SHOWN)
  if (story.length === 0) return null
  return (
    <Panel title="Story" padded={false}>
      {hidden > 0 && (
        <div className="border-b border-line px-3 py-2">
          <Button onClick={() => setAll(true)}>Show {countText(hidden)} before these</Button>
        </div>
      )}
      <ol aria-label="Asked and answered">
        {story.slice(hidden).map(chapter => (
          <Line key={`${chapter.kind === 'update' ? 'u' : 'n'}${chapter.n}`} chapter={chapter} />
        ))}
      </ol>
    </Panel>
  )
}

const LOOKS: Record<Chapter['outcome'], { icon: IconName; tone: string }> = {
  completed: { icon: 'completed', tone: 'text-completed' },
  failed: { icon: 'failed', tone: 'text-failed' },
  timed_out: { icon: 'timeout', tone: 'text-failed' },
  dropped: { icon: 'dash', tone: 'text-soft' },
  open: { icon: 'half', tone: 'text-soft' },
}

function Line({ chapter }: { chapter: Chapter }) {
  const { askedAt, answeredAt, outcome, run, failure, by } = chapter
  const { icon, tone } = LOOKS[outcome]
  return (
    <li className="grid grid-cols-[16px_minmax(0,1fr)_auto] items-start gap-x-3 border-b border-line px-3 py-1.5 last:border-b-0">
      <Icon name={icon} size={14} className={`mt-[3px] ${tone}`} />
      <div className="min-w-0 break-words">
        {wordsOf(chapter)}
        {run !== null && (
          <>
            {' '}
            <RunLink run={run} />
          </>
        )}
        {by !== null && <span className="text-soft"> by {by}</span>}
        {failure !== null && (
          <span className="text-soft">
            : {failure.type}: {failure.message}
          </span>
        )}
        <div className="text-small text-soft">
          asked <Time at={askedAt} />
        </div>
      </div>
      <span className="numeric text-small text-soft">
        {answeredAt === null ? 'open' : durationText(Date.parse(answeredAt) - Date.parse(askedAt))}
      </span>
    </li>
  )
}

function wordsOf({ kind, name, outcome, attempts }: Chapter): string {
  const tried = attempts > 1 ? ` in attempt ${attempts}` : ''
  switch (kind) {
    case 'step':
      return outcome === 'open'
        ? attempts === 0
          ? `Step “${name}” is under way`
          : `Step “${name}” failed${tried}, and is tried again`
        : outcome === 'dropped'
          ? `Step “${name}” was not waited for any more`
          : `Step “${name}” ${outcome}${tried}`
    case 'sleep':
      return outcome === 'open' ? 'Sleeps' : outcome === 'dropped' ? 'Slept, and was not waited for any more' : 'Slept'
    case 'signal':
      return {
        completed: `Signal “${name}” came`,
        timed_out: `Signal “${name}” did not come in time`,
        failed: '',
        dropped: `Signal “${name}” was not waited for any more`,
        open: `Waits for signal “${name}”`,
      }[outcome]
    case 'promise':
      return {
        completed: `Promise “${name}” was kept`,
        timed_out: `Promise “${name}” was not settled in time`,
        failed: `Promise “${name}” was broken`,
        dropped: `Promise “${name}” was not waited for any more`,
        open: `Promise “${name}” is open`,
      }[outcome]
    case 'child':
      return {
        completed: `Child ${name} completed`,
        timed_out: `Child ${name} timed out`,
        failed: `Child ${name} did not complete`,
        dropped: `Child ${name} was not waited for any more`,
        open: `Child ${name}`,
      }[outcome]
    case 'update':
      return {
        completed: `Update “${name}” was answered`,
        timed_out: '',
        dropped: '',
        failed: `Update “${name}” failed`,
        open: `Update “${name}” is handled`,
      }[outcome]
  }
}
