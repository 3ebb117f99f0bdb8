import type { UseMutationResult } from '@tanstack/react-query'
import { type ReactNode, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef } from 'react'
import type { HistoryEvent, RunDetail } from '../api/client.ts'
import { HISTORY_PAGE, type History } from '../api/history.ts'
import { shortId } from '../format/id.ts'
import { countText } from '../format/number.ts'
import { usePreferences } from '../format/preferences.ts'
import { preciseTime } from '../format/time.ts'
import { Button } from '../parts/button.tsx'
import { classes } from '../parts/classes.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { Hint } from '../parts/hint.tsx'
import { Icon } from '../parts/icons.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { type EventGroup, groupsOf, wordsOf } from './event-words.ts'
import { blobAt, Download } from './files/download.tsx'
import { keptIn, LargeStep } from './files/kept.tsx'
import type { RunSearch } from './search.ts'

interface RunHistoryProps {
  namespace: string
  run: RunDetail
  history: History
  earlier: UseMutationResult<void, Error, void>
  workerName(id: string): string
  search: RunSearch
  onSearch(change: Partial<RunSearch>): void
}

/** What happened, in order and numbered: as sentences, or as the JSON that is kept. Of a long history the newest, and earlier events as one scrolls up. */
export function RunHistory({ namespace, run, history, earlier, workerName, search, onSearch }: RunHistoryProps) {
  const { events, from, total } = history
  const raw = search.raw === 'on'
  const sought = (search.find ?? '').toLowerCase()
  const groups = useMemo(() => {
    const all: EventGroup[] = raw ? events.map((event, number) => ({ number, events: [event] })) : groupsOf(events)
    if (sought === '') return all
    return all.filter(group =>
      group.events.some(event => `${wordsOf(event, workerName).text} ${JSON.stringify(event)}`.toLowerCase().includes(sought)),
    )
  }, [events, raw, sought, workerName])
  const short = shortId(run.id)
  const list = useRef<HTMLOListElement>(null)
  /** What was first, and where it stood: it stays there as what was before it comes. */
  const place = useRef<{ entry: Element; top: number } | null>(null)
  const keepPlace = (): void => {
    const entry = list.current?.firstElementChild
    place.current = entry ? { entry, top: entry.getBoundingClientRect().top } : null
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: when earlier events have come
  useLayoutEffect(() => {
    const { entry, top } = place.current ?? {}
    place.current = null
    if (entry === undefined || top === undefined) return
    entry.closest('main')?.scrollBy({ top: entry.getBoundingClientRect().top - top, behavior: 'instant' })
  }, [from])
  return (
    <section aria-label="History" className="min-w-0 rounded border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line px-2 py-1.5">
        <input
          type="search"
          aria-label="Filter the history"
          placeholder="Filter"
          value={search.find ?? ''}
          onChange={event => onSearch({ find: event.target.value || undefined })}
          className="h-7 w-56 min-w-0 rounded border border-edge bg-surface px-2 text-small max-sm:grow"
        />
        <label className="flex min-h-6 cursor-pointer items-center gap-1.5 text-small text-soft">
          <input
            type="checkbox"
            checked={raw}
            onChange={event => onSearch({ raw: event.target.checked ? 'on' : undefined })}
            className="size-3.5 accent-current"
          />
          As JSON
        </label>
        <span className="grow" />
        <span className="numeric text-small text-soft">
          {from > 0 && `${countText(events.length)} of `}
          {countText(total)} {total === 1 ? 'event' : 'events'}
        </span>
        <Download name={`history-${short}.json`} read={() => blobAt(namespace, `runs/${run.id}/history`)} />
        <AsCommand text={commandText(namespace, 'show', short)} />
      </div>
      {from > 0 && <Earlier before={Math.min(from, HISTORY_PAGE)} earlier={earlier} onAsk={keepPlace} />}
      {groups.length === 0 ? (
        <EmptyState
          icon="search"
          title={sought === '' ? 'Nothing has happened yet' : 'No event has this in it'}
          command={commandText(namespace, 'show', short)}
        />
      ) : (
        <ol ref={list} className="py-1">
          {groups.map(group => (
            <Entry
              key={from + group.number}
              group={group}
              number={from + group.number}
              raw={raw}
              before={events[group.number - 1]}
              workerName={workerName}
              large={event => <Large namespace={namespace} run={run} event={event} number={from + group.number} />}
            />
          ))}
        </ol>
      )}
    </section>
  )
}

/** Asks for what was before as somebody scrolls up to it; where it stands from the beginning, as somebody says so. */
function Earlier({ before, earlier, onAsk }: { before: number; earlier: RunHistoryProps['earlier']; onAsk(): void }) {
  const mark = useRef<HTMLDivElement>(null)
  const ask = useEffectEvent(() => {
    if (earlier.isPending) return
    onAsk()
    earlier.mutate()
  })
  useEffect(() => {
    let isSeen = true
    const observer = new IntersectionObserver(entries => {
      const is = entries.at(-1)?.isIntersecting === true
      if (is && !isSeen) ask()
      isSeen = is
    })
    if (mark.current !== null) observer.observe(mark.current)
    return () => observer.disconnect()
  }, [])
  return (
    <div ref={mark} className="flex items-center gap-3 border-b border-line px-3 py-2">
      <Button pending={earlier.isPending} onClick={() => ask()}>
        Show {countText(before)} before these
      </Button>
      {earlier.error !== null && <span role="alert">{earlier.error.message}</span>}
    </div>
  )
}

/** What a step or a child gave, where it is kept beside the run. */
function Large({ namespace, run, event, number }: { namespace: string; run: RunDetail; event: HistoryEvent; number: number }) {
  const kept = event.is === 'step_completed' || event.is === 'child_closed' ? keptIn(event.output) : null
  if (kept === null) return null
  return <LargeStep namespace={namespace} run={run.id} name={`${run.definition}-${shortId(run.id)}-${number}.json`} kept={kept} />
}

const TONES = { failed: 'text-failed', completed: 'text-completed', running: 'text-running', paused: 'text-paused', soft: 'text-soft' } as const

function Entry({
  group,
  number,
  raw,
  before,
  workerName,
  large,
}: {
  group: EventGroup
  number: number
  raw: boolean
  before: HistoryEvent | undefined
  workerName(id: string): string
  large(event: HistoryEvent): ReactNode
}) {
  const { zone } = usePreferences()
  // Of several reports the newest says how far it is.
  const event = group.events.at(-1) as HistoryEvent
  const { text, by, why, icon, tone } = wordsOf(event, workerName)
  const first = group.events[0] as HistoryEvent
  const newDay = before !== undefined && new Date(before.at).toDateString() !== new Date(first.at).toDateString()
  return (
    <li className="[contain-intrinsic-size:auto_28px] [content-visibility:auto]">
      {newDay && (
        <p className="border-t border-line px-3 pt-2 pb-1 text-small font-medium text-soft">
          <Time at={first.at} as="absolute" />
        </p>
      )}
      <div className="grid grid-cols-[32px_104px_16px_minmax(0,1fr)] items-start gap-x-3 px-3 py-1 hover:bg-hover max-sm:grid-cols-[24px_16px_minmax(0,1fr)] max-sm:gap-x-2">
        <span className="numeric text-right text-small leading-5 text-soft">{number}</span>
        <span className="numeric text-soft max-sm:order-last max-sm:col-start-3 max-sm:text-small">
          <Hint text={new Date(first.at).toISOString()}>
            <time dateTime={first.at}>{preciseTime(first.at, zone)}</time>
          </Hint>
        </span>
        <Icon name={icon} size={14} className={classes('mt-[3px]', TONES[tone])} />
        {raw ? (
          <pre className="min-w-0 whitespace-pre-wrap wrap-anywhere leading-5">{JSON.stringify(event, null, 1).replace(/\n\s*/g, ' ')}</pre>
        ) : (
          <div className="min-w-0 break-words">
            {text.charAt(0).toUpperCase() + text.slice(1)}
            {group.events.length > 1 && <span className="text-soft"> ({countText(group.events.length)} reports, this is the newest)</span>}
            {by !== null && <span className="text-soft"> by {by}</span>}
            {why !== null && <span className="text-soft">: “{why}”</span>}
            {large(event)}
          </div>
        )}
      </div>
    </li>
  )
}
