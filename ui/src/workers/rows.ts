import type { Need, Worker } from '../api/work.ts'

/** A worker that is there, or one that left without a word, of which little is known. */
export type WorkerRow =
  | { is: 'there'; id: string; name: string; lastSeenAt: string | null; worker: Worker }
  | { is: 'silent'; id: string; name: string; lastSeenAt: string | null }

const RANK = { silent: 0, stuck: 1, draining: 2, drained: 2, busy: 2, idle: 2 } as const

/** Those that somebody should look at first; the others by name, so that they stand still while they work. */
export function workerRows(workers: readonly Worker[], needs: readonly Need[]): WorkerRow[] {
  const there = new Set(workers.map(({ id }) => id))
  const silent = needs
    .filter(({ is, why, worker }) => is === 'worker' && why === 'silent' && worker !== undefined && !there.has(worker))
    .map(
      ({ worker = '', text, since = null }): WorkerRow => ({
        is: 'silent',
        id: worker,
        name: text.replace(/ fell silent\b.*$/s, ''),
        lastSeenAt: since,
      }),
    )
  const present = workers.map((worker): WorkerRow => ({ is: 'there', id: worker.id, name: worker.name, lastSeenAt: worker.lastSeenAt, worker }))
  return [...silent, ...present].sort((a, b) => RANK[stateOf(a)] - RANK[stateOf(b)] || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1))
}

export function stateOf(row: WorkerRow): 'silent' | 'stuck' | 'drained' | 'draining' | 'busy' | 'idle' {
  if (row.is === 'silent') return 'silent'
  const { draining, running } = row.worker
  if (running.some(({ stuck }) => stuck)) return 'stuck'
  if (draining) return running.length > 0 ? 'draining' : 'drained'
  return running.length > 0 ? 'busy' : 'idle'
}

export function takesFrom({ queues }: Worker, queue: string): boolean {
  return queues.length === 0 || queues.includes(queue)
}
