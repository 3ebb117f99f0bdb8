import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { INPUT, type Peer } from './peer.ts'

/** https://worker.graphile.org/docs/performance: the settings of its own figures. A job that is done is deleted: it keeps no history. */
const BEST = { concurrentJobs: 24, maxPoolSize: 25, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }

export async function open(connectionString: string): Promise<Peer> {
  const preset = { worker: { ...BEST, connectionString, logger: new Logger(() => () => {}) } }
  const utils = await makeWorkerUtils({ preset })
  await utils.migrate()
  const pool = new pg.Pool({ connectionString, max: 1 })
  return {
    start: async count => {
      await utils.addJobs(Array.from({ length: count }, () => ({ identifier: 'noop', payload: INPUT })))
    },
    startOne: async payload => {
      await utils.addJob('noop', payload)
    },
    work: async handle => {
      await run({ preset, taskList: { noop: async (payload: unknown) => handle(payload as { sentAt?: number }) } })
    },
    left: async () => (await pool.query('select count(*)::int as left from graphile_worker._private_jobs')).rows[0].left,
    close: async () => {
      await utils.release()
      await pool.end()
    },
  }
}
