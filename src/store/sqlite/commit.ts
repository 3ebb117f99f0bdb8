import type { DatabaseSync } from 'node:sqlite'
import type { BatchId, ClaimId, LaneId } from '../../core/ids.ts'
import type { Answer, Batch } from '../store.ts'
import { MessageReader, release } from './codec.ts'
import { failureOf } from './failures.ts'
import { writesOf } from './writes.ts'

/** What of a batch is its link in the chain. */
export type Link = Pick<Batch, 'id' | 'lane' | 'claim' | 'sequence' | 'lastBatch'>

export interface Commits {
  /** A batch as `encodeBatch` wrote it. */
  commit(message: ArrayBuffer): Answer
  settle(link: Link, settling: BatchId): 'in' | 'out' | 'fenced' | 'unknown'
}

/** The writing half of the store, in the writer's thread. One transaction a batch: the link of the chain first (E1), then the writes. */
export function commitsOf(database: DatabaseSync): Commits {
  const advance = database.prepare(
    'update lane set sequence = sequence + 1, last_batch = ? where lane = ? and claim = ? and stands = 1 and sequence = ? and last_batch = ?',
  )
  const stands = database.prepare('select 1 from lane where claim = ? and stands = 1')
  const chain = database.prepare('select sequence, last_batch as lastBatch from lane where lane = ?')
  const settled = database.prepare('update lane set settlings = settlings + 1 where lane = ?')
  const write = writesOf(database)

  const link = (id: BatchId, { lane, claim, sequence, lastBatch }: Link) => advance.run(id, lane, claim, sequence, lastBatch).changes === 1

  return {
    commit(message) {
      const reader = new MessageReader(message)
      const [id, lane, claim, sequence, lastBatch, checks] = JSON.parse(reader.text()) as [BatchId, LaneId, ClaimId, number, BatchId, ClaimId[]]
      try {
        database.exec('begin immediate')
        if (!link(id, { id, lane, claim, sequence, lastBatch })) {
          database.exec('rollback')
          return { is: 'fenced' }
        }
        const claims = checks.filter(claim => stands.get(claim) === undefined)
        if (claims.length > 0) {
          database.exec('rollback')
          return { is: 'unchecked', claims }
        }
        write(reader)
        database.exec('commit')
        return { is: 'committed' }
      } catch (error) {
        return failureOf(database, error)
      } finally {
        release(message)
      }
    },

    settle(batch, settling) {
      try {
        database.exec('begin immediate')
        if (link(settling, batch)) {
          database.exec('commit')
          return 'out'
        }
        const now = chain.get(batch.lane) as { sequence: number; lastBatch: BatchId } | undefined
        const answer =
          now?.sequence !== batch.sequence + 1 ? 'fenced' : now.lastBatch === batch.id ? 'in' : now.lastBatch === settling ? 'out' : 'fenced'
        // What is seen here may not be on disk yet, when the fsync of its commit failed; the one of this write takes it along.
        if (answer !== 'fenced') settled.run(batch.lane)
        database.exec('commit')
        return answer
      } catch (error) {
        failureOf(database, error)
        return 'unknown'
      }
    },
  }
}
