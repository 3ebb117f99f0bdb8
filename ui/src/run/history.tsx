import type { HistoryEvent } from '../api/client.ts'
import { Time } from '../parts/time.tsx'

/** All that happened, in order; what belongs to an event behind it. */
export function RunHistory({ events }: { events: readonly HistoryEvent[] }) {
  return (
    <ol>
      {events.map((event, index) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: an event's number is its identity
          key={index}
          className="grid grid-cols-[40px_96px_minmax(120px,200px)_1fr] items-baseline gap-x-3 border-b border-line px-3 py-1.5 last:border-b-0 max-sm:grid-cols-[32px_84px_1fr]"
        >
          <span className="numeric text-right text-soft">{index}</span>
          <span className="text-soft">
            <Time at={event.at} as="clock" />
          </span>
          <span className="font-medium">{event.is}</span>
          <span className="min-w-0 truncate font-mono text-small text-soft max-sm:col-span-3">{factsOf(event)}</span>
        </li>
      ))}
    </ol>
  )
}

function factsOf(event: HistoryEvent): string {
  const { is: _, at: __, ...facts } = event
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ')
}
