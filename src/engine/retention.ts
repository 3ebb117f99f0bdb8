import { KEY_RETENTION_MS } from '../core/options.ts'
import { type Claim, type Store, StoreFenced } from '../store/store.ts'
import type { Sizes } from './options.ts'
import { callName } from './starts.ts'
import type { World } from './transition.ts'
import type { Work } from './work.ts'

/** Drops what has been kept long enough: closed runs with their logs, and keys. In fenced batches like every write (E5), a bounded number at a time. */
export class Retention {
  private readonly store: Store
  private readonly world: World
  private readonly sizes: Sizes
  private readonly claim: Claim
  private readonly submit: (work: Work) => void
  private readonly failed: (error: unknown) => void
  private stop: () => void = () => {}
  private ended = false

  constructor(store: Store, world: World, sizes: Sizes, claim: Claim, submit: (work: Work) => void, failed: (error: unknown) => void) {
    this.store = store
    this.world = world
    this.sizes = sizes
    this.claim = claim
    this.submit = submit
    this.failed = failed
  }

  start(): void {
    this.later(this.sizes.retentionEveryMs)
  }

  end(): void {
    this.ended = true
    this.stop()
  }

  private later(ms: number): void {
    if (this.ended) return
    this.stop = this.world.clock.after(ms, () => {
      this.round().then(
        more => this.later(more ? 50 : this.sizes.retentionEveryMs),
        error => {
          if (error instanceof StoreFenced || !this.ended) this.failed(error)
          this.later(this.sizes.retentionEveryMs)
        },
      )
    })
  }

  /** True: there is more to drop. */
  private async round(): Promise<boolean> {
    const { retentionBatch } = this.sizes
    const now = this.world.clock.now()
    const { runs, keys } = await this.store.loadExpired(this.claim, now, retentionBatch)
    if (this.ended || (runs.length === 0 && keys.length === 0)) return false
    return new Promise(resolve => {
      this.submit({
        ids: [],
        keys,
        bytes: 50 * (runs.length + keys.length),
        execute(transaction) {
          for (const { id, namespace, createdAt } of runs) {
            transaction.purge(id)
            const expiresAt = createdAt + KEY_RETENTION_MS
            if (expiresAt > now) transaction.putKey({ ...callName(namespace, id), run: id, inputHash: '', expiresAt })
          }
          for (const key of keys) {
            // Dropped and taken again since the read: it is another's now.
            const row = transaction.key(key)
            if (row?.expiresAt != null) transaction.dropKey(key)
          }
        },
        done: () => resolve(runs.length === retentionBatch || keys.length === retentionBatch),
        failed: () => resolve(false),
      })
    })
  }
}
