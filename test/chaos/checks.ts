import type { Client, WireExplanation } from '@mainspring/sdk'
import { ledger } from '../integration/support/ledger.ts'
import type { OwnPostgres } from '../support/own-postgres.ts'
import type { Place, World } from './world.ts'

/** Every nominal time is in the ledger once, in order, with a run of its own (P4). */
export async function checkSchedules(world: World, until: number): Promise<{ times: number; wrong: string[] }> {
  const wrong: string[] = []
  const runs = new Set<string>()
  let times = 0
  const [{ server }] = world.places as [Place]
  for (const name of world.schedules) {
    const lines = (await ledger(server, name)).filter(({ source }) => source === 'time').sort((a, b) => a.n - b.n)
    const first = Date.parse(lines[0]?.at ?? '')
    lines.forEach((line, second) => {
      const due = new Date(first + second * 1_000).toISOString()
      const isStarted = line.account === 'fired' || line.account === 'recovered'
      if (line.at !== due || line.count !== 1 || !isStarted) wrong.push(`${name}: ${due} expected, found ${JSON.stringify(line)}`)
      if (line.run !== null && runs.size === runs.add(line.run).size) wrong.push(`${name}: ${line.run} is of two times`)
    })
    if (!(first <= world.begunAt + 1_000)) wrong.push(`${name}: the first time is ${lines[0]?.at}`)
    if (!(Date.parse(lines.at(-1)?.at ?? '') >= until - 1_000)) wrong.push(`${name}: the last time is ${lines.at(-1)?.at}`)
    times += lines.length
  }
  return { times, wrong }
}

/** What nothing is said to be in the way of has begun when somebody looks again, at the latest after so long (P6). */
const READY_MS_MAX = 30_000

/** Looks at what waits, again and again. */
export class Waiting {
  readonly wrong: string[] = []
  /** How often a run that waits was explained. */
  looks = 0
  /** By the run: since when nothing was in its way. */
  readonly #readySince = new Map<string, number>()

  async look(client: Client): Promise<void> {
    const { runs } = await client.runs.list({ state: 'queued', limit: 10 })
    const ready = new Set<string>()
    for (const id of new Set([...runs.map(({ id }) => id), ...this.#readySince.keys()])) {
      const { state, reasons } = await client.call<WireExplanation>('runs.explain', { run: id })
      this.looks++
      if (state === 'queued' && reasons.length === 0) ready.add(id)
    }
    const now = performance.now()
    for (const [id, since] of this.#readySince) {
      if (!ready.has(id)) this.#readySince.delete(id)
      else if (now - since > READY_MS_MAX) this.wrong.push(`${id}: nothing was in its way for ${Math.round(now - since)} ms, and it waits (P6)`)
    }
    for (const id of ready) if (!this.#readySince.has(id)) this.#readySince.set(id, now)
  }
}

/** More would be kept in memory without bound: what is asked of a node here is a few calls at a time (P7). */
const NODE_KIB_MAX = 400 * 1_024

export function checkMemory(world: World): string[] {
  return world.places
    .map(({ server }) => server.memoryKib('VmHWM'))
    .filter(kib => kib > NODE_KIB_MAX)
    .map(kib => `a node had ${kib} KiB in memory, allowed ${NODE_KIB_MAX} (P7)`)
}

/** What the tables hold once all is closed and no schedule is left: by the database itself, whatever nodes say of it. */
export async function checkTables(postgres: OwnPostgres): Promise<string[]> {
  const [found] = await postgres.query<Record<string, number>>(`select
    (select count(*)::int from mainspring.run_open where kind <> 'schedule') as "runs that are open",
    (select count(*)::int from mainspring.hold) as "holds that were left",
    (select count(*)::int from mainspring.mail) as "messages that nobody took",
    (select count(*)::int from mainspring.shard s left join mainspring.lane_claim c on c.lane = s.lane and c.stands where c.lane is null) as "shards without an owner whose claim stands",
    (select count(*)::int from (select lane from mainspring.lane_link group by lane having max(sequence) - min(sequence) + 1 <> count(*) or count(*) > 2) l) as "chains with a gap"`)
  return Object.entries(found ?? {})
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
}
