import type { Phase } from './phases.ts'

/** What the axis is made of: a wait may be cut short, what runs is not. */
export type Stretch = Pick<Phase, 'kind' | 'from' | 'to'>

/**
 * One axis for a run of milliseconds and one of days. Between two ends of phases the axis is straight; a phase is never narrower than one can see, and a wait
 * that would leave no room for the rest is cut short, which is drawn.
 */
export interface Slice {
  from: number
  to: number
  /** Parts of the width, 0 to 1. */
  start: number
  end: number
  /** Shorter than its time. */
  cut: boolean
}

/** A wait is cut when it is longer than this many times all the rest. */
const CUT_FROM = 4
/** What a wait that is cut takes of the width. */
const CUT_PART = 0.12
const CUTS_MAX = 6
/** A phase is at least so wide, in pixels; where there are too many for that, they share half of the width. */
const WIDTH_MIN = 5

export function slicesOf(phases: readonly Stretch[], width: number, toScale: boolean): Slice[] {
  const cut = toScale ? new Set<Stretch>() : cutsOf(phases)
  const parts = 1 - CUT_PART * cut.size
  const straight = phases.filter(phase => !cut.has(phase))
  const total = straight.reduce((sum, phase) => sum + lengthOf(phase), 0)
  const minimum = straight.length === 0 ? 0 : Math.min(WIDTH_MIN / Math.max(1, width), parts / 2 / straight.length)
  const free = parts - minimum * straight.length
  let at = 0
  return phases.map(phase => {
    const start = at
    if (cut.has(phase)) at += straight.length === 0 ? 1 / cut.size : CUT_PART
    else at += minimum + free * (total === 0 ? 1 / straight.length : lengthOf(phase) / total)
    return { from: phase.from, to: phase.to, start, end: at, cut: cut.has(phase) }
  })
}

function cutsOf(phases: readonly Stretch[]): Set<Stretch> {
  const cut = new Set<Stretch>()
  const waits = phases.filter(phase => phase.kind !== 'running').sort((a, b) => lengthOf(b) - lengthOf(a))
  for (const wait of waits.slice(0, CUTS_MAX)) {
    const rest = phases.filter(phase => phase !== wait && !cut.has(phase)).reduce((sum, phase) => sum + lengthOf(phase), 0)
    if (rest === 0 || lengthOf(wait) < rest * CUT_FROM) break
    cut.add(wait)
  }
  return cut
}

/** Where an instant lies on the axis, 0 to 1. */
export function placeOf(slices: readonly Slice[], at: number): number {
  const first = slices[0]
  if (first === undefined || at <= first.from) return 0
  const slice = slices.find(({ to }) => at <= to)
  if (slice === undefined) return 1
  const length = slice.to - slice.from
  return slice.start + (slice.end - slice.start) * (length === 0 ? 1 : (at - slice.from) / length)
}

export interface Tick {
  at: number
  place: number
}

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
  7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000, 2_592_000_000,
]

/** The start, the end of each cut, and times that are round counted from `origin`, as many as there is room for; none within what is cut short. */
export function ticksOf(slices: readonly Slice[], width: number, apart: number, origin: number): Tick[] {
  const first = slices[0]
  const last = slices.at(-1)
  if (first === undefined || last === undefined) return []
  const straight = slices.filter(slice => !slice.cut)
  const shown = straight.reduce((sum, slice) => sum + slice.to - slice.from, 0)
  const room = straight.reduce((sum, slice) => sum + slice.end - slice.start, 0) * width
  const from = STEPS_MS.findIndex(ms => (ms / Math.max(1, shown)) * room >= apart)
  const bounds = [first.from, ...slices.filter(slice => slice.cut).map(slice => slice.to)]
  const kept: Tick[] = []
  for (const at of bounds) keepApart(kept, { at, place: placeOf(slices, at) }, width, apart)
  // Widths are not quite in proportion: a step that leaves a gap here and there gives way to the next one.
  for (const step of from < 0 ? STEPS_MS.slice(-1) : STEPS_MS.slice(from, from + STEPS_TRIED)) {
    const ticks = [...kept]
    let refused = 0
    for (const slice of straight) {
      const begin = Math.ceil((slice.from - origin) / step) * step + origin
      for (let at = begin; at <= slice.to && ticks.length + refused < TICKS_MAX; at += step)
        if (!bounds.includes(at) && !keepApart(ticks, { at, place: placeOf(slices, at) }, width, apart)) refused++
    }
    if (refused <= kept.length + 1) return ticks.sort((a, b) => a.place - b.place)
  }
  return kept
}
const STEPS_TRIED = 6
const TICKS_MAX = 400

/** Whether there was room: beside the others, and for its words before the end. */
function keepApart(ticks: Tick[], tick: Tick, width: number, apart: number): boolean {
  const free = ticks.every(({ place }) => Math.abs(place - tick.place) * width >= apart - 1)
  const whole = tick.place === 0 || (1 - tick.place) * width >= apart - 8
  if (free && whole) ticks.push(tick)
  return free
}

const lengthOf = (phase: Stretch): number => phase.to - phase.from
