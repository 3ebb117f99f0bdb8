const UNITS = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** A duration as a person writes it: `1h 30m`, `7d`. Weeks only where nothing is left over: 7 days are a week, but 10 days are `10d`. */
export function durationText(ms: number): string {
  if (ms === 0) return '0s'
  const parts: string[] = []
  let left = ms
  for (const [unit, size] of UNITS) {
    if (unit === 'w' && (left % size !== 0 || left === size)) continue
    const whole = Math.floor(left / size)
    if (whole > 0) parts.push(`${whole}${unit}`)
    left -= whole * size
  }
  return parts.join(' ')
}
