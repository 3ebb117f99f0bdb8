import { useQueries, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { definitionQuery } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { durationText } from '../format/time.ts'
import { Panel } from '../parts/panel.tsx'
import type { Fields } from './draft.ts'
import { Line } from './line.tsx'
import { MetLimits, useLimitsMet } from './met-limits.tsx'
import { minuteQuery, upcomingQuery } from './queries.ts'
import { overlapsOf } from './waits.ts'
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
  /** Its times are known up to here. */
  firingUntil: number
  from: number
  met: Met
}

/** Whom its times meet, and whether what it starts has room: with other schedules, with its limit, and with itself. */
export function Collisions({ namespace, name, fields, firing, firingUntil, from, met }: CollisionsProps) {
  const target = String(fields.target ?? '')
  const overlap = (fields.overlap ?? 'skip') as keyof typeof OVERLAP_WORDS
  const definition = useQuery({ ...definitionQuery(namespace, target, { staleTime: 30_000 }), enabled: target !== '', retry: false })
  const limits = useLimitsMet(namespace, name, fields)
  const begin = Math.floor(from / 60_000) * 60_000
  const upcoming = useQuery(upcomingQuery(namespace, begin, begin + DAY_MS))
  const { p50, p95 } = definition.data?.recent.runMs ?? {}
  const own = firing.filter(at => at < begin + DAY_MS)
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
    lines.push(
      <Line key="no-runs" unknown>
        No run of {target} has ended yet: nothing is known of how long one takes.
      </Line>,
    )
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
  }
  if (limits !== undefined && upcoming.data !== undefined && !definition.isError)
    lines.push(
      <MetLimits
        key="limits"
        met={limits}
        target={target}
        own={own}
        from={begin}
        until={Math.min(begin + DAY_MS, firingUntil)}
        others={upcoming.data}
      />,
    )
  if (lines.length === 0) return null
  return (
    <Panel title="Whom it meets">
      <ul className="flex flex-col gap-2">{lines}</ul>
    </Panel>
  )
}
