import type { BatchId } from '../../core/ids.ts'
import type { Answer, Batch, Writes } from '../store.ts'
import { ArrayWriter, arrayOf, Unstorable } from './arrays.ts'
import type { Database } from './database.ts'
import { Aborted, answerOf } from './failures.ts'
import { type Parameter, type Result, type Statement, type Step, statement } from './pipeline.ts'
import { vacuumsOf } from './vacuum.ts'
import { PARTS, type Part } from './writes.ts'

/** The store as it is now, told by the timeline of its log: it changes when a replica is promoted, whatever that one lost (E2). */
export const INCARNATION = 'substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)'

export interface Commits {
  commit(batch: Batch): Promise<Answer>
  settle(batch: Batch, settling: BatchId): Promise<'in' | 'out' | 'fenced' | 'unknown'>
}

/** The last batch's size, plus a quarter: batches of a busy lane resemble each other. */
const ROOM = 1.25

export function commitsOf(database: Database, vacuumed = vacuumsOf(database)): Commits {
  const statements = new Map<string, Statement>()
  let expectedBytes = 4_096

  /** Shapes of batches are few: most have one to three parts. */
  function step(batch: Batch, claims: readonly string[]): Step {
    const parts = partsOf(batch.writes)
    const shape = parts.map(({ part }) => part.name).join()
    const known = statements.get(shape) ?? statement(commitSql(parts.map(({ part }) => part)))
    statements.set(shape, known)
    const writer = new ArrayWriter(expectedBytes)
    const parameters: Parameter[] = [
      ...[batch.lane, batch.claim, String(batch.sequence), batch.lastBatch, batch.id],
      arrayOf('text', claims),
      String(claims.length),
    ]
    let bytes = 0
    for (const { part, rows } of parts)
      for (const column of Object.values(part.columns)) {
        const array = writer.column(rows, column)
        bytes += array.length
        parameters.push(array)
      }
    expectedBytes = Math.ceil(bytes * ROOM) + 64
    return { statement: known, parameters }
  }

  return {
    async commit(batch) {
      const claims = [...new Set([batch.claim, ...batch.checks])]
      try {
        const [written] = await database.decide('keyed', step(batch, claims))
        const [standing, fenced, next] = (written as Result).rows[0] as [string, string, string]
        if (fenced === '1') {
          vacuumed(batch.writes.touched.length + batch.writes.closed.length)
          return { is: 'committed' }
        }
        const stand = new Set(JSON.parse(standing) as string[])
        const missing = batch.checks.filter(claim => !stand.has(claim))
        return next === '1' && stand.has(batch.claim) && missing.length > 0 ? { is: 'unchecked', claims: missing } : { is: 'fenced' }
      } catch (error) {
        if (error instanceof Unstorable) return { is: 'refused', resend: false, why: error.message }
        if (error instanceof Aborted) return answerOf(error)
        if (database.closed) throw error
        return { is: 'unknown' }
      }
    },

    async settle({ id, lane, claim, sequence, lastBatch }, settling) {
      try {
        const parameters = [lane, claim, String(sequence), lastBatch, settling, arrayOf('text', [claim]), '1']
        // Two statements: what the second one sees is newer than whatever the first has waited for.
        const [advanced, now] = await database.decide('keyed', { statement: SETTLE, parameters }, { statement: CHAIN, parameters: [lane] })
        if (advanced?.rows[0]?.[1] === '1') return 'out'
        const [at, named] = now?.rows[0] ?? []
        if (at !== String(sequence + 1)) return 'fenced'
        return named === id ? 'in' : named === settling ? 'out' : 'fenced'
      } catch (error) {
        if (error instanceof Aborted) return 'unknown'
        if (database.closed) throw error
        return 'unknown'
      }
    },
  }
}

interface Filled {
  part: Part
  rows: readonly never[]
}

function partsOf(writes: Writes): Filled[] {
  const filled: Filled[] = []
  for (const part of PARTS) {
    const rows = part.rows(writes)
    if (rows.length > 0) filled.push({ part, rows })
  }
  return filled
}

/**
 * A batch as one statement: the claims are share-locked, its own and those that it checks (E1, E17); its link is added to the chain; and each part writes
 * only if it was. In order of the lanes, as a revocation takes them, so that the two do not deadlock.
 *
 * The link that it builds on is locked: as long as it is there, so is its successor, if it has one, and then there is no other. A link that the chain has
 * passed by two is gone, and a late batch that still sees it cannot lock it.
 *
 * At READ COMMITTED a statement sees the tables as they were before it began, and looks again at a row that it had to wait for: a zombie's batch waits for the
 * takeover, finds its claim revoked and writes nothing; a takeover waits for the batch in flight. What the parts see may be older than what was waited for,
 * but nobody else writes what they write as long as the claim stands.
 */
export function commitSql(parts: readonly Part[]): string {
  let next = 8
  const expressions = parts.map(part => {
    const columns = Object.entries(part.columns)
    const arrays = columns.map(([, { type }]) => `$${next++}::${type}[]`)
    return part.sql(`unnest(${arrays.join(', ')}) u(${columns.map(([name]) => name).join(', ')})`)
  })
  next = 8
  const counts = parts.flatMap(({ counted, columns }) => {
    const first = next
    next += Object.keys(columns).length
    return counted ? [`when ${counted.by} <> cardinality($${first}) then ${raise(counted.by, `cardinality($${first})`, counted.what)}`] : []
  })
  const checked = counts.length === 0 ? "'0'" : `case when not exists (select 1 from fence) then '0' ${counts.join(' ')} else '0' end`
  return `with claims as materialized (
      select c.lane, c.claim from lane_claim c where c.claim = any($6::text[]) and c.stands and c.incarnation = ${INCARNATION} order by c.lane for share
    ),
    base as materialized (select 1 from lane_link where lane = $1 and sequence = $3::int8 and batch = $4 for update),
    fence as materialized (
      insert into lane_link(lane, sequence, batch) select $1, $3::int8 + 1, $5
      where exists (select 1 from claims where lane = $1 and claim = $2) and (select count(*) from claims) = $7::int8 and exists (select 1 from base)
      on conflict (lane, sequence) do nothing returning 1
    ),
    passed as (delete from lane_link where lane = $1 and sequence = $3::int8 - 1 and exists (select 1 from fence))${expressions.map(expression => `,\n    ${expression}`).join('')}
    select coalesce((select json_agg(claim) from claims), '[]')::text, (select count(*) from fence)::text,
      (select count(*) from base)::text, ${checked}`
}

/** SQL alone raises an error of its own only by a value that is none: the whole batch is refused by it. */
function raise(found: string, sent: string, what: string): string {
  return `cast('mainspring: ' || ${found} || ' of ' || ${sent} || ' ${what}' as integer)::text`
}

const SETTLE = statement(commitSql([]))
const CHAIN = statement('select l.sequence::text, l.batch from lane_link l where l.lane = $1 order by l.sequence desc limit 1')
