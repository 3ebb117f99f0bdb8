import type { Instant } from '../core/time.ts'
import { DAY_MS } from './dates.ts'
import { rememberedSource, type Source } from './source.ts'
import type { SolarEvent, SolarSpec } from './spec.ts'
import { sunAt } from './sun.ts'

/** Where the sun stands at an event, in degrees. Celery takes refraction at the horizon as 34′, and twilight by the sun's middle (its `solar` schedule, `_horizons` and `_use_center_l`). */
const HORIZONS: Readonly<Record<Exclude<SolarEvent, 'solar_noon'>, { altitude: number; rises: boolean; edge: boolean }>> = {
  dawn_astronomical: { altitude: -18, rises: true, edge: false },
  dawn_nautical: { altitude: -12, rises: true, edge: false },
  dawn_civil: { altitude: -6, rises: true, edge: false },
  sunrise: { altitude: -34 / 60, rises: true, edge: true },
  sunset: { altitude: -34 / 60, rises: false, edge: true },
  dusk_civil: { altitude: -6, rises: false, edge: false },
  dusk_nautical: { altitude: -12, rises: false, edge: false },
  dusk_astronomical: { altitude: -18, rises: false, edge: false },
}

/** At the poles an event happens once a year; a search over two finds it. */
const DAYS_MAX = 800
/** Halves 12 hours to less than a millisecond. */
const BISECTIONS = 27

/**
 * The times of an event, in whole seconds. Days are counted from one culmination of the sun to the next, so that each time is computed from the number of its day
 * and is the same whatever was asked.
 */
export function solarSource(spec: SolarSpec): Source {
  const { event, latitude, longitude } = spec
  const culmination = (half: number): Instant => {
    // Odd halves are noons, even ones midnights. The equation of time is at most 17 minutes, so that the first guess is near, and each pass a thousand times nearer.
    let at = (half * DAY_MS) / 2 - (longitude / 360) * DAY_MS
    for (let pass = 0; pass < 3; pass++) {
      const { hourAngle } = sunAt(at, latitude, longitude)
      const off = half % 2 === 0 ? hourAngle - Math.sign(hourAngle) * 180 : hourAngle
      at -= (off / 360) * DAY_MS
    }
    return at
  }
  const timeIn = (half: number, begin: Instant, end: Instant): Instant | null => {
    if (event === 'solar_noon') return half % 2 === 0 ? null : begin
    const { altitude, rises, edge } = HORIZONS[event]
    const above = (at: Instant): boolean => {
      const sun = sunAt(at, latitude, longitude)
      return sun.altitude + (edge ? sun.radius : 0) >= altitude
    }
    let [from, until] = [begin, end]
    if (above(from) === rises || above(until) !== rises) return null
    for (let pass = 0; pass < BISECTIONS; pass++) {
      const middle = (from + until) / 2
      if (above(middle) === rises) until = middle
      else from = middle
    }
    return until
  }
  return rememberedSource({
    next(after) {
      const first = Math.floor(((after + (longitude / 360) * DAY_MS) / DAY_MS) * 2) - 2
      let begin = culmination(first)
      for (let half = first; half < first + DAYS_MAX * 2; half++) {
        const end = culmination(half + 1)
        const at = Math.round((timeIn(half, begin, end) ?? Number.NEGATIVE_INFINITY) / 1_000) * 1_000
        if (at > after) return at
        begin = end
      }
      return null
    },
  })
}
