import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Schedule } from '../api/client.ts'
import { useNow } from '../format/clock.ts'
import { countText } from '../format/number.ts'
import { usePreferences } from '../format/preferences.ts'
import { shortTime } from '../format/time.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { Hint } from '../parts/hint.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Time } from '../parts/time.tsx'
import type { LedgerLine } from './became.ts'
import { stripsQuery } from './queries.ts'
import { cityOf, stateOf, wordsWithoutZone, writtenText } from './state.ts'
import { Strip } from './strip.tsx'

/** Schedules by name: when, next, what became of the last times, and where each stands. */
export function ListView({ namespace, schedules }: { namespace: string; schedules: readonly Schedule[] }) {
  const navigate = useNavigate()
  const { data: strips } = useQuery(stripsQuery(namespace))
  const columns = useMemo(() => columnsWith(strips), [strips])
  return (
    <DataTable
      label="Schedules"
      rows={schedules}
      columns={columns}
      rowKey={({ name }) => name}
      onOpen={({ name }) => void navigate({ to: '/schedules/$name', params: { name }, search: {} })}
      foot={`All ${countText(schedules.length)} are shown.`}
    />
  )
}

function columnsWith(strips: Record<string, LedgerLine[] | undefined> | undefined): readonly Column<Schedule>[] {
  return [
    {
      id: 'name',
      header: 'Schedule',
      width: 'minmax(140px, 2fr)',
      card: 'title',
      cell: ({ name, description }) => (
        <Link
          to="/schedules/$name"
          params={{ name }}
          search={{}}
          preload="intent"
          className="font-medium hover:underline"
          title={description ?? undefined}
        >
          {name}
        </Link>
      ),
    },
    {
      id: 'when',
      header: 'When',
      width: 'minmax(180px, 3fr)',
      cell: schedule => (
        <Hint text={schedule.words}>
          <span>{wordsWithoutZone(schedule)}</span>
        </Hint>
      ),
    },
    {
      id: 'written',
      header: 'As written',
      width: 'minmax(96px, 1fr)',
      priority: 3,
      card: 'none',
      cell: schedule => <code className="text-soft">{writtenText(schedule)}</code>,
    },
    { id: 'next', header: 'Next', width: '64px', align: 'end', card: 'end', cell: schedule => <Next schedule={schedule} /> },
    { id: 'here', header: 'Here', width: '128px', priority: 2, card: 'none', cell: ({ nextAt }) => <Here at={nextAt} /> },
    {
      id: 'there',
      header: 'There',
      width: 'minmax(132px, 1.2fr)',
      priority: 3,
      card: 'none',
      cell: schedule => <There schedule={schedule} />,
    },
    {
      id: 'last',
      header: 'Last times',
      width: '122px',
      priority: 2,
      cell: ({ name }) => <Strip name={name} lines={strips && (strips[name] ?? [])} />,
    },
    { id: 'state', header: 'State', width: 'minmax(84px, 2fr)', card: 'none', cell: schedule => <State schedule={schedule} /> },
  ]
}

function Next({ schedule: { nextAt, paused } }: { schedule: Schedule }) {
  if (paused !== null)
    return (
      <span className="text-paused">
        <span className="hidden-text">paused</span>–
      </span>
    )
  return <Time at={nextAt} />
}

function Here({ at }: { at: string | null }) {
  const { zone } = usePreferences()
  return at === null ? <span className="text-soft">never again</span> : <span className="numeric">{shortTime(at, zone)}</span>
}

/** The same, as the schedule's own clock shows it. */
function There({ schedule: { nextAt, timezone = 'UTC' } }: { schedule: Schedule }) {
  return (
    <span className="numeric text-soft" title={timezone}>
      {nextAt !== null && `${clockOf(nextAt, timezone)} `}
      {cityOf(timezone)}
    </span>
  )
}

const clocks = new Map<string, Intl.DateTimeFormat>()
export function clockOf(at: string, zone: string): string {
  let clock = clocks.get(zone)
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', timeZone: zone })
    clocks.set(zone, clock)
  }
  return clock.format(new Date(at))
}

function State({ schedule }: { schedule: Schedule }) {
  const state = stateOf(schedule, useNow())
  const { paused } = schedule
  const reason = paused === null ? null : [paused.by && `by ${paused.by}`, paused.note].filter(Boolean).join(': ') || null
  return (
    <span className="flex min-w-0">
      <StateBadge state={state} reason={reason} />
    </span>
  )
}
