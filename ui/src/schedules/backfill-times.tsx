import { Link } from '@tanstack/react-router'
import { shortId } from '../format/id.ts'
import { countText } from '../format/number.ts'
import { durationText } from '../format/time.ts'
import { counted } from '../format/word.ts'
import { SKIPPED } from '../parts/backfill.ts'
import { LINK } from '../parts/classes.ts'
import { Icon } from '../parts/icons.tsx'
import { Time } from '../parts/time.tsx'
import type { BackfillPreview } from './queries.ts'

/** What a backfill would do: how many, for about how long, and which times one by one. */
export function BackfillTimes({ preview, maxActive }: { preview: BackfillPreview; maxActive: number }) {
  const { total, starts, skips, times, runMs, estimatedMs } = preview
  if (total === 0) return <p className="px-3 py-2">It has no time in this range: nothing would start.</p>
  const skipped = Object.entries(skips).flatMap(([why, count]) => (count ? [`${countText(count)} skipped: ${SKIPPED[why] ?? why}`] : []))
  const left = total - times.length
  return (
    <>
      <p role="status" className="px-3 py-2">
        <b className="font-semibold">
          {countText(starts)} of {counted(total, 'time')}
        </b>{' '}
        would be started{skipped.length > 0 && <>; {skipped.join('; ')}</>}.
        <span className="block text-soft">
          {starts === 0
            ? 'Nothing is left to do.'
            : runMs === null || estimatedMs === null
              ? 'How long it would take is not known: no run of it has closed lately.'
              : `About ${durationText(estimatedMs)} in all: a run takes ${durationText(runMs)} usually, ${countText(Math.min(maxActive, starts))} at a time.`}
        </span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard */}
      <section tabIndex={0} aria-label="Times of the range" className="max-h-60 overflow-y-auto border-t border-line -outline-offset-2">
        <ol>
          {times.map(({ at, skipped: why, run }) => (
            <li key={at} className="flex h-8 items-center gap-3 border-b border-line px-3 last:border-b-0">
              <span className="numeric w-28 shrink-0">
                <Time at={at} as="short" />
              </span>
              {why === null ? (
                <span className="flex items-center gap-1.5">
                  <Icon name="play" size={12} /> start
                </span>
              ) : (
                <span className="flex items-center gap-1.5 text-soft">
                  <Icon name="dash" size={12} /> skip: {SKIPPED[why] ?? why}
                </span>
              )}
              {run !== null && (
                <Link to="/runs/$run" params={{ run }} search={{}} className={`font-mono text-small ${LINK}`}>
                  {shortId(run)}
                </Link>
              )}
            </li>
          ))}
          {left > 0 && <li className="px-3 py-1.5 text-soft">… and {countText(left)} more</li>}
        </ol>
      </section>
    </>
  )
}
