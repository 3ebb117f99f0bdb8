import { type Client, systemClock } from '@mainspring/sdk'
import { Traffic } from './traffic.ts'

/** By night a shop is as good as asleep; whoever looks at the demo then should see something happen, too. */
const SHARE_LEAST = 0.6
/** Busier than the day that has passed: something every few seconds. */
const SCALE = 2
/** Shorter than a worker that says nothing is listed for. */
const SILENT_SEEN_EVERY_MS = 60_000

/** The day goes on: people start runs at its rhythm, and a worker is listed that is hardly ever heard of. Answers how to end it. */
export function goOn(client: Client): () => void {
  const clock = systemClock
  const traffic = new Traffic({ client, clock, random: Math.random, scale: SCALE, renamedAt: 0, shareLeast: SHARE_LEAST })
  traffic.begin()
  const worker = client.newId()
  const silent = { worker, workerName: 'worker-eu-3', queues: ['search'], serves: [], max: 1, slots: 4, wait: 0 }
  const seen = (): void => void client.call('tasks.poll', {}, silent).catch(() => {})
  const timer = setInterval(seen, SILENT_SEEN_EVERY_MS)
  seen()
  return () => {
    clearInterval(timer)
    traffic.end()
  }
}
