import { BECAME, type Became } from './became.ts'

/** One time, or a stretch of the ledger's that share an account, on an axis. */
export interface Moment {
  at: number
  /** The last of the stretch; absent: the same. */
  until?: number
  count: number
  became: Became
  run?: string | null
  text?: string | null
}

/** The part of a line of the ledger that lies in a range: of a stretch that goes beyond, its share, as if its times were evenly far from each other. */
export function partOf(line: { at: string; until: string; count: number }, from: number, end: number): { at: number; until: number; count: number } {
  const [first, last] = [Date.parse(line.at), Date.parse(line.until)]
  const [at, until] = [Math.max(from, first), Math.min(end, last)]
  const count = until - at < last - first ? Math.max(1, Math.round((line.count * (until - at)) / (last - first))) : line.count
  return { at, until, count }
}

/** Moments that stand too close to be told apart, as one: a band. Of a single time, `from` and `until` are the same. */
export interface Cluster {
  from: number
  until: number
  count: number
  /** The worst of them: what the band must not hide. */
  became: Became
  tally: Partial<Record<Became, number>>
  moments: readonly Moment[]
}

/** Joins what is closer than `gapMs`. What has been and what will be stay apart, so that a band never crosses now. */
export function clustersOf(moments: readonly Moment[], gapMs: number): Cluster[] {
  const clusters: Cluster[] = []
  for (const moment of [...moments].sort((a, b) => a.at - b.at)) {
    const last = clusters.at(-1)
    if (last !== undefined && moment.at - last.until < gapMs && (last.became === 'coming') === (moment.became === 'coming')) add(last, moment)
    else {
      const cluster: Cluster = { from: moment.at, until: moment.at, count: 0, became: moment.became, tally: {}, moments: [] }
      add(cluster, moment)
      clusters.push(cluster)
    }
  }
  return clusters
}

function add(cluster: Cluster, moment: Moment): void {
  cluster.until = Math.max(cluster.until, moment.until ?? moment.at)
  cluster.count += moment.count
  cluster.tally[moment.became] = (cluster.tally[moment.became] ?? 0) + moment.count
  if (BECAME.indexOf(moment.became) < BECAME.indexOf(cluster.became)) cluster.became = moment.became
  ;(cluster.moments as Moment[]).push(moment)
}

export function tallyOf(moments: readonly Moment[]): Partial<Record<Became, number>> {
  const tally: Partial<Record<Became, number>> = {}
  for (const { became, count } of moments) tally[became] = (tally[became] ?? 0) + count
  return tally
}

export interface Start {
  name: string
  definition: string
  at: number
  became: Became
}

/** Starts by the minute in which they fall: what was held, paused or missed started nothing. */
export function startsByMinute(starts: readonly Start[]): Map<number, Start[]> {
  const minutes = new Map<number, Start[]>()
  for (const start of starts) {
    if (!STARTS.has(start.became)) continue
    const minute = Math.floor(start.at / MINUTE_MS) * MINUTE_MS
    const known = minutes.get(minute)
    if (known === undefined) minutes.set(minute, [start])
    else known.push(start)
  }
  return minutes
}
export const MINUTE_MS = 60_000
const STARTS = new Set<Became>(['failed', 'late', 'running', 'waiting', 'completed', 'cancelled', 'coming', 'refused'])

/** Minutes in which at least three schedules start and more than in most others, the fullest first. */
export function herdsOf(minutes: ReadonlyMap<number, readonly Start[]>, most = 5): [number, readonly Start[]][] {
  const sizes = [...minutes.values()].map(starts => starts.length).sort((a, b) => a - b)
  const usual = sizes[Math.floor((sizes.length - 1) * 0.75)] ?? 0
  return [...minutes]
    .filter(([, starts]) => starts.length >= Math.max(3, usual + 1))
    .sort(([a, one], [b, other]) => other.length - one.length || a - b)
    .slice(0, most)
}
