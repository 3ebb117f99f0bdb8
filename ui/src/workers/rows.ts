import type { Need, Worker } from '../api/work.ts'

/** A worker that is there, or one that left without a word, of which little is known. */
export type WorkerRow =
  | { is: 'there'; id: string; name: string; lastSeenAt: string | null; worker: Worker }
  | { is: 'silent'; id: string; name: string; lastSeenAt: string | null }

/** Silent ones first: somebody should look at them. */
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
  return [
    ...silent,
    ...workers.map((worker): WorkerRow => ({ is: 'there', id: worker.id, name: worker.name, lastSeenAt: worker.lastSeenAt, worker })),
  ]
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
