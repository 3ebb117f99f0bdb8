/** Share of the busiest hour, by hour of the day in UTC: the customers of a European shop sleep, look in over lunch, and buy in the evening. */
const SHARES = [
  0.2, 0.12, 0.08, 0.06, 0.07, 0.12, 0.25, 0.42, 0.55, 0.6, 0.64, 0.78, 0.74, 0.6, 0.58, 0.62, 0.7, 0.85, 0.97, 1, 0.92, 0.7, 0.48, 0.32,
]
const HOUR_MS = 3_600_000

/** Between the hours it is a straight line. */
export function rhythm(at: number): number {
  const hours = (at / HOUR_MS) % 24
  const [before, share] = [Math.floor(hours), hours % 1]
  return (SHARES[before] as number) * (1 - share) + (SHARES[(before + 1) % 24] as number) * share
}
