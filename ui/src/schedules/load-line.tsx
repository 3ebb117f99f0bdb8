import { Link, useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { countText } from '../format/number.ts'
import { Button, IconButton } from '../parts/button.tsx'
import { useWidth } from '../parts/use-width.ts'
import { BECAME_WORDS } from './became.ts'
import { Mark } from './marks.tsx'
import type { SchedulesSearch } from './search.ts'
import { herdsOf, MINUTE_MS, type Start } from './track.ts'
import type { Axis } from './track-row.tsx'

const HEIGHT = 40
const BAR_PX = 5
/** Of a herd, as many are named. */
const NAMED_MAX = 40

interface LoadProps {
  minutes: ReadonlyMap<number, readonly Start[]>
  axis: Axis
  search: SchedulesSearch
}

/** Starts a minute over the day. The arrows go from minute to minute in which something starts; what starts in it is told below. */
export function LoadLine({ minutes, axis, search }: LoadProps) {
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const navigate = useNavigate()
  const chosen = search.at === undefined ? null : Math.floor(Date.parse(search.at) / MINUTE_MS) * MINUTE_MS
  const choose = (at: number): void =>
    void navigate({ to: '/schedules', search: { ...search, at: new Date(at).toISOString() }, replace: true, resetScroll: false })
  const keys = [...minutes.keys()].sort((a, b) => a - b)
  const most = Math.max(1, ...[...minutes.values()].map(starts => starts.length))
  const herds = new Set(herdsOf(minutes).map(([at]) => at))
  const span = axis.until - axis.from
  const buckets = Math.max(1, Math.floor(width / BAR_PX))
  const bars = barsOf(minutes, axis, buckets)
  const step = (by: number): void => {
    const at = chosen ?? Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
    const next = by > 0 ? keys.find(key => key > at) : keys.findLast(key => key < at)
    if (next !== undefined) choose(next)
  }
  return (
    <div
      ref={element}
      role="slider"
      tabIndex={0}
      aria-label="Starts a minute"
      aria-valuemin={axis.from}
      aria-valuemax={axis.until}
      aria-valuenow={chosen ?? axis.from}
      aria-valuetext={chosen === null ? 'no minute chosen' : `${axis.clock(chosen)}: ${minutes.get(chosen)?.length ?? 0} starts`}
      onKeyDown={event => {
        const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
        if (by === undefined) return
        event.preventDefault()
        step(by)
      }}
      onClick={event => {
        const { left, width: all } = event.currentTarget.getBoundingClientRect()
        const bar = bars[Math.min(buckets - 1, Math.max(0, Math.floor(((event.clientX - left) / all) * buckets)))]
        if (bar !== undefined && bar.count > 0) choose(bar.at)
      }}
      className="relative h-full cursor-pointer"
    >
      <svg aria-hidden="true" width={width} height={HEIGHT} className="absolute bottom-0 left-0">
        {bars.map((bar, index) =>
          bar.count === 0 ? null : (
            <rect
              key={bar.from}
              x={index * (width / buckets)}
              width={Math.max(1, width / buckets - 1)}
              y={HEIGHT - Math.max(2, (bar.count / most) * (HEIGHT - 2))}
              height={Math.max(2, (bar.count / most) * (HEIGHT - 2))}
              rx="1"
              className={chosen !== null && bar.at === chosen ? 'fill-ink' : herds.has(bar.at) ? 'fill-paused' : 'fill-edge'}
              opacity={herds.has(bar.at) || bar.at === chosen ? 1 : 0.6}
            />
          ),
        )}
        {chosen !== null && chosen >= axis.from && chosen < axis.until && (
          <line x1={((chosen - axis.from) / span) * width} x2={((chosen - axis.from) / span) * width} y1="0" y2={HEIGHT} className="stroke-ink" />
        )}
      </svg>
    </div>
  )
}

interface Bar {
  from: number
  /** Its fullest minute. */
  at: number
  count: number
}

function barsOf(minutes: ReadonlyMap<number, readonly Start[]>, { from, until }: Axis, buckets: number): Bar[] {
  const each = (until - from) / buckets
  const bars: Bar[] = Array.from({ length: buckets }, (_, index) => ({ from: from + index * each, at: 0, count: 0 }))
  for (const [at, starts] of minutes) {
    const bar = bars[Math.floor((at - from) / each)]
    if (bar !== undefined && starts.length > bar.count) {
      bar.at = at
      bar.count = starts.length
    }
  }
  return bars
}

/** The fullest minutes as buttons, and what starts in the one that is chosen. */
export function Herds({ minutes, axis, search }: LoadProps) {
  const navigate = useNavigate()
  const herds = herdsOf(minutes)
  const chosen = search.at === undefined ? null : Math.floor(Date.parse(search.at) / MINUTE_MS) * MINUTE_MS
  const starts = chosen === null ? [] : (minutes.get(chosen) ?? [])
  const { at: _, ...without } = search
  const go = (next: SchedulesSearch): void => void navigate({ to: '/schedules', search: next, replace: true, resetScroll: false })
  const definitions = [...Map.groupBy(starts, start => start.definition)].filter(([, same]) => same.length > 1)
  return (
    <div className="px-4 pb-2 max-sm:px-3">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-small">
        {herds.length > 0 && <span className="text-soft">Most start at</span>}
        {herds.map(([at, herd], index) => (
          <Button
            key={at}
            aria-pressed={at === chosen}
            className={`h-6 px-2 text-small aria-pressed:bg-picked ${index > 2 ? 'max-sm:hidden' : ''}`}
            onClick={() => go(at === chosen ? without : { ...search, at: new Date(at).toISOString() })}
          >
            <span className="numeric">{axis.clock(at)}</span> <span className="numeric text-soft">{herd.length} starts</span>
          </Button>
        ))}
      </div>
      {chosen !== null && (
        <section aria-label={`What starts at ${axis.clock(chosen)}`} className="mt-2 rounded border border-line bg-surface px-3 py-2">
          <div className="flex items-center justify-between gap-2">
            <h3 className="font-semibold">
              {starts.length === 0 ? 'Nothing starts' : `${countText(starts.length)} start${starts.length === 1 ? 's' : ''}`} at {axis.clock(chosen)}
            </h3>
            <IconButton icon="close" label="Close" onClick={() => go(without)} />
          </div>
          <ul className="flex flex-wrap gap-x-5 gap-y-1">
            {starts.slice(0, NAMED_MAX).map(({ name, definition, became, at }) => (
              <li key={`${name} ${at}`} className="flex items-center gap-1.5">
                <Mark became={became} />
                <Link to="/schedules/$name" params={{ name }} search={{}} className="font-medium hover:underline" title={BECAME_WORDS[became]}>
                  {name}
                </Link>
                {definition !== name && <span className="text-soft">{definition}</span>}
                <span className="hidden-text">{BECAME_WORDS[became]}</span>
              </li>
            ))}
            {starts.length > NAMED_MAX && <li className="text-soft">and {countText(starts.length - NAMED_MAX)} more: filter them</li>}
          </ul>
          {definitions.slice(0, 3).map(([definition, same]) => (
            <p key={definition} className="mt-1 text-paused">
              {same.length} of them start <b className="font-semibold">{definition}</b>
            </p>
          ))}
        </section>
      )}
    </div>
  )
}
