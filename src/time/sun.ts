import type { Instant } from '../core/time.ts'
import { DAY_MS } from './dates.ts'

/**
 * Where the sun stands, seen from a place on the ground. After Jean Meeus, "Astronomical Algorithms", 2nd edition: chapter 25 (low accuracy, 0.01°),
 * 12 (sidereal time), 13 (horizontal coordinates), 40 (parallax). Within some 3 seconds of time of PyEphem where the sun crosses the horizon at an angle.
 */
export interface Sun {
  /** Degrees above the horizon of the sun's middle, without refraction. */
  readonly altitude: number
  /** Degrees past the meridian, from −180 to 180: 0 at noon. */
  readonly hourAngle: number
  /** Half the width of its disc, in degrees. */
  readonly radius: number
}

const RADIANS = Math.PI / 180
const J2000: Instant = Date.UTC(2000, 0, 1, 12)
/** Terrestrial time ahead of UTC. 69 s in 2026; it grows by some 0.5 s a year, in which the sun moves by nothing. */
const DELTA_MS = 69_000

export function sunAt(instant: Instant, latitude: number, longitude: number): Sun {
  const t = (instant - J2000 + DELTA_MS) / DAY_MS / 36_525
  const anomaly = (357.52911 + 35_999.05029 * t - 0.0001537 * t * t) * RADIANS
  const eccentricity = 0.016708634 - 0.000042037 * t
  const center = (1.914602 - 0.004817 * t) * Math.sin(anomaly) + (0.019993 - 0.000101 * t) * Math.sin(2 * anomaly) + 0.000289 * Math.sin(3 * anomaly)
  const distance = (1.000001018 * (1 - eccentricity * eccentricity)) / (1 + eccentricity * Math.cos(anomaly + center * RADIANS))
  const node = (125.04 - 1_934.136 * t) * RADIANS
  const nutation = -0.00478 * Math.sin(node)
  const lambda = (280.46646 + 36_000.76983 * t + 0.0003032 * t * t + center - 0.00569 + nutation) * RADIANS
  const obliquity = (23.439291 - 0.0130042 * t + 0.00256 * Math.cos(node)) * RADIANS
  const ascension = Math.atan2(Math.cos(obliquity) * Math.sin(lambda), Math.cos(lambda)) / RADIANS
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(lambda))
  const sidereal = 280.46061837 + 360.98564736629 * ((instant - J2000) / DAY_MS) + nutation * Math.cos(obliquity)
  const hourAngle = turn(sidereal + longitude - ascension)
  const sine =
    Math.sin(latitude * RADIANS) * Math.sin(declination) + Math.cos(latitude * RADIANS) * Math.cos(declination) * Math.cos(hourAngle * RADIANS)
  const geocentric = Math.asin(Math.max(-1, Math.min(1, sine)))
  return { altitude: geocentric / RADIANS - (0.00244 / distance) * Math.cos(geocentric), hourAngle, radius: 0.266564 / distance }
}

/** Into −180 (exclusive) to 180. */
function turn(degrees: number): number {
  const turned = degrees - 360 * Math.round(degrees / 360)
  return turned === -180 ? 180 : turned
}
