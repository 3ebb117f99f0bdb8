import type { LaneId } from '../../core/ids.ts'
import { CLAIMS_READ, type Claim, type ClaimRequest, type LaneRow, SHARDS, SINGLE_PARTS, StoreFenced } from '../store.ts'
import type { Lane, Tables } from './tables.ts'

/** Of form 1 shards are so many parts, which go together. */
const WIDTH = 4

export function lanes(tables: Tables): LaneRow[] {
  return [...tables.lanes.values()]
    .filter(lane => lane.stands)
    .map(({ row }) => ({ ...row, shards: [...row.shards], canHold: row.reads >= tables.claimsForm }))
}

/** Takes free shards and those of dead lanes. A lane whose claim no longer stands is never opened again: a late repeat must not bring it back. */
export function claim(tables: Tables, request: ClaimRequest, reads = request.reads ?? CLAIMS_READ): Claim {
  const known = tables.lanes.get(request.lane)
  if (known !== undefined) {
    if (!known.stands) throw new StoreFenced(`The claim of lane ${request.lane} no longer stands; open a lane of another id.`)
    return claimOf(known)
  }
  for (const seen of request.dead) {
    const lane = tables.lanes.get(seen.lane)
    if (lane?.stands && lane.row.claim === seen.claim && lane.row.renewals === seen.renewals) revoke(tables, lane)
  }
  const standing = [...tables.lanes.values()].filter(({ stands }) => stands)
  const form = Math.min(CLAIMS_READ, reads, ...standing.map(({ row }) => row.reads))
  if (form > tables.claimsForm) tables.setClaimsForm(form)
  const held = new Set(standing.flatMap(({ row }) => row.shards))
  const free = request.wanted.filter(shard => !held.has(shard)).sort((a, b) => a - b)
  const shards = reads < tables.claimsForm ? [] : tables.claimsForm < SINGLE_PARTS ? whole(free) : free
  const lane: Lane = {
    row: {
      lane: request.lane,
      claim: request.claim,
      node: request.node,
      nodeName: request.nodeName,
      address: request.address,
      renewals: 0,
      version: 0,
      shards,
      reads,
    },
    stands: true,
    sequence: 0,
    lastBatch: '',
  }
  tables.setLane(lane)
  tables.seal()
  return claimOf(lane)
}

export function renew(tables: Tables, claim: Claim, version: number): number | null {
  const lane = standing(tables, claim)
  if (lane === null) return null
  tables.setLane({ ...lane, row: { ...lane.row, renewals: lane.row.renewals + 1, version } })
  tables.seal()
  return tables.settingsVersion
}

export function release(tables: Tables, claim: Claim): void {
  const lane = standing(tables, claim)
  if (lane === null) return
  revoke(tables, lane)
  tables.seal()
}

/** The lane of a claim, if the claim stands. */
export function standing(tables: Tables, claim: { lane: LaneId; claim: string }): Lane | null {
  const lane = tables.lanes.get(claim.lane)
  return lane?.stands && lane.row.claim === claim.claim ? lane : null
}

/** Of form 1 nothing is taken in parts. */
function whole(free: readonly number[]): number[] {
  const offered = new Set(free)
  return Array.from({ length: SHARDS / WIDTH }, (_, shard) => Array.from({ length: WIDTH }, (_, n) => shard * WIDTH + n))
    .filter(parts => parts.every(part => offered.has(part)))
    .flat()
}

function revoke(tables: Tables, lane: Lane): void {
  tables.setLane({ ...lane, stands: false, row: { ...lane.row, shards: [] } })
}

function claimOf({ row, sequence, lastBatch }: Lane): Claim {
  return { lane: row.lane, claim: row.claim, sequence, lastBatch, shards: [...row.shards] }
}
