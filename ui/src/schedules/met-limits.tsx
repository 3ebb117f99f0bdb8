import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { call, client } from '../api/client.ts'
import type { components } from '../api/generated.ts'
import { countText } from '../format/number.ts'
import { durationText } from '../format/time.ts'
import { counted, setDuration } from '../format/word.ts'
import type { Fields } from './draft.ts'
import { Line } from './line.tsx'
import type { Upcoming } from './queries.ts'
import { useSettled } from './use-draft.ts'
import { paceOf, type Start, waitsOf } from './waits.ts'

export type LimitsMet = components['schemas']['LimitsMet']
type LimitMet = LimitsMet['limits'][number]

function metQuery(namespace: string, definition: string, body: { input?: unknown; queue?: string; schedule?: string }) {
  return queryOptions({
    queryKey: [namespace, 'definition', definition, 'limits-met', body] as const,
    queryFn: ({ signal }) =>
      call(
        client.POST('/v1/namespaces/{namespace}/definitions/{name}/limits', {
          params: { path: { namespace, name: definition } },
          body: body as never,
          signal,
        }),
      ),
    staleTime: 10_000,
    retry: false,
  })
}

/** The limits that a run of the draft would meet, a moment after the last key. */
export function useLimitsMet(namespace: string, name: string | null, { target, input, options }: Fields): LimitsMet | undefined {
  const { queue } = (options ?? {}) as { queue?: string }
  const asked = useSettled({ target: String(target ?? ''), body: { input, queue, ...(name !== null && { schedule: name }) } })
  const body = Object.fromEntries(Object.entries(asked.body).filter(([, value]) => value !== undefined))
  return useQuery({ ...metQuery(namespace, asked.target, body), enabled: asked.target !== '', placeholderData: keepPreviousData }).data
}

interface MetLimitsProps {
  met: LimitsMet
  target: string
  /** When it would fire itself. */
  own: readonly number[]
  /** What is told of: its own times are known up to there. */
  from: number
  until: number
  others: readonly Upcoming[]
}

/** Whether what schedules start finds room in each limit, and what of that nobody can know beforehand. */
export function MetLimits({ met: { limits, usual, complete }, target, own, from, until, others }: MetLimitsProps) {
  if (limits.length === 0) return null
  const ownMs = usual[target]?.p50
  const upcoming = new Map(others.map(one => [one.name, one]))
  return (
    <>
      {limits.map(limit => {
        const { weight, schedules } = limit
        const meet = schedules.flatMap(({ schedule, ...one }) => {
          const found = upcoming.get(schedule)
          return found === undefined ? [] : [{ ...found, ...one }]
        })
        // Of each schedule so many times are told: what lies behind the last of one is not known.
        const known = Math.min(until, ...meet.flatMap(({ times, count }) => (count > times.length ? [Date.parse(times.at(-1) ?? '')] : [])))
        const starts: Start[] = [
          ...own.map(at => ({ at, weight, ms: ownMs ?? 0 })),
          ...meet.flatMap(one => one.times.map(at => ({ at: Date.parse(at), weight: one.weight, ms: usual[one.definition]?.p50 ?? ownMs ?? 0 }))),
        ].filter(({ at }) => at < known)
        return <LimitLine key={limit.name} limit={limit} starts={starts} isTimed={ownMs !== undefined} spanMs={known - from} />
      })}
      <li className="text-small text-soft">
        An estimate of what schedules start: what others start, retries, jitter and the slots of workers are not in it, and each run is taken to last
        as long as half of them do.
        {!complete && ' There are more schedules than the 1,000 that were looked at.'}
      </li>
    </>
  )
}

interface LimitLineProps {
  limit: LimitMet
  starts: readonly Start[]
  /** It is known how long a run takes. */
  isTimed: boolean
  spanMs: number
}

/** A limit as it is, and as it would be with another number. */
function LimitLine({ limit, starts, isTimed, spanMs }: LimitLineProps) {
  const { name, on, per, key, varies, weight, rate, every, concurrency, maybe } = limit
  const now = rate ?? concurrency ?? 0
  const [typed, setTyped] = useState<string | null>(null)
  const size = typed !== null && /^\d{1,7}$/.test(typed) ? Number(typed) : now
  const isRate = rate !== undefined
  const waits = isRate ? paceOf(starts, size, every ?? 0) : waitsOf(starts, size)
  const isUnknown = varies || (!isRate && !isTimed && size > 0 && weight <= size)
  return (
    <Line warns={waits.waiting > 0 || waits.never > 0 || weight > size} unknown={isUnknown}>
      The {on === 'pool' ? 'pool' : 'limit'}{' '}
      <Link to="/limits/$name" params={{ name }} search={{}} className="font-medium hover:underline">
        {name}
      </Link>{' '}
      {on === 'namespace' ? 'of the namespace ' : typeof on === 'object' && 'queue' in on ? `of queue ${on.queue} ` : ''}
      {on === 'pool' ? 'has' : 'lets'}{' '}
      <input
        aria-label={isRate ? `Starts that the limit ${name} would let through in a window` : `Runs that the limit ${name} would let run at a time`}
        inputMode="numeric"
        value={typed ?? String(now)}
        onChange={event => setTyped(event.target.value)}
        className="numeric h-6 w-14 rounded-small border border-edge bg-surface px-1 text-center"
      />{' '}
      {on === 'pool' ? 'units' : isRate ? `start in any ${setDuration(every ?? 0)}` : 'run at a time'}
      {size !== now && ` (now ${countText(now)})`}
      {per !== null && !varies && (
        <>
          {' '}
          for <code>{`${per}=${key === '' ? '(none)' : key}`}</code>
        </>
      )}
      {weight !== 1 && `, of which a run takes ${countText(weight)}`}:{' '}
      <Verdict limit={limit} size={size} starts={starts.length} waits={waits} isUnknown={isUnknown} spanMs={spanMs} />
      {maybe > 0 && !varies && (
        <span className="text-soft">
          {' '}
          {counted(maybe, 'further schedule')} may meet it: which {per} they have goes by the time.
        </span>
      )}
    </Line>
  )
}

interface VerdictProps {
  limit: LimitMet
  size: number
  starts: number
  waits: { waiting: number; longestMs: number; never: number; most?: number }
  isUnknown: boolean
  spanMs: number
}

function Verdict({ limit: { per, varies, weight }, size, starts, waits, isUnknown, spanMs }: VerdictProps): ReactNode {
  const { waiting, longestMs, never, most } = waits
  const span = spanMs >= DAY_MS ? 'the next day' : `the next ${durationText(spanMs)}`
  if (size === 0) return 'nothing starts while it lets nothing pass.'
  if (weight > size) return 'a run is larger than all of it, and never starts.'
  if (varies) return `its input takes ${per} from the time, so that each run counts for a ${per} of its own; what it meets there is not known.`
  if (isUnknown) return 'whether there is room is known once a run has ended, and says how long one takes.'
  const fullest = most === undefined ? '' : ` At most ${countText(most)} fall into one window.`
  const larger = never === 0 ? '' : ` ${countText(never)} are larger than all of it, and never start.`
  if (waiting === 0) return `of the ${countText(starts)} that schedules start in ${span}, none would wait.${fullest}${larger}`
  return (
    <>
      <b className="numeric font-semibold">
        {countText(waiting)} of {countText(starts)}
      </b>{' '}
      that schedules start in {span} would {most === undefined ? '' : 'come too early and '}wait, up to {durationText(longestMs)}.{fullest}
      {larger}
    </>
  )
}
const DAY_MS = 86_400_000
