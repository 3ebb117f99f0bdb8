import { memo } from 'react'
import { countText, percentText } from '../../format/number.ts'
import { durationText } from '../../format/time.ts'
import { classes } from '../../parts/classes.ts'
import { badgeOf } from '../../parts/dag/words.ts'
import { Icon } from '../../parts/icons.tsx'
import { stateColor, stateSign } from '../../parts/state-badge.tsx'
import { placeOf, type Slice } from '../timeline/scale.ts'
import type { GanttRow } from './gantt-rows.ts'

interface GanttLineProps {
  id: string
  row: GanttRow
  index: number
  start: number
  height: number
  /** Width of the names. */
  names: number
  slices: readonly Slice[]
  /** Until when it goes on. 0: it does not. */
  end: number
  /** What it takes of the critical path; null: it is not on it. */
  share: number | null
  current: boolean
  picked: boolean
  act(row: GanttRow, turns: boolean): void
}

/** A task, a group or an item: its name and how it stands, and on the axis what it waited and ran. */
export const GanttLine = memo(function GanttLine({ id, row, index, start, height, names, slices, end, share, current, picked, act }: GanttLineProps) {
  const { is, label, depth, state, count, open, kept } = row
  const { icon, word } = stateSign(badgeOf(state))
  const spans = spansOf(row, end)
  const says =
    is === 'more'
      ? `${countText(count ?? 0)} more items`
      : `${label}: ${kept ? `${word} in the run before` : [word, ...spans.map(({ says }) => says)].join(', ')}`
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid answers to the keyboard
    <div
      id={id}
      role="row"
      aria-level={depth + 1}
      aria-rowindex={index + 1}
      aria-selected={picked}
      aria-expanded={open ?? undefined}
      onClick={() => act(row, false)}
      className={classes(
        'absolute left-0 top-0 flex w-full cursor-pointer items-center px-3 hover:bg-hover',
        picked && 'bg-picked',
        current && 'outline-focus group-focus-visible:outline-2 group-focus-visible:-outline-offset-2',
      )}
      style={{ height, transform: `translateY(${start}px)` }}
    >
      <span
        role="rowheader"
        className="flex h-full shrink-0 items-center gap-1.5 pr-2 text-small"
        style={{ width: names, paddingLeft: depth * 12 }}
        title={says}
      >
        {is === 'more' ? (
          <span className="truncate text-soft underline decoration-line underline-offset-3">{countText(count ?? 0)} more items</span>
        ) : (
          <>
            {open === null ? (
              <span className="w-3 shrink-0" />
            ) : (
              <button
                type="button"
                tabIndex={-1}
                aria-label={`${open ? 'Fold' : 'Open'} ${label}`}
                className="-m-1.5 flex size-6 shrink-0 items-center justify-center"
                onClick={event => {
                  event.stopPropagation()
                  act(row, true)
                }}
              >
                <Icon name={open ? 'chevron' : 'right'} size={12} />
              </button>
            )}
            <span className="flex shrink-0" style={{ color: stateColor(badgeOf(state)) }}>
              <Icon name={icon} size={14} {...(state === 'started' && { className: 'pulse' })} />
            </span>
            <span className={classes('truncate', is === 'group' ? 'font-medium' : 'font-mono')}>{label}</span>
            {count !== null && (
              <span className="numeric shrink-0 text-tiny text-soft">{is === 'group' ? countText(count) : `× ${countText(count)}`}</span>
            )}
            {share !== null && share > 0 && <span className="numeric ml-auto shrink-0 pl-1 text-tiny text-soft">{percentText(share)}</span>}
          </>
        )}
      </span>
      <span role="gridcell" aria-label={says} className="relative h-full min-w-0 grow">
        <span className="absolute inset-x-0 top-1/2 border-t border-line" />
        {!kept &&
          spans.map(({ from, to, fill, says: what }) => {
            const [left, right] = [placeOf(slices, from), placeOf(slices, to)]
            return (
              <span
                key={fill}
                title={what}
                className={classes('absolute top-1.5 h-3.5 min-w-0.5 rounded-small', fill)}
                style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
              />
            )
          })}
        {share !== null && spans.length > 0 && <Path from={placeOf(slices, spans[0]?.from ?? 0)} to={placeOf(slices, spans.at(-1)?.to ?? 0)} />}
        {kept && <span className="absolute left-0 top-1/2 -translate-y-1/2 bg-surface pr-2 text-tiny text-soft">of the run before</span>}
      </span>
    </div>
  )
})

/** Below its bar: it is on the critical path. */
function Path({ from, to }: { from: number; to: number }) {
  return <span className="absolute bottom-0.5 h-0.75 min-w-0.5 bg-ink" style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }} />
}

function spansOf(
  { readyAt, startedAt, endedAt, state, isPerson, is }: GanttRow,
  end: number,
): { from: number; to: number; fill: string; says: string }[] {
  if (readyAt === null || is === 'more') return []
  const begun = startedAt ?? endedAt ?? end
  const to = endedAt ?? end
  const spans = begun > readyAt ? [{ from: readyAt, to: begun, fill: 'phase-queued', says: `waited ${durationText(begun - readyAt)}` }] : []
  if (startedAt === null) return spans
  const [fill, verb] = isPerson
    ? ['phase-waiting', 'a person had it for']
    : [FILLS[state] ?? 'phase-stopped', endedAt === null ? 'runs since' : 'ran']
  return [...spans, { from: startedAt, to, fill, says: `${verb} ${durationText(to - startedAt)}` }]
}
const FILLS: Readonly<Record<string, string>> = {
  started: 'phase-running',
  ready: 'phase-running',
  waiting: 'phase-running',
  success: 'phase-completed',
  failed: 'phase-failed',
  upstream_failed: 'phase-failed',
}
