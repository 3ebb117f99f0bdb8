import { createPostgresBackend, Queue, Worker } from 'bullmq'
import { INPUT, type Peer } from './peer.ts'

const QUEUE = 'noop'
/** https://docs.bullmq.io/guide/workers/concurrency: 100 to 300 for jobs that wait for others. What is done stays, as is its default. */
const CONCURRENCY = 200

/** On Redis or on PostgreSQL, by the URL. */
export async function open(url: string): Promise<Peer> {
  const onRedis = url.startsWith('redis:')
  const { hostname, port } = new URL(url)
  const connection = onRedis ? { host: hostname, port: Number(port), maxRetriesPerRequest: null } : { connectionString: url, migrate: true }
  const backend = onRedis ? undefined : createPostgresBackend
  const queue = new Queue(QUEUE, { connection } as never, backend as never)
  queue.on('error', () => {})
  await queue.waitUntilReady()
  return {
    start: async count => {
      await queue.addBulk(Array.from({ length: count }, () => ({ name: QUEUE, data: INPUT })))
    },
    startOne: async payload => {
      await queue.add(QUEUE, payload)
    },
    work: async handle => {
      const worker = new Worker(QUEUE, async job => handle(job.data), { connection, concurrency: CONCURRENCY } as never, backend as never)
      worker.on('error', () => {})
      await worker.waitUntilReady()
    },
    left: async () => {
      const counts = await queue.getJobCounts('wait', 'active', 'prioritized', 'delayed')
      return Object.values(counts).reduce((sum, count) => sum + count, 0)
    },
    close: () => queue.close(),
  }
}
