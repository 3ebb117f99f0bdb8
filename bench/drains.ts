import type { Client, WireQueues } from '@mainspring/sdk'

/** Waits until so few of the jobs are left; answers how many are. A look costs the server something, so there are few: each time half of the way by the speed so far. */
export async function leftUntil(target: number, jobs: number, look: () => Promise<number>): Promise<number> {
  const begunAt = performance.now()
  for (;;) {
    const left = await look()
    if (left <= target) return left
    const wayMs = left < jobs ? ((performance.now() - begunAt) * (left - target)) / (jobs - left) : 1_000
    await new Promise(resolve => setTimeout(resolve, Math.min(Math.max(wayMs / 2, 20), 1_000)))
  }
}

export async function leftOf(client: Client): Promise<number> {
  const { queues } = await client.call<WireQueues>('queues.list', {})
  const queue = queues.find(({ name }) => name === 'drain')
  return queue === undefined ? 0 : queue.depth + queue.running
}
