import { percentText } from '../../format/number.ts'
import { durationText } from '../../format/time.ts'
import { LINK } from '../../parts/classes.ts'
import type { CriticalPath } from '../../parts/dag/times.ts'

/** So many of the tasks that took most are named. */
const NAMED_MAX = 5

interface CriticalLineProps {
  path: CriticalPath
  nameOf(n: number): string
  onPick(task: string): void
}

/** The longest chain of the run in a line: how long it is, and which tasks take most of it. */
export function CriticalLine({ path: { tasks, totalMs }, nameOf, onPick }: CriticalLineProps) {
  if (totalMs === 0) return null
  const most = [...tasks].sort((a, b) => b.share - a.share).slice(0, NAMED_MAX)
  const took = tasks.filter(({ share }) => share > 0).length
  return (
    <section aria-label="Critical path" className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span>
        <b className="font-semibold">Critical path</b> <span className="numeric">{durationText(totalMs)}</span>
        <span className="text-soft">
          {' '}
          in {took} task{took === 1 ? '' : 's'}
          {took > most.length && ', most of it in'}
        </span>
      </span>
      {most
        .filter(({ share }) => share > 0)
        .map(({ n, waitMs, runMs, share }) => (
          <button
            key={n}
            type="button"
            title={`waited ${durationText(waitMs)}, ran ${durationText(runMs)}`}
            className="flex min-h-6 items-center gap-1.5"
            onClick={() => onPick(nameOf(n))}
          >
            <code className={LINK}>{nameOf(n)}</code> <span className="numeric text-soft">{percentText(share)}</span>
          </button>
        ))}
    </section>
  )
}
