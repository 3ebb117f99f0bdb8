import { UserError } from '../core/errors.ts'
import { callRunId } from '../core/ids.ts'
import type { BatchView, Engine } from '../engine/face.ts'

export const FAKE_BATCH = callRunId('import', 0)

/** Batches of the engine by hand: one group that is open, called `import`. */
export function fakeBatches(called: (name: string, ...args: unknown[]) => void, now: number): Engine['batches'] {
  const id = FAKE_BATCH
  const known: BatchView = {
    id,
    namespace: 'default',
    name: 'import',
    state: 'waiting',
    reason: 'open',
    createdAt: now,
    closedAt: null,
    tags: null,
    parent: null,
    progress: { value: 0.5 },
    jobs: { total: 4, open: 2, completed: 1, failed: 1, cancelled: 0, failedRuns: [callRunId('failed', 0)], sealed: false, callbacks: [] },
    bulk: null,
    backfill: null,
  }
  const found = (batch: string): void => {
    if (batch !== id) throw new UserError('batch-not-found', { found: batch })
  }
  const command =
    (name: string) =>
    async (...args: unknown[]): Promise<void> => {
      called(`batches.${name}`, ...args)
      found(args[1] as string)
    }
  return {
    async start(...args) {
      called('batches.start', ...args)
      return { batch: id, existing: false, started: args[1].items.length, conflicts: [] }
    },
    async add(...args) {
      called('batches.add', ...args)
      found(args[1])
      return { batch: id, existing: false, started: args[2].length, conflicts: [] }
    },
    async bulk(...args) {
      called('batches.bulk', ...args)
      return { batch: id, matched: 7 }
    },
    async preview(...args) {
      called('batches.preview', ...args)
      return { matched: 7, more: false, byState: { queued: 7 }, runs: [] }
    },
    async get(...args) {
      called('batches.get', ...args)
      found(args[1])
      return known
    },
    async list(...args) {
      called('batches.list', ...args)
      return { rows: [known], next: null }
    },
    seal: command('seal'),
    pause: command('pause'),
    resume: command('resume'),
    cancel: command('cancel'),
  }
}
