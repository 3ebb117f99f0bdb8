import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { OwnedTable, Source, SourceRows, SourceTable } from '../sqlite/source.ts'
import { type MailRow, type Page, type Paged, type Store, StoreRefused } from '../store.ts'
import { isOfTarget, type Progress, TABLES } from './tables.ts'
import type { TargetLane } from './target.ts'

export interface Verified {
  rows: number
  /** SHA-256 of the rows as the target's port reads them, in the order of the source; of runs' segments, logs and streams and of ledgers, of each owner's. */
  sha256: string
}

export interface VerifyOptions {
  source: Source
  target: Store
  lane: TargetLane
  progress(told: Progress): void
  signal: AbortSignal
}

/** Reads every row of both sides, in pages, and compares them. @throws StoreRefused with the first that differs, or the count that does. */
export async function verify(options: VerifyOptions): Promise<Record<SourceTable, Verified>> {
  const { source, signal, progress } = options
  const found = {} as Record<SourceTable, Verified>
  for (const table of TABLES) {
    const of = source.count(table)
    const told = (rows: number): void => {
      signal.throwIfAborted()
      progress({ doing: 'comparing', table, rows, of })
    }
    told(0)
    found[table] = table in OWNED ? await verifyOwned(options, table as OwnedTable, told) : await verifyFlat(options, table, told)
    if (found[table].rows !== of) throw new StoreRefused(`Of ${of} rows of ${table} in the source, ${found[table].rows} could be compared.`)
  }
  await verifyCounts(options, found)
  return found
}

type Told = (rows: number) => void

async function verifyFlat({ source, target, lane }: VerifyOptions, table: SourceTable, told: Told): Promise<Verified> {
  const hash = createHash('sha256')
  const find = await finderOf(target, lane, table)
  let rows = 0
  for (let page = source.page(table, null); page.next !== null; ) {
    const finding = find(page.rows as never[])
    finding.catch(() => {})
    // As in copying: the target works while this thread reads.
    await turn()
    const next = source.page(table, page.next)
    const texts = textsOf(page.rows[0] as object)
    const there = new Map((await finding).map(row => [nameOf(table, row), texts(row)]))
    for (const row of page.rows) {
      const name = nameOf(table, row)
      const text = there.get(name)
      if (text !== texts(row)) throw differs(table, name, text)
      hash.update(text).update('\n')
    }
    rows += page.rows.length
    told(rows)
    page = next
  }
  return { rows, sha256: hash.digest('hex') }
}

/** How the rows of a page are found in the target. What is never large is read at once. */
async function finderOf(target: Store, { claim }: TargetLane, table: SourceTable): Promise<(page: never[]) => Promise<object[]>> {
  if (table === 'open' || table === 'closed')
    return (page: { id: string }[]) =>
      target.loadActors(
        claim,
        page.map(({ id }) => id),
      )
  if (table === 'keys') return (page: SourceRows['keys'][]) => target.findKeys(claim, page)
  const all = await wholeOf(target, claim, table)
  if (table !== 'definitions') return async () => all
  // Their order counts too: the latest version of a name is the one that is new.
  let before = 0
  return async (page: object[]) => {
    before += page.length
    return all.slice(before - page.length, before)
  }
}

async function wholeOf(target: Store, claim: TargetLane['claim'], table: SourceTable): Promise<object[]> {
  if (table === 'definitions') return target.read.definitions()
  if (table === 'settings') return (await target.read.settings()).filter(row => !isOfTarget(row))
  if (table === 'rates') return target.loadRates(claim)
  if (table === 'holds') return target.loadHolds(claim)
  const mail: MailRow[] = []
  for (let after: string | null = null; ; ) {
    const page: Paged<MailRow> = await target.loadMail(claim, { after, limit: PAGE })
    mail.push(...page.rows)
    if (page.next === null) return mail
    after = page.next
  }
}

const PAGE = 1_000
/** Owners whose rows are asked for at once: as many as the target has connections for. */
const OWNERS_AT_ONCE = 4
const OWNERS_PAGE = 1_000

const OWNED: { [Table in OwnedTable]: (target: Store, owner: string, page: Page) => Promise<Paged<object>> } = {
  segments: async (target, run) => ({ rows: await target.read.segments(run), next: null }),
  logs: (target, run, page) => target.read.logs(run, page),
  streams: (target, run, page) => target.read.streams(run, null, page),
  ledger: (target, schedule, page) => target.read.ledger(schedule, {}, page),
}

async function verifyOwned({ source, target }: VerifyOptions, table: OwnedTable, told: Told): Promise<Verified> {
  const hash = createHash('sha256')
  let rows = 0
  const compare = async (owner: string): Promise<string> => {
    const owned = createHash('sha256')
    for (let after: string | null = null; ; ) {
      const page: Page = { after, limit: PAGE }
      const there = await OWNED[table](target, owner, page)
      const here: Paged<object> = source.owned(table, owner, page)
      const count = Math.max(here.rows.length, there.rows.length)
      const texts = textsOf(here.rows[0] ?? {})
      for (let index = 0; index < count; index++) {
        const [row, found] = [here.rows[index], there.rows[index]]
        const text = found && texts(found)
        if (row === undefined || text !== texts(row)) throw differs(table, `${owner}, ${index} from ${after ?? 'the first'}`, text)
        owned.update(text as string).update('\n')
      }
      rows += count
      if (here.next === null && there.next === null) return owned.digest('hex')
      after = here.next
    }
  }
  for (let last = ''; ; ) {
    const owners = source.owners(table, last, OWNERS_PAGE)
    if (owners.length === 0) return { rows, sha256: hash.digest('hex') }
    for (let from = 0; from < owners.length; from += OWNERS_AT_ONCE) {
      for (const digest of await Promise.all(owners.slice(from, from + OWNERS_AT_ONCE).map(compare))) hash.update(digest)
    }
    last = owners.at(-1) as string
    told(rows)
  }
}

/** Nothing is there that is not in the source. */
async function verifyCounts({ source, target, lane }: VerifyOptions, found: Record<SourceTable, Verified>): Promise<void> {
  const namespaces = source.namespaces()
  const open = (await target.loadCounts(lane.claim)).reduce((sum, { count }) => sum + count, 0)
  let closed = 0
  for (const namespace of namespaces) closed += (await target.read.closedCounts(namespace, 0)).reduce((sum, { count }) => sum + count, 0)
  const counts: [string, number, number][] = [
    ['open runs', source.runs('open'), open],
    ['closed runs', source.runs('closed'), closed],
  ]
  for (const table of ['definitions', 'settings', 'rates', 'holds', 'mail'] as const)
    counts.push([table, found[table].rows, (await wholeOf(target, lane.claim, table)).length])
  for (const [what, here, there] of counts) if (here !== there) throw new StoreRefused(`The target has ${there} ${what}, the source ${here}.`)
}

function nameOf(table: SourceTable, row: object): string {
  const { id, namespace, kind, name, version, scope, definition, key, limit, from, n } = row as Record<string, unknown>
  if (table === 'open' || table === 'closed' || table === 'holds') return id as string
  const parts = {
    definitions: [namespace, name, version],
    settings: [namespace, kind, name],
    keys: [namespace, scope, definition, key],
    rates: [namespace, limit, key],
    mail: [from, n, (row as MailRow).to],
  }[table as 'definitions' | 'settings' | 'keys' | 'rates' | 'mail']
  return JSON.stringify(parts)
}

/** Rows of a table as texts: the same for the same values, in whatever order they were read. */
function textsOf(one: object): (row: object) => string {
  const names = Object.keys(one).sort()
  return row =>
    Object.keys(row).length === names.length ? JSON.stringify(names.map(name => (row as Record<string, unknown>)[name])) : JSON.stringify(row)
}

function differs(table: SourceTable, name: string, found: string | undefined): StoreRefused {
  const what = found === undefined ? 'is not in the target' : 'is another in the target'
  return new StoreRefused(`A row of ${table} ${what}: ${name}. The source is as it was. Drop the target's schema, and report this.`)
}
