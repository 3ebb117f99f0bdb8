import { countText } from '../format/number.ts'
import { classes } from './classes.ts'
import { stateColor } from './state-badge.tsx'

export interface MeterProps {
  /** What it measures: its name for those who cannot see it. */
  label: string
  used: number
  of: number
  /** Without the numbers, where they stand beside it already. */
  bare?: boolean
  /** Default: that of what runs, and of a warning when it is full. */
  color?: string
}

/** How much of something is used, as a bar and as numbers. Up to 12 it shows each place by itself. */
export function Meter({ label, used, of, bare = false, color }: MeterProps) {
  const share = of === 0 ? 1 : Math.min(1, used / of)
  const full = used >= of
  const tone = color ?? (full ? stateColor('paused') : stateColor('running'))
  const places = of > 0 && of <= PLACES_MAX && Number.isInteger(used)
  return (
    <span className="flex min-w-0 items-center gap-2">
      {/* biome-ignore lint/a11y/useSemanticElements: a meter element cannot be drawn alike in all browsers */}
      <span
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={Math.min(used, of)}
        aria-valuetext={`${countText(used)} of ${countText(of)}`}
        className={classes('flex h-2 min-w-12 grow overflow-hidden rounded-full', places ? 'gap-px' : 'bg-hover')}
        style={{ maxWidth: 160 }}
      >
        {places ? (
          Array.from({ length: of }, (_, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a place is its number
            <span key={place} className="h-full grow bg-line" style={place < used ? { background: tone } : {}} />
          ))
        ) : (
          <span className="h-full" style={{ width: `${share * 100}%`, background: tone }} />
        )}
      </span>
      {!bare && (
        <span className="numeric shrink-0">
          {countText(used)}
          <span className="text-soft"> / {countText(of)}</span>
        </span>
      )}
    </span>
  )
}
const PLACES_MAX = 12

export interface SplitBarProps {
  label: string
  /** Counts by a state, in the order in which they stand. */
  parts: readonly { state: string; word?: string; count: number }[]
  height?: number
}

/** Of how many parts something is made, by state. The numbers stand beside it. */
export function SplitBar({ label, parts, height = 8 }: SplitBarProps) {
  const total = parts.reduce((sum, { count }) => sum + count, 0)
  const said = parts
    .filter(({ count }) => count > 0)
    .map(({ state, word = state, count }) => `${countText(count)} ${word}`)
    .join(', ')
  return (
    <span
      role="img"
      aria-label={`${label}: ${said || 'none'}`}
      className="flex w-full gap-px overflow-hidden rounded-full bg-line"
      style={{ height }}
    >
      {parts.map(
        ({ state, count }) =>
          count > 0 && <span key={state} className="min-w-0.5" style={{ width: `${(count / total) * 100}%`, background: stateColor(state) }} />,
      )}
    </span>
  )
}
