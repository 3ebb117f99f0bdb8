import type { OpenRow, Paged, ReadyRequest } from '../../store/store.ts'

/** Groups that are read in one call. */
const GROUPS_PER_READ_MAX = 250

interface Asked {
  request: ReadyRequest
  /** Takes the page, at once. */
  use(page: Paged<OpenRow>): void
  failed(): void
}

export interface PagerOptions {
  read(requests: readonly ReadyRequest[]): Promise<Paged<OpenRow>[]>
  /** Nothing is forgotten while pages are read and used. */
  during(read: () => Promise<void>): Promise<void>
  soon(then: () => void): void
  failed(error: unknown): void
}

/** Gathers the pages that are asked for at one time into one read, and has one read under way. */
export class Pager {
  private readonly options: PagerOptions
  private asked: Asked[] = []
  private busy = false

  constructor(options: PagerOptions) {
    this.options = options
  }

  ask(asked: Asked): void {
    this.asked.push(asked)
    if (this.busy) return
    this.busy = true
    this.options.soon(() => void this.next())
  }

  private async next(): Promise<void> {
    const { read, during, failed } = this.options
    while (this.asked.length > 0) {
      const asked = this.asked.splice(0, GROUPS_PER_READ_MAX)
      try {
        await during(async () => {
          const pages = await read(asked.map(({ request }) => request))
          for (const [index, { use }] of asked.entries()) use(pages[index] as Paged<OpenRow>)
        })
      } catch (error) {
        failed(error)
        for (const { failed } of asked) failed()
      }
    }
    this.busy = false
  }
}
