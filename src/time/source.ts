import type { Instant } from '../core/time.ts'

/** What names times: a cron expression, an interval, one-off times, the sun, or several of these joined. */
export interface Source {
  /** The first time strictly after `after`, or null: never again. It depends on `after` alone, never on what was asked before. */
  next(after: Instant): Instant | null
}

/** One-off times, in any order. */
export function momentsSource(instants: readonly Instant[]): Source {
  const times = [...new Set(instants)].sort((a, b) => a - b)
  return {
    next(after) {
      let low = 0
      let high = times.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (times[middle]! > after) high = middle
        else low = middle + 1
      }
      return times[low] ?? null
    },
  }
}

/** Exact multiples of `stepMs` from the anchor on. */
export function elapsedSource(anchor: Instant, stepMs: number): Source {
  return { next: after => (after < anchor ? anchor : anchor + (Math.floor((after - anchor) / stepMs) + 1) * stepMs) }
}

/** All times of all sources, in order, each once. */
export function joinSources(sources: readonly Source[]): Source {
  return sources.length === 1 ? sources[0]! : new JoinedSource(sources)
}

/** The same source, asked again only when its last answer is used up: for one that computes long. */
export function rememberedSource(source: Source): Source {
  return new JoinedSource([source])
}

/** Each source is asked only when its last answer is used up: it holds from the `after` that it was asked with until itself. */
class JoinedSource implements Source {
  readonly #sources: readonly Source[]
  readonly #asked: Float64Array
  readonly #answers: Float64Array
  constructor(sources: readonly Source[]) {
    this.#sources = sources
    this.#asked = new Float64Array(sources.length).fill(Number.POSITIVE_INFINITY)
    this.#answers = new Float64Array(sources.length).fill(Number.NEGATIVE_INFINITY)
  }

  next(after: Instant): Instant | null {
    let first = Number.POSITIVE_INFINITY
    for (let index = 0; index < this.#sources.length; index++) {
      if (after < this.#asked[index]! || after >= this.#answers[index]!) {
        this.#answers[index] = this.#sources[index]!.next(after) ?? Number.POSITIVE_INFINITY
        this.#asked[index] = after
      }
      if (this.#answers[index]! < first) first = this.#answers[index]!
    }
    return first === Number.POSITIVE_INFINITY ? null : first
  }
}

/** The times from `start` (inclusive) to `end` (exclusive). */
export function boundSource(source: Source, start: Instant | null, end: Instant | null): Source {
  if (start === null && end === null) return source
  const first = start === null ? Number.NEGATIVE_INFINITY : start - 1
  const last = end ?? Number.POSITIVE_INFINITY
  return {
    next(after) {
      if (after >= last) return null
      const at = source.next(Math.max(after, first))
      return at === null || at >= last ? null : at
    },
  }
}
