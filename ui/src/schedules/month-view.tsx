import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Schedule } from '../api/client.ts'
import { useNow } from '../format/clock.ts'
import { compactCount } from '../format/number.ts'
import { usePreferences } from '../format/preferences.ts'
import { browserZone } from '../format/time.ts'
import { classes } from '../parts/classes.ts'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { BECAME_WORDS, type Became, tallyText } from './became.ts'
import { addMonths, dateIn, dayOf, oddDay, weeksOf } from './days.ts'
import { Legend, Mark } from './marks.tsx'
import { type DayTally, daysOf, heldOf, isHoldable } from './month.ts'
import { timesQuery } from './queries.ts'
import { RangeHead } from './range-head.tsx'
import { useRanges } from './ranges.ts'
import type { SchedulesSearch } from './search.ts'
import { zonesOf } from './state.ts'

/** Schedules whose held times are looked up; each is a call. */
const HOLDABLE_MAX = 20
const HELD_TIMES = 500
/** Left out where a day is no wider than a thumb; its day view has them. */
const FINE = new Set<Became>(['late', 'skipped', 'running', 'paused', 'held'])
const SHOWN: readonly Became[] = ['failed', 'refused', 'missed', 'late', 'skipped', 'running', 'completed', 'paused', 'held', 'coming']

/** Days of a month: how many started or will, what failed, and what a calendar holds. */
export function MonthView({ namespace, search, schedules }: { namespace: string; search: SchedulesSearch; schedules: readonly Schedule[] }) {
  const { zone: chosen } = usePreferences()
  const zone = chosen ?? browserZone()
  const now = useNow()
  const today = dateIn(now, zone)
  const date = search.date ?? today
  const month = date.slice(0, 7)
  const weeks = useMemo(() => weeksOf(`${month}-01`), [month])
  const ranges = useMemo(
    () =>
      weeks.map(week => {
        const days = week.map(day => dayOf(day, zone))
        return { days, from: days[0]?.from ?? 0, until: days.at(-1)?.until ?? 0 }
      }),
    [weeks, zone],
  )
  const { views, pending, error, retry } = useRanges(namespace, ranges)
  const holdable = schedules.filter(isHoldable).slice(0, HOLDABLE_MAX)
  // To the hour, so that the same is not asked with each second.
  const from = new Date(Math.max(ranges[0]?.from ?? 0, Math.floor(now / 3_600_000) * 3_600_000)).toISOString()
  const until = ranges.at(-1)?.until ?? 0
  const previews = useQueries({
    queries: holdable.map(({ name }) => ({ ...timesQuery(namespace, name, from, HELD_TIMES), enabled: until > now })),
  })
  const days = useMemo(() => {
    const names = new Set(schedules.map(({ name }) => name))
    return new Map(views.flatMap((view, index) => (view === undefined ? [] : [...daysOf(view, ranges[index]?.days ?? [], names)])))
  }, [views, ranges, schedules])
  const held = heldOf(
    previews.flatMap(({ data }, index) => (data === undefined ? [] : [{ name: holdable[index]?.name ?? '', preview: data }])),
    until,
    zone,
  )
  const to = (next: string): SchedulesSearch => {
    const { at: _, date: __, ...rest } = search
    return next.slice(0, 7) === today.slice(0, 7) ? rest : { ...rest, date: next }
  }
  return (
    <>
      <RangeHead
        what="month"
        title={new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${month}-01T12:00:00Z`))}
        before={to(addMonths(date, -1))}
        after={to(addMonths(date, 1))}
        today={month === today.slice(0, 7) ? null : to(today)}
        zones={zonesOf(schedules)}
      />
      {pending ? (
        <Skeleton lines={12} />
      ) : error !== null ? (
        <ErrorState error={error} retry={retry} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard
        <section tabIndex={0} aria-label="Days of the month" className="flex min-h-0 grow flex-col overflow-auto border-t border-line">
          <ol aria-hidden="true" className="grid grid-cols-7 border-b border-line text-small text-soft">
            {(weeks[0] ?? []).map(day => (
              <li key={day} className="px-2 py-1 max-sm:px-1">
                {new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' }).format(new Date(`${day}T12:00:00Z`))}
              </li>
            ))}
          </ol>
          <ol className="grid grid-cols-7 sm:grow sm:auto-rows-fr gap-px border-b border-line bg-line">
            {weeks.flat().map(day => (
              <DayCell
                key={day}
                day={day}
                zone={zone}
                outside={day.slice(0, 7) !== month}
                isToday={day === today}
                tally={days.get(day)}
                held={held.get(day)}
                search={search}
                today={today}
              />
            ))}
          </ol>
        </section>
      )}
      <footer className="border-t border-line px-4 py-2 max-sm:px-3">
        <Legend />
      </footer>
    </>
  )
}

interface DayCellProps {
  day: string
  zone: string
  outside: boolean
  isToday: boolean
  tally: DayTally | undefined
  held: { count: number; by: ReadonlySet<string> } | undefined
  search: SchedulesSearch
  today: string
}

const weekdays = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' })

function DayCell({ day, zone, outside, isToday, tally, held, search, today }: DayCellProps) {
  const { at: _, date: __, ...rest } = search
  const odd = useMemo(() => oddDay(dayOf(day, zone), zone), [day, zone])
  const counts: Partial<Record<Became, number>> = { ...tally?.tally }
  if (held !== undefined) counts.held = (counts.held ?? 0) + held.count
  const bad = [...(tally?.bad ?? [])]
  const title = [
    odd,
    tally?.roughly && 'About so many: some schedules fire too often to be counted one by one.',
    bad.length > 0 && `Went wrong: ${bad.join(', ')}`,
    held !== undefined && `Held: ${[...held.by].join(', ')}`,
  ].filter(Boolean)
  return (
    <li className={classes('min-h-24 bg-surface max-sm:min-h-16', outside && 'bg-ground')}>
      <Link
        to="/schedules"
        search={day === today ? { ...rest, view: 'day' } : { ...rest, view: 'day', date: day }}
        title={title.join('\n') || undefined}
        className="flex h-full flex-col gap-1 px-2 py-1.5 -outline-offset-2 hover:bg-hover max-sm:px-1"
      >
        <span className="hidden-text">
          {`${weekdays.format(new Date(`${day}T12:00:00Z`))}: ${tallyText(counts) || 'nothing'}${odd ? `; ${odd}` : ''}`}
        </span>
        <span aria-hidden="true" className="flex items-center gap-1.5">
          <span
            className={classes('numeric', isToday ? 'rounded-small bg-ink px-1 font-semibold text-inverse' : outside ? 'text-soft' : 'font-medium')}
          >
            {Number(day.slice(8))}
          </span>
          {odd !== null && <span className="text-small font-medium text-paused">{odd.split(':')[0]?.replace(' hours', ' h')}</span>}
        </span>
        <span aria-hidden="true" className="flex flex-wrap gap-x-3 gap-y-0.5">
          {SHOWN.map(became =>
            counts[became] ? (
              <span
                key={became}
                title={BECAME_WORDS[became]}
                className={classes('inline-flex items-center gap-1', FINE.has(became) && 'max-sm:hidden')}
              >
                <Mark became={became} />
                <span className={classes('numeric', became === 'failed' && 'font-semibold text-failed')}>
                  {tally?.roughly && (became === 'coming' || became === 'completed') && '~'}
                  {compactCount(counts[became] ?? 0)}
                </span>
              </span>
            ) : null,
          )}
        </span>
      </Link>
    </li>
  )
}
