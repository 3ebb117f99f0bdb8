import type { ReactNode } from 'react'
import { Time } from '../parts/time.tsx'
import { Mark } from './marks.tsx'
import type { PreviewTime } from './queries.ts'

interface TimeRowProps {
  time: PreviewTime
  /** The schedule's own zone, and the reader's. */
  own: string
  here: string
  /** Before it: what is new, or gone. */
  sign?: ReactNode
  /** It would no longer fire. */
  gone?: boolean
  /** Behind it. */
  aside?: ReactNode
}

/** A time to come: how long until then, as the reader's clock and as its own shows it, and what holds or moves it. */
export function TimeRow({ time, own, here, sign, gone = false, aside }: TimeRowProps) {
  const held = time.held !== null
  return (
    <li className="flex min-h-9 flex-wrap items-center gap-x-3 border-b border-line px-3 py-1 last:border-b-0">
      {sign ?? <Mark became={held ? 'held' : 'coming'} />}
      <span className={`numeric w-40 ${held || gone ? 'text-soft line-through' : 'font-medium'}`}>{localText(time.at, own)}</span>
      {own !== here && <span className="numeric w-40 text-soft max-sm:hidden">{`${localText(time.at, here)} here`}</span>}
      <span className="w-16 text-soft">
        <Time at={time.at} />
      </span>
      <span className="min-w-0 grow truncate text-soft">
        {time.held !== null && `held by ${time.held.by || (time.held.is === 'excluded' ? 'a calendar' : 'a blackout')}`}
        {time.movedFrom !== null && `moved from ${localText(time.movedFrom, own)}`}
      </span>
      {aside}
    </li>
  )
}

const formats = new Map<string, Intl.DateTimeFormat>()
export function localText(at: string, zone: string): string {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat(undefined, {
      weekday: 'short',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZone: zone,
    })
    formats.set(zone, format)
  }
  return format.format(new Date(at))
}
