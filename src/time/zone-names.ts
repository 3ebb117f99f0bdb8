import { editDistance } from '../core/edit-distance.ts'

/**
 * The spelling of a zone's name that people know, and the name that an unknown one was most likely meant to be.
 * `Intl` accepts any letter case and old names (`Asia/Calcutta`), but answers with a name of its own choice, which is not always the current one.
 */
const LISTED = new Map(Intl.supportedValuesOf('timeZone').map(name => [name.toLowerCase(), name]))

/** `europe/berlin` is `Europe/Berlin`; a name that ICU knows by another one (`US/Eastern`, `Asia/Kolkata`) stays as it was written. */
export function properZoneName(written: string, resolved: string): string {
  return LISTED.get(written.toLowerCase()) ?? (written.toLowerCase() === resolved.toLowerCase() ? resolved : written)
}

/** A zone that `written` may have been meant to be: by its city (`Berlin`), or by spelling (`Europe/Berln`). */
export function nearestZoneName(written: string): string | null {
  const city = written.trim().toLowerCase().replaceAll(' ', '_')
  for (const [lower, name] of LISTED) if (lower.endsWith(`/${city}`)) return name
  return nearest(written, LISTED.values())
}

/** The known name that `text` was most likely meant to be, or null if none is near: two letters (one of three), or a third of them, may differ. */
export function nearest(text: string, names: Iterable<string>): string | null {
  let best: string | null = null
  if (text.length > 64) return best
  let bestDistance = Math.max(text.length <= 3 ? 1 : 2, Math.floor(text.length / 3)) + 1
  for (const name of names) {
    const distance = editDistance(text, name)
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best
}
