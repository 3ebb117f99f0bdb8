import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import type { Schedule } from '../api/client.ts'
import { useNow } from '../format/clock.ts'
import { usePreferences } from '../format/preferences.ts'
import { browserZone } from '../format/time.ts'
import { classes } from '../parts/classes.ts'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { NARROW } from '../parts/table-columns.tsx'
import { useWidth } from '../parts/use-width.ts'
import { addDays, type Day, dateIn, dayOf, hoursOf, minuteIn, oddDay } from './days.ts'
import { Herds, LoadLine } from './load-line.tsx'
import { Legend } from './marks.tsx'
import { type Row, rowsOf, startsOf } from './moments.ts'
import { RangeHead } from './range-head.tsx'
import { useRanges } from './ranges.ts'
import type { SchedulesSearch } from './search.ts'
import { zonesOf } from './state.ts'
import { startsByMinute } from './track.ts'
import { type Axis, TrackRow } from './track-row.tsx'

const LABEL_PX = 208
const EDGE_PX = 16

/** All schedules of one day on one axis: what became of past times, what is to come, and how many start at once. */
export function DayView({ namespace, search, schedules }: { namespace: string; search: SchedulesSearch; schedules: readonly Schedule[] }) {
  const { zone: chosen } = usePreferences()
  const zone = chosen ?? browserZone()
  const today = dateIn(useNow(), zone)
  const date = search.date ?? today
  const day = useMemo(() => dayOf(date, zone), [date, zone])
  const ranges = useMemo(() => [day], [day])
  const { views, pending, error, retry } = useRanges(namespace, ranges)
  const [view] = views
  const rows = useMemo(() => (view === undefined ? null : rowsOf(view, day)), [view, day])
  const at = (next: string): SchedulesSearch => {
    const { at: _, date: __, ...rest } = search
    return next === today ? rest : { ...rest, date: next }
  }
  return (
    <>
      <RangeHead
        what="day"
        title={titleOf(date)}
        note={oddDay(day, zone)}
        before={at(addDays(date, -1))}
        after={at(addDays(date, 1))}
        today={date === today ? null : at(today)}
        zones={zonesOf(schedules)}
      />
      {pending ? (
        <Skeleton lines={12} />
      ) : rows === null ? (
        error === null ? (
          <Skeleton lines={12} />
        ) : (
          <ErrorState error={error} retry={retry} />
        )
      ) : (
        <DayRows day={day} zone={zone} search={search} schedules={schedules} rows={rows} more={view?.more ?? false} />
      )}
    </>
  )
}

interface DayRowsProps {
  day: Day
  zone: string
  search: SchedulesSearch
  schedules: readonly Schedule[]
  rows: ReadonlyMap<string, Row>
  more: boolean
}

function DayRows({ day, zone, search, schedules, rows, more }: DayRowsProps) {
  const scroller = useRef<HTMLElement>(null)
  const width = useWidth(scroller)
  const narrow = width > 0 && width < NARROW
  const rowHeight = narrow ? 46 : 30
  const now = useNow()
  const left = narrow ? EDGE_PX : LABEL_PX + EDGE_PX
  const axis: Axis = { from: day.from, until: day.until, width: Math.max(0, width - left - EDGE_PX), clock: at => minuteIn(at, zone) }
  const minutes = useMemo(() => startsByMinute(startsOf(rows, schedules)), [rows, schedules])
  const virtual = useVirtualizer({
    count: schedules.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: index => `${schedules[index]?.name} ${rowHeight}`,
    overscan: 10,
  })
  const place = (at: number): string => `${((at - day.from) / (day.until - day.from)) * 100}%`
  const hours = hoursOf(day, zone)
  const every = axis.width < 480 ? 6 : axis.width < 760 ? 3 : axis.width < 1_000 ? 2 : 1
  const isNow = now >= day.from && now < day.until
  return (
    <>
      <Herds minutes={minutes} axis={axis} search={search} />
      <section
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard
        tabIndex={0}
        aria-label="All schedules of the day"
        className="min-h-0 grow overflow-y-auto overflow-x-hidden border-t border-line"
      >
        <div className="sticky top-0 z-20 border-b border-line bg-ground">
          <div className="flex h-12 items-end" style={{ paddingLeft: EDGE_PX, paddingRight: EDGE_PX }}>
            {!narrow && (
              <span className="shrink-0 self-center text-small text-soft" style={{ width: LABEL_PX }}>
                Starts a minute
              </span>
            )}
            <div className="h-full min-w-0 grow">
              <LoadLine minutes={minutes} axis={axis} search={search} />
            </div>
          </div>
          <div className="relative h-5" style={{ marginLeft: left, marginRight: EDGE_PX }}>
            {hours.map((hour, index) =>
              index % every !== 0 && hour.odd === null ? null : (
                <span
                  key={hour.at}
                  className={classes(
                    'numeric absolute -translate-x-1/2 text-tiny',
                    hour.odd !== null ? 'font-semibold text-paused' : 'text-soft',
                    index === 0 && 'translate-x-0',
                  )}
                  style={{ left: place(hour.at) }}
                  title={
                    hour.odd === 'doubled'
                      ? 'the clock shows this hour twice'
                      : hour.odd === 'skipped'
                        ? 'the clock leaves out the hour before'
                        : undefined
                  }
                >
                  {hour.label}
                  {hour.odd === 'doubled' && '²'}
                  {hour.odd === 'skipped' && '↷'}
                </span>
              ),
            )}
            {isNow && (
              <span
                className="absolute z-10 -translate-x-1/2 rounded-small bg-ink px-1 text-tiny font-medium text-inverse"
                style={{ left: place(now) }}
              >
                now
              </span>
            )}
          </div>
        </div>
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          <div aria-hidden="true" className="absolute inset-y-0" style={{ left, right: EDGE_PX }}>
            {hours.map((hour, index) => (
              <span
                key={hour.at}
                className={classes(
                  'absolute inset-y-0 border-l',
                  hour.odd !== null ? 'border-paused border-dashed' : 'border-line',
                  index % 6 !== 0 && hour.odd === null && 'opacity-40',
                )}
                style={{ left: place(hour.at) }}
              />
            ))}
          </div>
          <ul aria-label="Schedules">
            {virtual.getVirtualItems().map(item => {
              const schedule = schedules[item.index] as Schedule
              return (
                <li
                  key={item.key}
                  className={classes(
                    'absolute inset-x-0 top-0 border-b border-line/50 hover:bg-hover/60',
                    narrow ? 'flex flex-col justify-center' : 'flex items-center',
                  )}
                  style={{ height: rowHeight, transform: `translateY(${item.start}px)`, paddingLeft: EDGE_PX, paddingRight: EDGE_PX }}
                >
                  <span className="flex shrink-0 items-center gap-1.5 truncate pr-3" style={narrow ? {} : { width: LABEL_PX }}>
                    <Link
                      to="/schedules/$name"
                      params={{ name: schedule.name }}
                      search={{ tab: 'ledger', from: new Date(day.from).toISOString(), to: new Date(day.until - 1).toISOString() }}
                      className="truncate font-medium hover:underline"
                      title={schedule.words}
                    >
                      {schedule.name}
                    </Link>
                    {schedule.paused !== null && <span className="text-small text-paused">paused</span>}
                  </span>
                  <span className={classes('relative block min-w-0', narrow ? 'h-5 w-full' : 'h-full grow')}>
                    <TrackRow row={rows.get(schedule.name)} axis={axis} />
                  </span>
                </li>
              )
            })}
          </ul>
          {isNow && (
            <div aria-hidden="true" className="pointer-events-none absolute inset-y-0 z-10" style={{ left, right: EDGE_PX }}>
              <span className="absolute inset-y-0 border-l border-ink" style={{ left: place(now) }} />
            </div>
          )}
        </div>
      </section>
      <footer className="border-t border-line px-4 py-2 max-sm:px-3">
        {more && <p className="mb-1 text-paused">There are more schedules than are shown here: filter them, or see mainspring schedule ls.</p>}
        <Legend />
      </footer>
    </>
  )
}

const titles = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
function titleOf(date: string): string {
  return titles.format(new Date(`${date}T12:00:00Z`))
}
