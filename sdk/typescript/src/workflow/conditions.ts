interface Waiting {
  condition: () => unknown
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
  until(condition: () => unknown, over: Promise<unknown> | null): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const waiting = { condition, resolve, reject }
      this.#waiting.add(waiting)
      over?.then(
        () => this.#waiting.delete(waiting) && resolve(false),
        error => this.#waiting.delete(waiting) && reject(error),
      )
    })
  }

  /** True: one of them holds, so the code goes on. */
  settle(): boolean {
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

  /** False: nobody waits. */
  interrupt(reason: unknown): boolean {
    const waited = this.#waiting.size > 0
    for (const waiting of this.#waiting) waiting.reject(reason)
    this.#waiting.clear()
    return waited
  }
}
