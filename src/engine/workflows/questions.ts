import { UserError } from '../../core/errors.ts'
import type { WorkerId } from '../../core/ids.ts'
import type { Clock } from '../clock.ts'
import type { Question, QuestionAnswer, QuestionCalls } from './talk-face.ts'

/** So long after its last call a worker is taken to ask again. */
const PRESENT_MS = 2_000
const PER_CALL_MAX = 100
const OPEN_MAX = 1_000

interface Asker {
  worker: WorkerId
  namespace: string
  serves: ReadonlySet<string>
  versions: Readonly<Record<string, string>>
  seenAt: number
  waiting: Question[]
  give: (() => void) | null
}

/** Questions to the code of workflows, on their way to the workers that ask this node. In memory: whoever asks waits, and asks again. */
export class Questions implements QuestionCalls {
  readonly #clock: Clock
  readonly #askers = new Map<string, Asker>()
  readonly #open = new Map<string, (answer: QuestionAnswer) => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async asked(
    namespace: string,
    { worker, serves, versions, waitMs }: Parameters<QuestionCalls['asked']>[1],
    signal?: AbortSignal,
  ): Promise<Question[]> {
    const asker = this.#asker(namespace, worker, serves, versions)
    asker.give?.() // a call of its that is still open is one that it has given up
    if (asker.waiting.length === 0 && waitMs > 0 && !signal?.aborted) {
      await new Promise<void>(resolve => {
        const give = (): void => {
          cancel()
          signal?.removeEventListener('abort', give)
          if (asker.give === give) asker.give = null
          resolve()
        }
        const cancel = this.#clock.after(waitMs, give)
        signal?.addEventListener('abort', give, { once: true })
        asker.give = give
      })
    }
    asker.seenAt = this.#clock.monotonic()
    if (signal?.aborted) return []
    return asker.waiting.splice(0, PER_CALL_MAX).filter(({ id }) => this.#open.has(id))
  }

  async answer(_namespace: string, answers: readonly QuestionAnswer[]): Promise<void> {
    for (const answer of answers) this.#open.get(answer.question)?.(answer)
  }

  async ask(
    namespace: string,
    question: Question,
    { waitMs, holderOnly }: { waitMs: number; holderOnly: boolean },
    signal?: AbortSignal,
  ): Promise<QuestionAnswer | null> {
    const asker = this.#fitting(namespace, question, holderOnly)
    if (asker === null || waitMs <= 0 || signal?.aborted) return null
    if (this.#open.size >= OPEN_MAX) throw new UserError('overloaded', { retryAfter: 1, hint: 'more questions to workflows are open than are kept' })
    return new Promise(resolve => {
      const settle = (answer: QuestionAnswer | null): void => {
        cancel()
        signal?.removeEventListener('abort', giveUp)
        this.#open.delete(question.id)
        asker.waiting = asker.waiting.filter(({ id }) => id !== question.id)
        resolve(answer)
      }
      const giveUp = (): void => settle(null)
      const cancel = this.#clock.after(waitMs, giveUp)
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#open.set(question.id, settle)
      asker.waiting.push(question)
      asker.give?.()
    })
  }

  #asker(namespace: string, worker: WorkerId, serves: readonly string[], versions: Asker['versions']): Asker {
    const now = this.#clock.monotonic()
    const key = `${namespace}\n${worker}`
    for (const [other, asker] of this.#askers) if (other !== key && !isPresent(asker, now)) this.#askers.delete(other)
    const known = this.#askers.get(key) ?? { worker, namespace, waiting: [], give: null, seenAt: now, serves: new Set<string>(), versions }
    this.#askers.set(key, Object.assign(known, { serves: new Set(serves), versions, seenAt: now }))
    return known
  }

  /** The holder, else whoever serves it and has least to answer. */
  #fitting(namespace: string, { definition, holder, version }: Question, holderOnly: boolean): Asker | null {
    const now = this.#clock.monotonic()
    let best: Asker | null = null
    for (const asker of this.#askers.values()) {
      if (asker.namespace !== namespace || !asker.serves.has(definition) || !isPresent(asker, now)) continue
      if (version !== undefined && asker.versions[definition] !== version) continue
      if (asker.worker === holder) return asker
      if (!holderOnly && (best === null || rank(asker) < rank(best))) best = asker
    }
    return best
  }
}

function isPresent({ give, seenAt }: Asker, now: number): boolean {
  return give !== null || now - seenAt < PRESENT_MS
}

function rank({ waiting, give }: Asker): number {
  return waiting.length + (give === null ? 1 : 0)
}
