import type { DatabaseSync } from 'node:sqlite'
import type { ClaimId, LaneId } from '../../core/ids.ts'
import { CLAIMS_READ, type Claim, type ClaimRequest, type LaneRow, SHARDS, StoreFenced, StoreUnavailable } from '../store.ts'
import { faultOf } from './disk.ts'
import { rollback } from './failures.ts'

/** What of a claim says whether it stands. */
export type ClaimName = Pick<Claim, 'lane' | 'claim'>

export interface Claims {
  lanes(): LaneRow[]
  claim(request: ClaimRequest): Claim
  renew(claim: ClaimName, version: number): number | null
  release(claim: ClaimName): void
  /** Whether the lane of a claim holds the shards. @throws StoreFenced when the claim no longer stands. */
  check(claim: ClaimName): boolean
}

/** Lanes whose claim no longer stands that are remembered: one a start of the server, so a crash loop cannot fill the table. */
const LANES_REMEMBERED_MAX = 1_000

/** One process owns the database, so its lanes hold all shards or none: one that wants fewer than all, or wants some that are held, gets none. */
export function claimsOf(database: DatabaseSync): Claims {
  const columns = 'lane, claim, node, node_name as nodeName, address, renewals, version, holds, stands, sequence, last_batch as lastBatch'
  const standing = database.prepare(`select ${columns} from lane where stands = 1 order by rowid`)
  const one = database.prepare(`select ${columns} from lane where lane = ?`)
  const revokeDead = database.prepare('update lane set stands = 0, holds = 0 where lane = ? and claim = ? and renewals = ? and stands = 1')
  const insert = database.prepare(
    `insert into lane(lane, claim, node, node_name, address, renewals, stands, holds, sequence, last_batch, settlings)
    values (?, ?, ?, ?, ?, 0, 1, ? and not exists (select 1 from lane where holds = 1), 0, '', 0)`,
  )
  const forget = database.prepare(
    `delete from lane where stands = 0 and rowid <= (select rowid from lane where stands = 0 order by rowid desc limit 1 offset ${LANES_REMEMBERED_MAX})`,
  )
  const renewed = database.prepare('update lane set renewals = renewals + 1, version = ? where lane = ? and claim = ? and stands = 1')
  const settingsVersion = database.prepare('select version from settings_version')
  const released = database.prepare('update lane set stands = 0, holds = 0 where lane = ? and claim = ? and stands = 1')
  const holds = database.prepare('select holds from lane where lane = ? and claim = ? and stands = 1')

  const lane = (id: LaneId) => one.get(id) as LaneColumns | undefined

  return {
    lanes: () => (standing.all() as unknown as LaneColumns[]).map(laneRow),

    claim: request =>
      transaction(database, () => {
        const known = lane(request.lane)
        if (known?.stands === 0) throw new StoreFenced(`The claim of lane ${request.lane} no longer stands; open a lane of another id.`)
        if (known === undefined) {
          for (const dead of request.dead) revokeDead.run(dead.lane, dead.claim, dead.renewals)
          insert.run(request.lane, request.claim, request.node, request.nodeName, request.address, new Set(request.wanted).size === SHARDS ? 1 : 0)
          forget.run()
        }
        const { claim, sequence, lastBatch, holds } = lane(request.lane) as LaneColumns
        return { lane: request.lane, claim, sequence, lastBatch, shards: shardsOf(holds) }
      }),

    renew: ({ lane, claim }, version) =>
      transaction(database, () => (renewed.run(version, lane, claim).changes === 1 ? (settingsVersion.get() as { version: number }).version : null)),

    release: ({ lane, claim }) => transaction(database, () => void released.run(lane, claim)),

    check({ lane, claim }) {
      const found = holds.get(lane, claim) as { holds: number } | undefined
      if (found === undefined) throw new StoreFenced(`The claim of lane ${lane} no longer stands.`)
      return found.holds === 1
    },
  }
}

interface LaneColumns extends Omit<LaneRow, 'shards' | 'reads' | 'canHold'> {
  claim: ClaimId
  stands: number
  holds: number
  sequence: number
  lastBatch: string
}

function laneRow({ lane, claim, node, nodeName, address, renewals, version, holds }: LaneColumns): LaneRow {
  return { lane, claim, node, nodeName, address, renewals, version, shards: shardsOf(holds), reads: CLAIMS_READ, canHold: true }
}

function shardsOf(holds: number): number[] {
  return holds === 1 ? Array.from({ length: SHARDS }, (_, shard) => shard) : []
}

/** @throws StoreUnavailable when it is not known whether the transaction is on disk. */
function transaction<T>(database: DatabaseSync, body: () => T): T {
  try {
    database.exec('begin immediate')
    const answer = body()
    database.exec('commit')
    return answer
  } catch (error) {
    rollback(database)
    if (error instanceof StoreFenced) throw error
    throw new StoreUnavailable(`SQLite: ${error instanceof Error ? error.message : error}`, {
      cause: error,
      fault: faultOf(database.location(), error),
    })
  }
}
