import { useMemo } from 'react'
import type { HistoryEvent } from '../api/client.ts'
import { shortId } from '../format/id.ts'
import { countText } from '../format/number.ts'
import { usePreferences } from '../format/preferences.ts'
import { preciseTime } from '../format/time.ts'
import { IconButton } from '../parts/button.tsx'
import { classes } from '../parts/classes.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { download } from '../parts/download.ts'
import { Hint } from '../parts/hint.tsx'
import { Icon } from '../parts/icons.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { type EventGroup, groupsOf, wordsOf } from './event-words.ts'
import type { RunSearch } from './search.ts'

interface RunHistoryProps {
  namespace: string
  run: string
  events: readonly HistoryEvent[]
  workerName(id: string): string
  search: RunSearch
  onSearch(change: Partial<RunSearch>): void
}

/** All that happened, in order and numbered: as sentences, or as the JSON that is kept. */
export function RunHistory({ namespace, run, events, workerName, search, onSearch }: RunHistoryProps) {
  const raw = search.raw === 'on'
  const sought = (search.find ?? '').toLowerCase()
  const groups = useMemo(() => {
    const all: EventGroup[] = raw ? events.map((event, number) => ({ number, events: [event] })) : groupsOf(events)
    if (sought === '') return all
    return all.filter(group =>
      group.events.some(event => `${wordsOf(event, workerName).text} ${JSON.stringify(event)}`.toLowerCase().includes(sought)),
    )
  }, [events, raw, sought, workerName])
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
          {countText(events.length)} {events.length === 1 ? 'event' : 'events'}
        </span>
        <IconButton
          icon="download"
          label="Download the history"
          className="size-7!"
          onClick={() => download(`history-${shortId(run)}.json`, JSON.stringify(events, null, 2))}
        />
        <AsCommand text={commandText(namespace, 'show', shortId(run))} />
      </div>
      {groups.length === 0 ? (
        <EmptyState
          icon="search"
          title={sought === '' ? 'Nothing has happened yet' : 'No event has this in it'}
          command={commandText(namespace, 'show', shortId(run))}
        />
      ) : (
        <ol className="py-1">
          {groups.map(group => (
            <Entry key={group.number} group={group} raw={raw} before={events[group.number - 1]} workerName={workerName} />
          ))}
        </ol>
      )}
    </section>
  )
}

const TONES = { failed: 'text-failed', completed: 'text-completed', running: 'text-running', paused: 'text-paused', soft: 'text-soft' } as const

function Entry({
  group,
  raw,
  before,
  workerName,
}: {
  group: EventGroup
  raw: boolean
  before: HistoryEvent | undefined
  workerName(id: string): string
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
        <span className="numeric text-right text-small leading-5 text-soft">{group.number}</span>
        <span className="numeric text-soft max-sm:order-last max-sm:col-start-3 max-sm:text-small">
          <Hint text={new Date(first.at).toISOString()}>
            <time dateTime={first.at}>{preciseTime(first.at, zone)}</time>
          </Hint>
        </span>
        <Icon name={icon} size={14} className={classes('mt-[3px]', TONES[tone])} />
        {raw ? (
          <pre className="min-w-0 whitespace-pre-wrap wrap-anywhere leading-5">{JSON.stringify(event, null, 1).replace(/\n\s*/g, ' ')}</pre>
        ) : (
          <p className="min-w-0 break-words">
            {text.charAt(0).toUpperCase() + text.slice(1)}
            {group.events.length > 1 && <span className="text-soft"> ({countText(group.events.length)} reports, this is the newest)</span>}
            {by !== null && <span className="text-soft"> by {by}</span>}
            {why !== null && <span className="text-soft">: “{why}”</span>}
          </p>
        )}
      </div>
    </li>
  )
}
