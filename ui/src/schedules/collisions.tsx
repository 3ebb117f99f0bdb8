import { useQueries, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { definitionQuery, limitsQuery } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { durationText } from '../format/time.ts'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import type { Fields } from './draft.ts'
import { minuteQuery, upcomingQuery } from './queries.ts'
import { overlapsOf, waitsOf } from './waits.ts'
import { OVERLAP_WORDS } from './words.ts'

const DAY_MS = 86_400_000
const NAMED_MAX = 6

export interface Met {
  /** The other schedules that fire in the same minute, by the time. */
  byTime: ReadonlyMap<number, readonly string[]>
  pending: boolean
}

export function useCollisions(namespace: string, name: string | null, times: readonly number[]): Met {
  const minutes = useQueries({ queries: times.map(at => minuteQuery(namespace, at)) })
  const byTime = new Map<number, readonly string[]>()
  for (const [index, { data }] of minutes.entries()) {
    const at = times[index]
    if (data !== undefined && at !== undefined)
      byTime.set(
        at,
        data.filter(other => other.name !== name && other.paused === null).map(other => other.name),
      )
  }
  return { byTime, pending: minutes.some(({ isPending }) => isPending) }
}

interface CollisionsProps {
  namespace: string
  name: string | null
  fields: Fields
  /** When it would fire. */
  firing: readonly number[]
  from: number
  met: Met
}

/** Whom its times meet, and whether what it starts has room: with other schedules, with its limit, and with itself. */
export function Collisions({ namespace, name, fields, firing, from, met }: CollisionsProps) {
  const target = String(fields.target ?? '')
  const overlap = (fields.overlap ?? 'skip') as keyof typeof OVERLAP_WORDS
  const definition = useQuery({ ...definitionQuery(namespace, target, { staleTime: 30_000 }), enabled: target !== '', retry: false })
  const limits = useQuery(limitsQuery(namespace, { staleTime: 10_000 }))
  const begin = Math.floor(from / 60_000) * 60_000
  const upcoming = useQuery(upcomingQuery(namespace, begin, begin + DAY_MS))
  const { p50, p95 } = definition.data?.recent.runMs ?? {}
  const own = firing.filter(at => at < begin + DAY_MS)
  const others = (upcoming.data ?? [])
    .filter(other => other.definition === target && other.name !== name && other.paused === null)
    .flatMap(({ times }) => times.map(time => Date.parse(time)))
  const lines: ReactNode[] = []
  const met_ = [...met.byTime].filter(([, names]) => names.length > 0)
  const [worst] = met_.toSorted(([, one], [, other]) => other.length - one.length)
  if (worst !== undefined)
    lines.push(
      <Line key="met" warns={worst[1].length >= 2}>
        {countText(met_.length)} of its next {countText(met.byTime.size)} times {met_.length === 1 ? 'meets' : 'meet'} others in the same minute, at
        most {countText(worst[1].length)}:{' '}
        {worst[1].slice(0, NAMED_MAX).map((other, index) => (
          <span key={other}>
            {index > 0 && ', '}
            <Link to="/schedules/$name" params={{ name: other }} search={{}} className="font-medium hover:underline">
              {other}
            </Link>
          </span>
        ))}
        {worst[1].length > NAMED_MAX && ` and ${countText(worst[1].length - NAMED_MAX)} more`}.{' '}
        <span className="text-soft">A jitter, or another minute, spreads them.</span>
      </Line>,
    )
  else if (!met.pending && met.byTime.size > 0) lines.push(<Line key="alone">No other schedule fires in the minutes of its next times.</Line>)
  if (definition.isError)
    lines.push(
      <Line key="unknown" warns>
        Nothing called <b className="font-semibold">{target}</b> is registered: its times would be refused until a worker has it.
      </Line>,
    )
  else if (definition.data !== undefined && (p50 === undefined || p95 === undefined))
    lines.push(<Line key="no-runs">No run of {target} has ended yet: nothing is known of how long one takes.</Line>)
  if (p50 !== undefined && p95 !== undefined) {
    const overlapping = overlap === 'allow' ? 0 : overlapsOf(own, p50)
    lines.push(
      <Line key="own" warns={overlapping > 0}>
        A run takes <b className="numeric font-semibold">{durationText(p50)}</b> usually, one in twenty {durationText(p95)} or more.{' '}
        {overlapping > 0 ? (
          <>
            <b className="numeric font-semibold">
              {countText(overlapping)} of {countText(own.length)}
            </b>{' '}
            times of the next day would come while one is open: {OVERLAP_WORDS[overlap]}.
          </>
        ) : (
          own.length > 1 && 'Each ends before the next begins.'
        )}
      </Line>,
    )
    for (const limit of (limits.data?.limits ?? []).filter(
      ({ on, per, concurrency }) => isOn(on, target) && per === null && concurrency !== undefined,
    ))
      lines.push(<LimitLine key={limit.name} name={limit.name} concurrency={limit.concurrency ?? 1} starts={[...own, ...others]} usualMs={p50} />)
  }
  if (lines.length === 0) return null
  return (
    <Panel title="Whom it meets">
      <ul className="flex flex-col gap-2">{lines}</ul>
    </Panel>
  )
}

interface LimitLineProps {
  name: string
  /** In force now. */
  concurrency: number
  starts: readonly number[]
  usualMs: number
}

/** Whether the starts of the next day find room in a limit: as it is, and as it would be with another number. */
function LimitLine({ name, concurrency, starts, usualMs }: LimitLineProps) {
  const [typed, setTyped] = useState(String(concurrency))
  const slots = /^[1-9]\d{0,5}$/.test(typed) ? Number(typed) : concurrency
  const { waiting, longestMs } = waitsOf(starts, usualMs, slots)
  return (
    <Line warns={waiting > 0}>
      The limit{' '}
      <Link to="/limits" className="font-medium hover:underline">
        {name}
      </Link>{' '}
      lets{' '}
      <input
        aria-label={`Runs that the limit ${name} would let run at a time`}
        inputMode="numeric"
        value={typed}
        onChange={event => setTyped(event.target.value)}
        className="numeric h-6 w-12 rounded-small border border-edge bg-surface px-1 text-center"
      />{' '}
      run at a time{slots !== concurrency && ` (now ${countText(concurrency)})`}:{' '}
      {waiting === 0 ? (
        `of the ${countText(starts.length)} that schedules start in the next day, none would wait.`
      ) : (
        <>
          <b className="numeric font-semibold">
            {countText(waiting)} of {countText(starts.length)}
          </b>{' '}
          that schedules start in the next day would wait, up to {durationText(longestMs)}.
        </>
      )}
    </Line>
  )
}

function isOn(on: unknown, target: string): boolean {
  return typeof on === 'object' && on !== null && (on as { definition?: string }).definition === target
}

function Line({ warns = false, children }: { warns?: boolean; children: ReactNode }) {
  return (
    <li className="flex gap-2">
      <Icon name={warns ? 'warning' : 'check'} size={14} className={`mt-0.5 ${warns ? 'text-paused' : 'text-completed'}`} />
      <span className="min-w-0">{children}</span>
    </li>
  )
}
