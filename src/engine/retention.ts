import { KEY_RETENTION_MS, LEDGER_LINES_KEPT, LEDGER_RETENTION_MS_DEFAULT } from '../core/options.ts'
import type { Instant } from '../core/time.ts'
import { type Claim, type Expired, type LineName, type Store, StoreFenced } from '../store/store.ts'
import type { Collected } from './face.ts'
import type { Sizes } from './options.ts'
import type { Settings } from './settings.ts'
import { callName } from './starts.ts'
import type { World } from './transition.ts'
import type { Work } from './work.ts'

/** Ledgers are gone through so often: what is dropped of them is days old. */
const LEDGERS_EVERY_MS = 3_600_000
/** Between two batches, so that dispatch never waits for more than one; 15,000 runs a second go by then. */
const PAUSE_MS = 10
/** Batches that one call to collect waits for. */
const COLLECT_BATCHES = 80

export interface RetentionOptions {
  store: Store
  world: World
  settings: Settings
  sizes: Sizes
  claim: Claim
  submit(work: Work): void
  failed(error: unknown): void
}

/** Drops what has been kept long enough: closed runs with their logs, keys, and old lines of ledgers. In fenced batches like every write (E5), a bounded number at a time. */
export class Retention {
  private readonly options: RetentionOptions
  private stop: () => void = () => {}
  private ended = false
  private turn: Promise<unknown> = Promise.resolve()
  /** Where it is in the ledgers; `at`: when it begins with them again. */
  private ledgers: { at: Instant; after: string | null } = { at: 0, after: null }

  constructor(options: RetentionOptions) {
    this.options = options
  }

  start(): void {
    this.later(this.options.sizes.retentionEveryMs)
  }

  end(): void {
    this.ended = true
    this.stop()
  }

  /** What may go now, as far as one call goes. */
  async collect(): Promise<Collected> {
    const all: Collected = { runs: 0, keys: 0, lines: 0, more: true }
    if (this.ledgers.after === null) this.ledgers.at = 0
    for (let batch = 0; batch < COLLECT_BATCHES && all.more && !this.ended; batch++) {
      if (batch > 0) await new Promise<void>(resolve => void this.options.world.clock.after(PAUSE_MS, resolve))
      const { runs, keys, lines, more } = await this.round()
      Object.assign(all, { runs: all.runs + runs, keys: all.keys + keys, lines: all.lines + lines, more })
    }
    return all
  }

  private later(ms: number): void {
    if (this.ended) return
    const { world, sizes, failed } = this.options
    this.stop = world.clock.after(ms, () => {
      this.round().then(
        ({ more }) => this.later(more ? PAUSE_MS : sizes.retentionEveryMs),
        error => {
          if (error instanceof StoreFenced || !this.ended) failed(error)
          this.later(sizes.retentionEveryMs)
        },
      )
    })
  }

  /** One after the other, whoever asks: two would find the same. */
  private round(): Promise<Collected> {
    const round = this.turn.then(() => this.drop())
    this.turn = round.catch(() => {})
    return round
  }

  private async drop(): Promise<Collected> {
    const { store, world, sizes, claim, submit } = this.options
    const limit = sizes.retentionBatch
    const now = world.clock.now()
    const expired = await store.loadExpired(claim, now, limit)
    const old = await this.oldLines(now)
    const { runs, keys } = expired
    const more = runs.length === limit || keys.length === limit || old.more
    const collected = { runs: runs.length, keys: keys.length, lines: old.lines.length, more }
    if (this.ended || runs.length + keys.length + old.lines.length === 0) return collected
    return new Promise((resolve, reject) => submit(dropWork(expired, old.lines, now, () => resolve(collected), reject)))
  }

  private async oldLines(now: Instant): Promise<{ lines: LineName[]; more: boolean }> {
    const { store, settings, sizes, claim } = this.options
    if (now < this.ledgers.at) return { lines: [], more: false }
    const beforeIn = Object.fromEntries(
      [...settings.retentions()].map(([namespace, { ledgerMs }]) => [namespace, now - (ledgerMs ?? LEDGER_RETENTION_MS_DEFAULT)]),
    )
    const old = { before: now - LEDGER_RETENTION_MS_DEFAULT, beforeIn, keep: LEDGER_LINES_KEPT }
    const { after } = this.ledgers
    const { rows, next } = await store.loadOldLines(claim, old, { after, limit: sizes.retentionBatch })
    // A full page may have more of the same schedules.
    const isFull = rows.length === sizes.retentionBatch
    const more = isFull || next !== null
    this.ledgers = more ? { at: 0, after: isFull ? after : next } : { at: now + LEDGERS_EVERY_MS, after: null }
    return { lines: rows, more }
  }
}

function dropWork({ runs, keys }: Expired, lines: readonly LineName[], now: Instant, done: () => void, failed: (error: unknown) => void): Work {
  return {
    ids: [],
    keys,
    bytes: 50 * (runs.length + keys.length + lines.length),
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
      transaction.dropLines(lines)
    },
    done,
    failed,
  }
}
