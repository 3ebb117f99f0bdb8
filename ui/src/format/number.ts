const whole = new Intl.NumberFormat()
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })

export function countText(count: number): string {
  return whole.format(count)
}

/** `12.4K` from ten thousand on: where room is scarce. */
export function compactCount(count: number): string {
  return count < 10_000 ? whole.format(count) : compact.format(count)
}

export function percentText(part: number): string {
  return new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: part < 0.1 && part > 0 ? 1 : 0 }).format(part)
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
