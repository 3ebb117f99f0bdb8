import { editDistance } from '../core/edit-distance.ts'

/** The known name that `text` was most likely meant to be, or null if none is near: two letters, or a third of them, may differ. */
export function nearest(text: string, names: Iterable<string>): string | null {
  let best: string | null = null
  let bestDistance = Math.max(text.length < 3 ? 1 : 2, Math.floor(text.length / 3)) + 1
  for (const name of names) {
    const distance = editDistance(text, name)
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best
}
