import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo, useRef, useState } from 'react'
import { call, client } from '../api/client.ts'
import { type Problem, problemOf } from '../api/problem.ts'
import { countText } from '../format/number.ts'
import { usePreferences } from '../format/preferences.ts'
import { browserZone, durationText } from '../format/time.ts'
import { Button } from '../parts/button.tsx'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { ErrorState, ProblemText, Skeleton } from '../parts/states.tsx'
import { useWidth } from '../parts/use-width.ts'
import { Collisions, useCollisions } from './collisions.tsx'
import { type ComparedTime, compareTimes } from './compare.ts'
import { type Draft, type Fields, same, timetableOf, withDraft } from './draft.ts'
import type { Preview } from './queries.ts'
import { localText, TimeRow } from './time-row.tsx'
import { TrackRow } from './track-row.tsx'
import { useSettled } from './use-draft.ts'

/** Times of each of both that are compared. */
const COMPARED = 500
const HORIZON_MS = 31 * 86_400_000
const LISTED = 8
/** Times that two tracks show side by side. */
const TRACKED = 30

/** The next times of a timetable that is no schedule yet. */
export function tryQuery(namespace: string, timetable: Fields, from: string, count: number) {
  return queryOptions({
    queryKey: [namespace, 'schedule-try', timetable, from, count] as const,
    queryFn: ({ signal }) =>
      call(
        client.POST('/v1/namespaces/{namespace}/preview', {
          params: { path: { namespace } },
          body: { schedule: timetable as never, from, count },
          signal,
        }),
      ),
    staleTime: 60_000,
    retry: false,
  })
}

export interface Tried {
  /** What would be, once it is known. */
  after: Preview | undefined
  problem: Problem | null
  pending: boolean
  from: number
}

/** The timetable as it is typed, tried by the server a moment after the last key. */
export function useTried(namespace: string, fields: Fields): Tried {
  const [from] = useState(() => Date.now())
  const timetable = useSettled(timetableOf(fields))
  const tried = useQuery({ ...tryQuery(namespace, timetable, new Date(from).toISOString(), COMPARED), placeholderData: keepPreviousData })
  return {
    after: tried.isError ? undefined : tried.data,
    problem: tried.isError ? problemOf(tried.error) : null,
    pending: tried.isPending || tried.isPlaceholderData || !same(timetable, timetableOf(fields)),
    from,
  }
}

interface WhatIfProps {
  namespace: string
  /** Null: it is new. */
  name: string | null
  basis: Fields
  draft: Draft
  tried: Tried
}

/** What the draft would do: the next times, what changes against now, and whom it meets. Nothing is saved. */
export function WhatIf({ namespace, name, basis, draft, tried }: WhatIfProps) {
  const fields = withDraft(basis, draft)
  const { after, problem, pending, from } = tried
  const isNew = name === null
  const before = useQuery({ ...tryQuery(namespace, timetableOf(basis), new Date(from).toISOString(), COMPARED), enabled: !isNew })
  if (problem !== null)
    return (
      <Panel title="It cannot be">
        <ProblemText problem={problem} />
      </Panel>
    )
  if (after === undefined || (!isNew && before.isPending)) return <Skeleton lines={10} />
  if (!isNew && before.data === undefined) return <ErrorState error={before.error} />
  const then = isNew ? [] : (before.data?.times ?? [])
  return (
    <div className={`flex flex-col gap-4 ${pending ? 'opacity-60' : ''}`} aria-busy={pending}>
      <p className="text-title font-medium" aria-live="polite">
        {capital(after.words)}
      </p>
      {after.warnings.length > 0 && (
        <ul className="flex flex-col gap-2" aria-label="Warnings">
          {after.warnings.map(warning => (
            <li key={`${warning.code} ${warning.message}`} className="flex gap-2">
              <Icon name="warning" size={14} className="mt-0.5 text-paused" />
              <span>
                {warning.message} {warning.hint !== undefined && <span className="text-soft">{warning.hint}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
      <Times namespace={namespace} name={name} before={then} after={after} fields={fields} from={from} changed={!isNew && !same(then, after.times)} />
    </div>
  )
}

interface TimesProps {
  namespace: string
  name: string | null
  before: Preview['times']
  after: Preview
  fields: Fields
  from: number
  changed: boolean
}

function Times({ namespace, name, before, after, fields, from, changed }: TimesProps) {
  const { zone } = usePreferences()
  const [listed, setListed] = useState(LISTED)
  const compared = useMemo(
    () => compareTimes(name === null ? after.times : before, after.times, from + HORIZON_MS, COMPARED),
    [name, before, after.times, from],
  )
  const firing = after.times.filter(({ held }) => held === null).map(({ at }) => Date.parse(at))
  const collisions = useCollisions(namespace, name, firing.slice(0, 5))
  const span = compared.until - from
  const held = compared.times.filter(({ is }) => is === 'held').length
  return (
    <>
      <Panel title="Next times" padded={false} aside={<span className="numeric pr-1 text-small">in the next {durationText(span)}</span>}>
        <p className="flex flex-wrap gap-x-4 border-b border-line px-3 py-2" role="status">
          {changed ? (
            <>
              <Sum sign="gained" count={compared.gained} />
              <Sum sign="lost" count={compared.lost} />
              <Sum sign="same" count={compared.same} />
            </>
          ) : (
            <span>
              <b className="font-semibold">{countText(compared.same)}</b> {name === null ? 'times' : 'times, as now'}
            </span>
          )}
          {held > 0 && <span className="text-soft">{countText(held)} held</span>}
        </p>
        {changed && <TwoTracks before={before} after={after.times} from={from} until={compared.until} zone={after.timezone} />}
        <ol>
          {compared.times.slice(0, listed).map(({ time, is }) => (
            <TimeRow
              key={`${time.at} ${is}`}
              time={time}
              own={after.timezone}
              here={zone ?? browserZone()}
              {...(changed && { sign: <Sign is={is} />, gone: is === 'lost' })}
              {...(is !== 'lost' && { aside: <Meets with={collisions.byTime.get(Date.parse(time.at))} /> })}
            />
          ))}
        </ol>
        {compared.times.length === 0 && <p className="px-3 py-4 text-soft">It has no time in the next {durationText(span)}.</p>}
        {compared.times.length > listed && (
          <div className="border-t border-line px-2 py-1">
            <Button kind="quiet" onClick={() => setListed(listed + 20)}>
              Show more
            </Button>
          </div>
        )}
      </Panel>
      <Collisions
        namespace={namespace}
        name={name}
        fields={fields}
        firing={firing}
        firingUntil={after.times.length < COMPARED ? Number.POSITIVE_INFINITY : Date.parse(after.times.at(-1)?.at ?? '')}
        from={from}
        met={collisions}
      />
    </>
  )
}

const SIGNS = {
  gained: ['+', 'text-completed', 'gained'],
  lost: ['−', 'text-failed', 'lost'],
  same: ['=', 'text-soft', 'the same'],
  held: ['·', 'text-soft', 'held'],
} as const

function Sign({ is }: { is: ComparedTime['is'] }) {
  const [sign, tone, word] = SIGNS[is]
  return (
    <span className={`w-3 text-center font-mono font-semibold ${tone}`} title={word}>
      <span aria-hidden="true">{sign}</span>
      <span className="hidden-text">{word}</span>
    </span>
  )
}

function Sum({ sign, count }: { sign: ComparedTime['is']; count: number }) {
  const [mark, tone, word] = SIGNS[sign]
  return (
    <span className={count === 0 ? 'text-soft' : ''}>
      <span aria-hidden="true" className={`font-mono font-semibold ${count === 0 ? '' : tone}`}>
        {mark}
      </span>
      <b className="numeric font-semibold">{countText(count)}</b> {word}
    </span>
  )
}

function Meets({ with: others }: { with: readonly string[] | undefined }) {
  if (others === undefined || others.length === 0) return null
  return (
    <span className="text-small text-paused" title={others.join(', ')}>
      with {countText(others.length)} other{others.length === 1 ? '' : 's'}
    </span>
  )
}

/** Now and then on one axis: what the eye compares faster than two lists. */
function TwoTracks({
  before,
  after,
  from,
  until,
  zone,
}: {
  before: Preview['times']
  after: Preview['times']
  from: number
  until: number
  zone: string
}) {
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  // The first of each are what one looks at; all of a month would be a band.
  const shown = Math.min(until, ...[before, after].flatMap(times => (times[TRACKED] === undefined ? [] : [Date.parse(times[TRACKED].at)])))
  const axis = { from, until: shown, width: Math.max(0, width), clock: (at: number) => localText(new Date(at).toISOString(), zone) }
  const rowOf = (times: Preview['times']) => ({
    moments: times
      .filter(({ at }) => Date.parse(at) <= shown)
      .map(({ at, held }) => ({ at: Date.parse(at), count: 1, became: held === null ? ('coming' as const) : ('held' as const) })),
    knownFrom: null,
    knownUntil: null,
    comingCount: 0,
  })
  return (
    <div className="border-b border-line px-3 py-2">
      {(
        [
          ['now', before],
          ['then', after],
        ] as const
      ).map(([label, times]) => (
        <div key={label} className="flex h-6 items-center gap-2">
          <span className="w-9 text-small text-soft">{label}</span>
          <div ref={label === 'now' ? element : undefined} className="relative h-full grow border-b border-line">
            <TrackRow row={rowOf(times)} axis={axis} />
          </div>
        </div>
      ))}
      <div className="numeric flex justify-between pl-11 pt-1 text-tiny text-soft">
        <span>{axis.clock(from)}</span>
        <span>{axis.clock(shown)}</span>
      </div>
    </div>
  )
}

const capital = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`
