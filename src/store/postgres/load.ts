import type { GroupId } from '../../core/gates.ts'
import type { ActorId, RunId } from '../../core/ids.ts'
import type { OpenState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { cursorOf, FIRST, pageOf, placeOf, scheduleCursor, scheduleCursorOf } from '../cursor.ts'
import {
  type Claim,
  type Expired,
  type GroupHead,
  type HoldRow,
  type KeyName,
  type KeyRow,
  type LineName,
  type MailRow,
  type OldLines,
  type OpenCount,
  type OpenRow,
  type Page,
  type Paged,
  type RateRow,
  type ReadyRequest,
  type Row,
  SHARDS,
  StoreFenced,
} from '../store.ts'
import { arrayOf } from './arrays.ts'
import { INCARNATION } from './commit.ts'
import { type Database, lookedUp, type Planning } from './database.ts'
import { unavailable } from './failures.ts'
import { textOf, upFrom, wholeDown } from './parameters.ts'
import { type Parameter, type ResultRow, type Statement, statement } from './pipeline.ts'
import { CLOSED_COLUMNS, numberOrNull, OPEN_COLUMNS, openRowOf, rowOf } from './rows.ts'

/** Reads that decisions rest on: each one statement, which checks the claim in the snapshot that it reads from (E1). */
export interface Loads {
  loadActors(claim: Claim, ids: readonly RunId[]): Promise<Row[]>
  loadDue(claim: Claim, until: Instant, page: Page): Promise<Paged<{ id: RunId; wakeAt: Instant }>>
  loadDelivered(claim: Claim, page: Page): Promise<Paged<OpenRow>>
  findKeys(claim: Claim, names: readonly KeyName[]): Promise<KeyRow[]>
  loadGroups(claim: Claim): Promise<GroupHead[]>
  pageReady(claim: Claim, requests: readonly ReadyRequest[]): Promise<Paged<OpenRow>[]>
  loadRates(claim: Claim): Promise<RateRow[]>
  loadHolds(claim: Claim): Promise<HoldRow[]>
  loadMail(claim: Claim, page: Page): Promise<Paged<MailRow>>
  lastMail(claim: Claim): Promise<number>
  lastId(claim: Claim): Promise<ActorId | null>
  loadCounts(claim: Claim): Promise<OpenCount[]>
  loadExpired(claim: Claim, until: Instant, limit: number): Promise<Expired>
  loadOldLines(claim: Claim, old: OldLines, page: Page): Promise<Paged<LineName>>
}

/**
 * The rows of a query beside the claim: none at all where it no longer stands, one of nulls where there are no rows. The query's first column is never null.
 * Its parameters begin at $6; $3 to $5 are the parts of the claim's shards, for `mine`.
 */
function load(query: string, order: string): Statement {
  return statement(`select r.* from (
      select $3::int2, $4::int2, $5::bit(256) from lane_claim where lane = $1 and claim = $2 and stands and incarnation = ${INCARNATION}
    ) standing left join lateral (${query}) r on true ${order}`)
}

/** A row's part is on the claim's shards. The bounds are looked up in an index that carries the part, the set once they fit. */
const mine = (part: string) => `${part} between $3::int2 and $4::int2 and get_bit($5::bit(256), ${part}) = 1`

const ACTORS = load(
  `select ${OPEN_COLUMNS} from unnest($6::text[]) i(id) join run_open r on ${lookedUp('r.id', 'i.id')}
  union all select ${CLOSED_COLUMNS} from unnest($6::text[]) i(id) join run_closed r on ${lookedUp('r.id', 'i.id')}`,
  '',
)
const DUE = load(
  `select r.id, r.wake_at as at, r.wake_at::text from run_open r
  where r.wake_at is not null and r.wake_at <= $6::int8 and (r.wake_at, r.id) > ($7::int8, $8) and ${mine('r.part')}
  order by r.wake_at, r.id limit $9::int8`,
  'order by r.at, r.id',
)
const DELIVERED = load(
  `select ${OPEN_COLUMNS} from run_open r where r.delivered and r.id > $6 and ${mine('r.part')} order by r.id limit $7::int8`,
  'order by r.id',
)
const READY = load(
  `select q.nth::text as nth, ready.*, q.nth as request from unnest($6::int8[], $7::float8[], $8::text[], $9::int8[]) with ordinality q(gate, sort, id, rows, nth)
  cross join lateral (
    select ${OPEN_COLUMNS}, r.sort as place from run_open r where r.gate = q.gate and (r.sort, r.id) > (q.sort, q.id) and ${mine('r.part')}
    order by r.sort, r.id limit q.rows) ready`,
  'order by r.request, r.place, r.id',
)
/**
 * From group to group by the index: the time depends on the number of groups, not on how many tasks are ready. A step takes the next entries, which are all of
 * some small groups and the first of another: of that one the head is looked up, since what is on the shards may come later.
 */
const GROUPS = load(
  `with recursive step(last, gates, sorts, parts) as (
    (select r.gate, array[r.gate], array[r.sort], array[r.part] from run_open r where r.gate is not null order by r.gate, r.sort, r.id limit 1)
    union all
    select next.* from step cross join lateral (
      select max(n.gate) as last, array_agg(n.gate), array_agg(n.sort), array_agg(n.part) from (
        select r.gate, r.sort, r.part from run_open r where r.gate is not null and r.gate > step.last order by r.gate, r.sort, r.id limit 16) n) next
    where next.last is not null
  )
  select found.gate::text, min(found.sort)::text from (
    select e.gate, e.sort from step cross join lateral unnest(step.gates, step.sorts, step.parts) e(gate, sort, part) where ${mine('e.part')}
    union all
    select step.last, head.sort from step cross join lateral (
      select r.sort from run_open r where r.gate = step.last and ${mine('r.part')} order by r.sort limit 1) head) found
  group by found.gate`,
  '',
)
const KEYS = load(
  `select k.namespace, k.scope, k.definition, k.key, k.run, k.input_hash, k.expires_at::text, u.nth
  from unnest($6::text[], $7::text[], $8::text[], $9::bytea[]) with ordinality u(namespace, scope, definition, key, nth)
  join run_key k on ${lookedUp('k.namespace', 'u.namespace')} and k.scope = u.scope and k.definition = u.definition and k.key = u.key`,
  'order by r.nth',
)
const RATES = load(`select t.namespace, t.limit_name, t.key, t.spent from rate t where ${mine('t.part')}`, '')
const HOLDS = load(
  `select h.id, h.part::text, h.namespace, h.limit_name, h.key, h.run, h.weight::text, h.since::text from hold h where ${mine('h.part')}`,
  '',
)
const MAIL = load(
  `select m.to_part::text, m.from_part::text, m.n::text, m.id, m.body, m.from_part as from_order, m.n as n_order from mail m
  where (m.from_part, m.n) > ($6::int2, $7::int8) and ${mine('m.to_part')} order by m.from_part, m.n limit $8::int8`,
  'order by r.from_order, r.n_order',
)
const LAST_MAIL = load(`select coalesce(max(m.n), 0)::text from mail m where ${mine('m.from_part')}`, '')
/** Of keys from namespace to namespace, with which their index begins. */
const LAST_ID = load(
  `with recursive n(namespace) as (
    (select k.namespace from run_key k order by k.namespace limit 1)
    union all
    select (select k.namespace from run_key k where k.namespace > n.namespace order by k.namespace limit 1) from n where n.namespace is not null
  )
  select greatest(
    (select o.id from run_open o order by o.id desc limit 1),
    (select c.id from run_closed c order by c.id desc limit 1),
    (select convert_from(called.key, 'UTF8') collate "C" from n cross join lateral (
      select k.key from run_key k where k.namespace = n.namespace and k.scope = 'call' and k.definition = '' order by k.key desc limit 1) called
      order by called.key desc limit 1))`,
  '',
)
const COUNTS = load(
  `select r.namespace, r.queue, r.name, r.state, count(*)::text from run_open r where r.kind <> 'schedule' and r.kind <> 'timeline' and r.kind <> 'asset' and r.kind <> 'memo' and ${mine('r.part')} group by 1, 2, 3, 4`,
  '',
)
const EXPIRED_RUNS = load(
  `select c.id, c.namespace, c.created_at::text, c.purge_at from run_closed c
  where c.purge_at <= $6::int8 and ${mine('c.part')} order by c.purge_at limit $7::int8`,
  'order by r.purge_at',
)
const EXPIRED_KEYS = load(
  `select k.namespace, k.scope, k.definition, k.key, k.expires_at from run_key k
  where k.expires_at is not null and k.expires_at <= $6::int8 and ${mine('k.part')} and not exists (select 1 from run_open o where ${lookedUp('o.id', 'k.run')})
  order by k.expires_at limit $7::int8`,
  'order by r.expires_at',
)
const SCHEDULES = load(
  `select r.id, r.namespace, r.name from run_open r
  where r.kind = 'schedule' and (r.namespace, r.name) > ($6, $7) and ${mine('r.part')} order by r.namespace, r.name limit $8::int8`,
  'order by r.namespace, r.name',
)
const OLD_LINES = load(
  `select l.schedule, l.n::text, s.nth, l.until from unnest($6::text[], $7::int8[]) with ordinality s(id, before, nth)
  cross join lateral (
    select o.schedule, o.n, o.until from ledger o
    where o.schedule = s.id and o.until < s.before and o.account <> 'intended'
      and o.n <= (select m.n from ledger m where m.schedule = s.id order by m.n desc limit 1) - $8::int8
    order by o.until limit $9::int8) l
  order by s.nth, l.until limit $9::int8`,
  'order by r.nth, r.until',
)

export function loadsOf(database: Database): Loads {
  /** @throws StoreFenced when the claim no longer stands. */
  async function rows(claim: Claim, planning: Planning, statement: Statement, ...parameters: Parameter[]): Promise<ResultRow[]> {
    const [low, high, parts] = partsOf(claim.shards)
    try {
      const [found] = await database.decide(planning, { statement, parameters: [claim.lane, claim.claim, low, high, parts, ...parameters] })
      const rows = found?.rows as ResultRow[]
      if (rows.length === 0) throw new StoreFenced(`The claim of lane ${claim.lane} no longer stands.`)
      return rows[0]?.[0] === null ? [] : rows
    } catch (error) {
      throw error instanceof StoreFenced ? error : unavailable(error)
    }
  }

  return {
    async loadActors(claim, ids) {
      return (await rows(claim, 'keyed', ACTORS, arrayOf('text', [...new Set(ids)]))).map(columns => rowOf(columns))
    },

    async loadDue(claim, until, page) {
      const found = await rows(claim, 'keyed', DUE, wholeDown(until), ...upFrom(startOf(page)), String(page.limit + 1))
      const due = found.map(([id, , wakeAt]) => ({ id: id as string, wakeAt: Number(wakeAt) }))
      return pageOf(due, page.limit, ({ wakeAt, id }) => cursorOf({ at: wakeAt, id }))
    },

    async loadDelivered(claim, page) {
      const found = await rows(claim, 'keyed', DELIVERED, startOf(page).id, String(page.limit + 1))
      return pageOf(
        found.map(columns => openRowOf(columns)),
        page.limit,
        ({ id }) => cursorOf({ at: 0, id }),
      )
    },

    async findKeys(claim, names) {
      const asked = [...new Map(names.map(name => [JSON.stringify([name.namespace, name.scope, name.definition, name.key]), name])).values()]
      const texts = (of: (name: KeyName) => string) => arrayOf('text', asked.map(of))
      const found = await rows(
        claim,
        'keyed',
        KEYS,
        texts(({ namespace }) => namespace),
        texts(({ scope }) => scope),
        texts(({ definition }) => definition),
        arrayOf(
          'bytea',
          asked.map(({ key }) => key),
        ),
      )
      return found.map(columns => ({
        ...keyNameOf(columns),
        run: columns[4] as string,
        inputHash: columns[5] as string,
        expiresAt: numberOrNull(columns[6]),
      }))
    },

    async loadGroups(claim) {
      return (await rows(claim, 'keyed', GROUPS)).map(([group, sort]) => ({ group: Number(group) as GroupId, sort: Number(sort) }))
    },

    async pageReady(claim, requests) {
      const starts = requests.map(startOf)
      const found = await rows(
        claim,
        'keyed',
        READY,
        arrayOf(
          'int8',
          requests.map(({ group }) => group),
        ),
        arrayOf(
          'float8',
          starts.map(({ at }) => at),
        ),
        arrayOf(
          'text',
          starts.map(({ id }) => id),
        ),
        arrayOf(
          'int8',
          requests.map(({ limit }) => limit + 1),
        ),
      )
      const pages: OpenRow[][] = requests.map(() => [])
      for (const columns of found) pages[Number(columns[0]) - 1]?.push(openRowOf(columns, 1))
      return requests.map(({ limit }, index) => pageOf(pages[index] as OpenRow[], limit, ({ sort, id }) => cursorOf({ at: sort as number, id })))
    },

    async loadRates(claim) {
      const found = await rows(claim, 'free', RATES)
      return found.map(([namespace, limit, key, spent]) => ({ namespace, limit, key, spent }) as RateRow)
    },

    async loadHolds(claim) {
      return (await rows(claim, 'free', HOLDS)).map(([id, part, namespace, limit, key, run, weight, since]) => ({
        id: id as string,
        part: Number(part),
        namespace: namespace as string,
        limit: limit as string,
        key: key as string,
        run: run as string,
        weight: Number(weight),
        since: Number(since),
      }))
    },

    async loadMail(claim, page) {
      const { at, id } = page.after === null ? { at: -1, id: '0' } : placeOf(page.after)
      const found = await rows(claim, 'keyed', MAIL, String(at), id, String(page.limit + 1))
      const mail = found.map(([to, from, n, id, body]) => ({
        to: Number(to),
        from: Number(from),
        n: Number(n),
        id: id as string,
        body: body as string,
      }))
      return pageOf(mail, page.limit, ({ from, n }) => cursorOf({ at: from, id: String(n) }))
    },

    async lastMail(claim) {
      return Number((await rows(claim, 'free', LAST_MAIL))[0]?.[0])
    },

    async lastId(claim) {
      return ((await rows(claim, 'listed', LAST_ID))[0]?.[0] as ActorId | undefined) ?? null
    },

    async loadCounts(claim) {
      return (await rows(claim, 'free', COUNTS)).map(([namespace, queue, name, state, count]) => ({
        namespace: namespace as string,
        queue: queue as string,
        name: name as string,
        state: state as OpenState,
        count: Number(count),
      }))
    },

    async loadExpired(claim, until, limit) {
      const runs = await rows(claim, 'keyed', EXPIRED_RUNS, wholeDown(until), String(limit))
      const keys = await rows(claim, 'keyed', EXPIRED_KEYS, wholeDown(until), String(limit))
      return {
        runs: runs.map(([id, namespace, createdAt]) => ({ id: id as string, namespace: namespace as string, createdAt: Number(createdAt) })),
        keys: keys.map(keyNameOf),
      }
    },

    async loadOldLines(claim, { before, beforeIn, keep }, page) {
      const { namespace, name } = scheduleCursor(page.after)
      const found = await rows(claim, 'keyed', SCHEDULES, textOf(namespace), textOf(name), String(page.limit + 1))
      const { rows: schedules, next } = pageOf(found, page.limit, ([, namespace, name]) => scheduleCursorOf(namespace as string, name as string))
      if (schedules.length === 0) return { rows: [], next }
      const lines = await rows(
        claim,
        'keyed',
        OLD_LINES,
        arrayOf(
          'text',
          schedules.map(([id]) => id as string),
        ),
        arrayOf(
          'int8',
          schedules.map(([, namespace]) => beforeIn[namespace as string] ?? before),
        ),
        String(keep),
        String(page.limit),
      )
      return { rows: lines.map(([schedule, n]) => ({ schedule: schedule as string, n: Number(n) })), next }
    },
  }
}

/** The parts of shards: the smallest, the greatest, and all as 256 bits. None: bounds that nothing is within. */
function partsOf(shards: readonly number[]): [low: string, high: string, parts: string] {
  const bits = Array<string>(SHARDS).fill('0')
  for (const shard of shards) bits[shard] = '1'
  if (shards.length === 0) return ['1', '0', bits.join('')]
  return [String(Math.min(...shards)), String(Math.max(...shards)), bits.join('')]
}

function startOf(page: Page) {
  return page.after === null ? FIRST : placeOf(page.after)
}

function keyNameOf([namespace, scope, definition, key]: ResultRow): KeyName {
  return { namespace, scope, definition, key } as KeyName
}
