import type { GroupId } from '../../core/gates.ts'
import type { OpenRow, Paged, ReadyRequest } from '../../store/store.ts'

/** Groups that are read in one call. */
const GROUPS_PER_READ_MAX = 250

interface Asked {
  request: ReadyRequest
  resolve(page: Paged<OpenRow>): void
  reject(error: unknown): void
}

/** Gathers what is asked for at one time into one read, and has one read under way. */
export class Pager {
  private readonly read: (requests: readonly ReadyRequest[]) => Promise<Paged<OpenRow>[]>
  private readonly soon: (then: () => void) => void
  private asked: Asked[] = []
  private busy = false

  constructor(read: (requests: readonly ReadyRequest[]) => Promise<Paged<OpenRow>[]>, soon: (then: () => void) => void) {
    this.read = read
    this.soon = soon
  }

  page(group: GroupId, after: string | null, limit: number): Promise<Paged<OpenRow>> {
    return new Promise((resolve, reject) => {
      this.asked.push({ request: { group, after, limit }, resolve, reject })
      if (this.busy) return
      this.busy = true
      this.soon(() => void this.next())
    })
  }

  private async next(): Promise<void> {
    while (this.asked.length > 0) {
      const asked = this.asked.splice(0, GROUPS_PER_READ_MAX)
      try {
        const pages = await this.read(asked.map(({ request }) => request))
        for (const [index, { resolve }] of asked.entries()) resolve(pages[index] as Paged<OpenRow>)
      } catch (error) {
        for (const { reject } of asked) reject(error)
      }
    }
    this.busy = false
  }
}
