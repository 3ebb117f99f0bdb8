import { seeded } from '../core/seeded.ts'
import { openSqliteStore } from '../store/sqlite/store.ts'
import { copy } from './past/copy.ts'
import { Crew } from './past/crew.ts'
import { type Deed, deeds, lastAt } from './past/people.ts'
import { Stage } from './past/stage.ts'
import { Traffic } from './traffic.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** The server was down, UTC. */
const DOWN = { from: (4 * 60 + 12) * MINUTE_MS, until: (4 * 60 + 31) * MINUTE_MS } as const
/** The archive of the exports was renamed so long before the end of the day. */
export const RENAMED_BEFORE_MS = 3 * HOUR_MS

export interface PlayOptions {
  /** Of the database, which must not be there yet. */
  file: string
  /** When the day ends, milliseconds since 1970. Default: now. */
  now?: number
  /** The same seed, end, length and scale give the same day. Default 1. */
  seed?: number
  /** How long the day is. Default 26: so that each time of day is in it. */
  hours?: number
  /** How much is started, 1 being some thousands of runs. Default 1. */
  scale?: number
  /** Told of how far it is, 0 to 1. */
  progress?: (share: number) => void
  /** Ends it before its time: `playDay` rejects with its reason, and there is no file. */
  signal?: AbortSignal
}

export interface Played {
  from: Date
  to: Date
  /** Runs that were started. */
  runs: number
  /** Log lines that they wrote. */
  lines: number
}

/**
 * Fills a new database with a day of a shop's work. The production engine played it on a virtual clock, with workers of the SDK: histories, ledgers, logs and limits are what
 * it wrote. It is played in memory, since 26 hours of commits on a disk would take minutes, and then written to the file.
 */
export async function playDay({
  file,
  now = Date.now(),
  seed = 1,
  hours = 26,
  scale = 1,
  progress = () => {},
  signal,
}: PlayOptions): Promise<Played> {
  const from = now - hours * HOUR_MS
  const stage = new Stage(from, seeded(seed))
  const passed = (share: number): void => {
    signal?.throwIfAborted()
    progress(share)
  }
  await play(stage, { from, now, scale, passed })
  if (stage.problems.length > 0) throw new Error(`The day could not be played: ${stage.problems[0]}`)
  const tables = stage.store.tables()
  const store = await openSqliteStore({ file, nodeName: 'demo' })
  try {
    await copy(tables, store, seeded(seed + 1))
  } finally {
    await store.close()
  }
  const runs = [...tables.open.values(), ...tables.closed.values()].filter(({ kind }) => kind === 'job').length
  const lines = [...tables.logs.values()].reduce((sum, rows) => sum + rows.size, 0)
  return { from: new Date(from), to: new Date(now), runs, lines }
}

interface Plan {
  from: number
  now: number
  scale: number
  passed(share: number): void
}

async function play(stage: Stage, { from, now, scale, passed: shared }: Plan): Promise<void> {
  const { clock } = stage
  await stage.up()
  const crew = new Crew(stage, scale)
  await stage.during(crew.begin())
  const traffic = new Traffic({ client: stage.client(), clock, random: stage.random, scale, renamedAt: now - RENAMED_BEFORE_MS })
  traffic.begin()

  const acts = [...machines(crew, now), ...deeds(stage, now, scale)].map(act => ({ ...act, at: reached(act.at, now) }))
  const outages = whole(downs(stage, now), from)
  const all = [...acts, ...outages].filter(({ at }) => at >= from && at <= now).sort((a, b) => a.at - b.at)
  const passed = (at: number): void => shared((at - from) / (now - from))
  for (const { at, act } of all) {
    await stage.playUntil(at, passed)
    await stage.during(act())
  }
  await stage.playUntil(now, passed)
  traffic.end()
  await stage.during(crew.end())
  await stage.down()
  shared(1)
}

/** The server's outage, both ends of it. */
function downs(stage: Stage, now: number): [Deed, Deed] {
  const upAt = lastAt(now, DOWN.until)
  return [
    { at: upAt - DOWN.until + DOWN.from, act: () => stage.down() },
    { at: upAt, act: () => stage.up() },
  ]
}

/** A day that begins in the middle of it begins with a server. */
function whole(pair: [Deed, Deed], from: number): Deed[] {
  return pair[0].at < from ? [] : pair
}

/** Who meets nobody tries again once the server is there. */
function reached(at: number, now: number): number {
  const upAt = lastAt(now, DOWN.until)
  return at >= upAt - DOWN.until + DOWN.from && at <= upAt ? upAt + 1_000 : at
}

function machines(crew: Crew, now: number): Deed[] {
  return [
    { at: now - 15.5 * HOUR_MS, act: async () => crew.kill('worker-eu-2') },
    { at: now - 15.4 * HOUR_MS, act: () => crew.again('worker-eu-2') },
    // Silent from then on, and its leases do not run out before the end.
    { at: now - 20_000, act: async () => crew.kill('worker-eu-3') },
  ]
}
