import { BODY_BYTES_WANTED } from '../bounds.ts'

/** How many of the first texts fit into one call: `most` of them, and as many bytes as one wants to send at once; one always does. */
export function fitting<Item>(items: readonly Item[], most: number, textOf: (item: Item) => string): number {
  let bytes = 0
  let count = 0
  for (const item of items) {
    bytes += textOf(item).length * UTF8_BYTES_MAX
    if (count === most || (count > 0 && bytes > BODY_BYTES_WANTED)) break
    count++
  }
  return count
}

/** Of one UTF-16 unit. */
const UTF8_BYTES_MAX = 3
