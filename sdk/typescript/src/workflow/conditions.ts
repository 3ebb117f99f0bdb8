import type { Part } from './parts.ts'

interface Waiting {
  condition: () => unknown
  part: Part | null
  resolve(holds: boolean): void
  reject(error: unknown): void
}

/** What the code waits for that its own variables tell: looked at after each event. */
export class Conditions {
  readonly #waiting = new Set<Waiting>()

  get size(): number {
    return this.#waiting.size
  }

  /** True once it holds; false once `over` resolves. */
  until(condition: () => unknown, over: Promise<unknown> | null, part: Part | null): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const waiting = { condition, part, resolve, reject }
      this.#waiting.add(waiting)
      over?.then(
        () => this.#waiting.delete(waiting) && resolve(false),
        error => this.#waiting.delete(waiting) && reject(error),
      )
    })
  }

  /** True: one of them holds, so the code goes on. */
  settle(): boolean {
    if (this.#waiting.size === 0) return false
    let goesOn = false
    for (const waiting of [...this.#waiting]) {
      try {
        if (!waiting.condition()) continue
        waiting.resolve(true)
      } catch (error) {
        waiting.reject(error)
      }
      this.#waiting.delete(waiting)
      goesOn = true
    }
    return goesOn
  }

  /** False: nobody waits where it interrupts. */
  interrupt(reason: unknown, where: (part: Part | null) => boolean): boolean {
    const interrupted = [...this.#waiting].filter(({ part }) => where(part))
    for (const waiting of interrupted) {
      this.#waiting.delete(waiting)
      waiting.reject(reason)
    }
    return interrupted.length > 0
  }
}
