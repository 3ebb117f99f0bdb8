import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { INPUT, type Peer } from './peer.ts'

const QUEUE = 'noop'

/**
 * https://timgit.github.io/pg-boss: `insert` for many; LISTEN/NOTIFY for latency, bursts of full batches for throughput. 500 a batch and two fetching at a time
 * were the best of 50, 100, 500 and 1,000 with one, two and four. A batch is completed in one statement. What is done stays, for seven days.
 */
const BEST = { batchSize: 500, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 }

export async function open(connectionString: string): Promise<Peer> {
  const boss = new PgBoss({ connectionString, max: 10, useListenNotify: true })
  boss.on('error', error => console.error(error))
  await boss.start()
  await boss.createQueue(QUEUE, { notify: true }).catch(() => {})
  const pool = new pg.Pool({ connectionString, max: 1 })
  return {
    start: async count => {
      await boss.insert(
        QUEUE,
        Array.from({ length: count }, () => ({ data: INPUT })),
      )
    },
    startOne: async payload => {
      await boss.send(QUEUE, payload)
    },
    work: async handle => {
      await boss.work(QUEUE, BEST, async jobs => {
        for (const { data } of jobs) handle(data as { sentAt?: number })
      })
    },
    left: async () => (await pool.query(`select count(*)::int as left from pgboss.job where name = '${QUEUE}' and state < 'completed'`)).rows[0].left,
    close: async () => {
      await boss.stop({ graceful: false })
      await pool.end()
    },
  }
}
