import { CLAIMS_READ, type Claim, type ClaimRequest, type LaneRow, SHARDS, StoreFenced } from '../store.ts'
import { arrayOf } from './arrays.ts'
import { INCARNATION } from './commit.ts'
import type { Database } from './database.ts'
import { unavailable } from './failures.ts'
import { type Parameter, type Result, type Step, statement } from './pipeline.ts'

export interface Claims {
  lanes(): Promise<LaneRow[]>
  claim(request: ClaimRequest): Promise<Claim>
  renew(claim: Claim, version: number): Promise<number | null>
  release(claim: Claim): Promise<void>
}

/** Lanes whose claim no longer stands that are remembered: one a start of a node, so a crash loop cannot fill the table. */
const LANES_REMEMBERED_MAX = 1_000

/**
 * What is claimed has a row: of form 1 (0 to 63) four parts, of form 2 (from 256 on) and 3 (from 512 on) one. Nodes of before know the rows of their forms alone:
 * of a store that has become one of a later form they find none to take, whatever they want (E11).
 */
const WIDTH = 4
const PARTS_FROM = 256

const FORMS_OF_PARTS = Array.from({ length: CLAIMS_READ - 1 }, (_, n) => n + 2)

const SHARDS_OF = "coalesce((select json_agg(s.shard order by s.shard) from shard s where s.lane = c.lane), '[]')::text"

const LANES =
  statement(`select c.lane, c.claim, c.node, c.node_name, c.address, r.renewals::text, r.version::text, ${SHARDS_OF}, coalesce(c.reads, 1)::text,
  (coalesce(c.reads, 1) >= (select greatest(1, min(shard) / ${SHARDS} + 1) from shard))::text
  from lane_claim c join lane_renewal r on r.lane = c.lane
  where c.stands and c.incarnation = ${INCARNATION} order by c.ordinal`)

/** One claim or release at a time: each statement after this one sees what all before it did. */
const TURN = statement(
  'update cluster set claims = claims + 1, claimant = case when exists (select 1 from lane_claim where lane = $1) then null else $1 end',
)
/** False for a claim that is repeated: it takes nothing more. */
const OPENS = 'exists (select 1 from cluster where claimant = $1)'

/** Renewals first: one that comes at the same moment is before (then the lane is not dead) or after (then it is told so). */
const REVOKE_DEAD = statement(`update lane_renewal r set stands = false
  where r.stands and ${OPENS} and exists (
    select 1 from unnest($2::text[], $3::text[], $4::int8[]) d(lane, claim, renewals)
    where d.lane = r.lane and d.claim = r.claim and d.renewals = r.renewals)`)
const REVOKE_ONE = statement('update lane_renewal set stands = false where lane = $1 and claim = $2 and stands')
/** Waits for batches in flight, in the order of the lanes, as batches do (commit.ts). Claims of another incarnation do not stand already, and go along. */
const REVOKE = statement(`update lane_claim set stands = false where lane in (
    select c.lane from lane_claim c
    where c.stands and (c.incarnation <> ${INCARNATION} or exists (select 1 from lane_renewal r where r.lane = c.lane and not r.stands))
    order by c.lane for update)`)

const OPEN_CLAIM = statement(`insert into lane_claim(lane, claim, node, node_name, address, stands, incarnation, reads)
  select $1, $2, $3, $4, $5, true, ${INCARNATION}, $6::int2 where ${OPENS}`)
const OPEN_RENEWAL = statement(`insert into lane_renewal(lane, claim, stands, renewals, version) select $1, $2, true, 0, 0 where ${OPENS}`)
const OPEN_CHAIN = statement(`insert into lane_link(lane, sequence, batch) select $1, 0, '' where ${OPENS}`)
/** Rows become those of the form that every node reads that is there, and stay whose they are: of form 1 each becomes the four of its parts. */
const REFINE = statement(`with form as (
      select (least(min(coalesce(c.reads, 1)), ${CLAIMS_READ}) - 1) * ${SHARDS} as first from lane_claim c where c.stands and c.incarnation = ${INCARNATION}),
    before as (delete from shard where ${OPENS} and shard < (select first from form) returning shard, lane)
  insert into shard(shard, lane)
  select form.first + before.shard * ${WIDTH} + n, before.lane from form, before, generate_series(0, ${WIDTH - 1}) n where before.shard < ${PARTS_FROM}
  union all select form.first + before.shard % ${SHARDS}, before.lane from form, before where before.shard >= ${PARTS_FROM}`)
/** What a lane holds whose claim does not stand is nobody's. */
const TAKE = statement(`update shard s set lane = $1 where s.shard = any($2::int2[]) and ${OPENS} and not exists (
    select 1 from lane_claim c where c.lane = s.lane and c.stands and c.incarnation = ${INCARNATION})`)
const FORGET = ['lane_link', 'lane_renewal', 'lane_claim'].map(table =>
  statement(`delete from ${table} where lane in (
    select lane from lane_claim where not stands and ordinal <= (select ordinal from lane_claim where not stands order by ordinal desc limit 1 offset ${LANES_REMEMBERED_MAX}))`),
)
const CLAIMED = statement(`select c.claim, (c.stands and c.incarnation = ${INCARNATION})::text, l.sequence::text, l.batch, ${SHARDS_OF}
  from lane_claim c join lane_link l on l.lane = c.lane where c.lane = $1 order by l.sequence desc limit 1`)

const RENEW = statement(`update lane_renewal r set renewals = renewals + 1, version = $3::int8
  where r.lane = $1 and r.claim = $2 and r.stands and exists (select 1 from lane_claim c where c.lane = r.lane and c.incarnation = ${INCARNATION})
  returning (select version from settings_version)::text`)

export function claimsOf(database: Database): Claims {
  async function transaction(...steps: Step[]): Promise<Result[]> {
    try {
      return await database.claim(...steps)
    } catch (error) {
      throw unavailable(error)
    }
  }

  return {
    async lanes() {
      const [found] = await transaction(step(LANES))
      return (found as Result).rows.map(([lane, claim, node, nodeName, address, renewals, version, shards, reads, canHold]) => ({
        lane: lane as string,
        claim: claim as string,
        node: node as string,
        nodeName: nodeName as string,
        address: address as string | null,
        renewals: Number(renewals),
        version: Number(version),
        shards: partsOf(shards as string),
        reads: Number(reads),
        canHold: canHold === 'true',
      }))
    },

    async claim({ lane, claim, node, nodeName, address, wanted, dead, reads = CLAIMS_READ }) {
      const results = await transaction(
        step(TURN, lane),
        step(
          REVOKE_DEAD,
          lane,
          arrayOf(
            'text',
            dead.map(row => row.lane),
          ),
          arrayOf(
            'text',
            dead.map(row => row.claim),
          ),
          arrayOf(
            'int8',
            dead.map(row => row.renewals),
          ),
        ),
        step(REVOKE),
        step(OPEN_CLAIM, lane, claim, node, nodeName, address, String(reads)),
        step(OPEN_RENEWAL, lane, claim),
        step(OPEN_CHAIN, lane),
        step(REFINE, lane),
        step(TAKE, lane, arrayOf('int2', rowsOf(wanted))),
        ...FORGET.map(statement => step(statement)),
        step(CLAIMED, lane),
      )
      const [made, stands, sequence, lastBatch, shards] = results.at(-1)?.rows[0] ?? []
      if (stands !== 'true') throw new StoreFenced(`The claim of lane ${lane} no longer stands; open a lane of another id.`)
      return {
        lane,
        claim: made as string,
        sequence: Number(sequence),
        lastBatch: lastBatch as string,
        shards: partsOf(shards as string),
      }
    },

    async renew({ lane, claim }, version) {
      const [renewed] = await transaction(step(RENEW, lane, claim, String(version)))
      const now = renewed?.rows[0]?.[0]
      return now == null ? null : Number(now)
    },

    async release({ lane, claim }) {
      await transaction(step(TURN, lane), step(REVOKE_ONE, lane, claim), step(REVOKE))
    },
  }
}

/** The rows of all forms that are of these parts alone. */
function rowsOf(parts: readonly number[]): number[] {
  const wanted = new Set(parts)
  const coarse = Array.from({ length: SHARDS / WIDTH }, (_, row) => row)
  return [
    ...coarse.filter(row => ofCoarse(row).every(part => wanted.has(part))),
    ...FORMS_OF_PARTS.flatMap(form => parts.map(part => (form - 1) * SHARDS + part)),
  ]
}

function partsOf(rows: string): number[] {
  return (JSON.parse(rows) as number[]).flatMap(row => (row < PARTS_FROM ? ofCoarse(row) : row % SHARDS))
}

function ofCoarse(row: number): number[] {
  return Array.from({ length: WIDTH }, (_, n) => row * WIDTH + n)
}

function step(statement: Step['statement'], ...parameters: Parameter[]): Step {
  return { statement, parameters }
}
