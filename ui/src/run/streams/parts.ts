import type { Chunk } from '../../api/client.ts'

/** Chunks that are shown together: text of one writer, or one other value. */
export interface Part {
  /** Number of its first chunk. */
  n: number
  step: string | null
  attempt: number
  text: string | null
  value?: unknown
}

/** The last chunks that stand, without what an attempt wrote that has begun again. */
export function standing(chunks: readonly Chunk[], next: readonly Chunk[], most: number): Chunk[] {
  let kept = [...chunks]
  for (const chunk of next) {
    if (chunk.restarted) kept = kept.filter(({ step }) => step !== chunk.step)
    kept.push(chunk)
  }
  return kept.slice(-most)
}

/** Text that follows text of the same writer is one text: tokens of a model are read as what it says. */
export function partsOf(chunks: readonly Chunk[]): Part[] {
  const parts: Part[] = []
  for (const { n, step, attempt, value } of chunks) {
    const last = parts.at(-1)
    if (typeof value !== 'string') parts.push({ n, step, attempt, text: null, value })
    else if (last?.text == null || last.step !== step || last.attempt !== attempt) parts.push({ n, step, attempt, text: value })
    else last.text += value
  }
  return parts
}
