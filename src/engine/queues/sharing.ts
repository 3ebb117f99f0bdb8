import { groupFor } from '../actor.ts'
import type { Clock } from '../clock.ts'
import type { Definitions } from '../definitions.ts'
import type { QueueShares, ShareView } from '../face.ts'
import type { Tenure } from '../tenure.ts'
import { shareOf } from './shares.ts'

const SHARES_TOLD_MAX = 100
/** Where there are more lines, an answer does for a second. */
const MANY_LINES = 1_000
const AGAIN_MS = 1_000

/** How the keys of a queue share it now, by what dispatch goes by. */
export function sharing(tenure: () => Tenure, definitions: Definitions, clock: Clock): (namespace: string, queue: string) => QueueShares {
  const known = new Map<string, { until: number; view: QueueShares }>()
  return (namespace, queue) => {
    const id = `${namespace}\n${queue}`
    const now = clock.monotonic()
    const last = known.get(id)
    if (last !== undefined && now < last.until) return last.view
    known.delete(id)
    const { view, lines } = viewOf(tenure(), definitions, namespace, queue)
    if (lines > MANY_LINES) known.set(id, { until: now + AGAIN_MS, view })
    return view
  }
}

interface Seen extends Omit<ShareView, 'key' | 'before' | 'handedOut'> {
  key: string
  /** Infinity: it has nothing that may be handed out. */
  pass: number
}

function viewOf({ queues, leases, lane }: Tenure, definitions: Definitions, namespace: string, queue: string): { view: QueueShares; lines: number } {
  const { fair, lines, unread } = queues.sharesOf(namespace, queue)
  const seen = new Map<string, Seen>()
  const of = ({ key, weight }: { key: string; weight: number }): Seen => {
    const found = seen.get(key) ?? { key, weight, ready: 0, more: false, held: 0, running: 0, pass: Number.POSITIVE_INFINITY }
    seen.set(key, found)
    return found
  }
  for (const { share, window, parked } of lines) {
    if (share === null) continue
    const one = of(share)
    one.ready += window.ready
    one.more ||= !window.isComplete
    if (parked !== null) one.held++
    if (share.lines > 0) one.pass = share.pass
  }
  for (const { run } of leases.all()) {
    const actor = lane.actors.get(run)
    if (actor?.namespace !== namespace || actor.queue !== queue) continue
    of(shareOf(definitions.get(namespace, actor.name)?.options.fair, groupFor(actor).keys)).running++
  }
  const used = [...seen.values()].filter(({ ready, more, running }) => ready > 0 || more || running > 0).sort(goesBefore)
  const recent = fair?.recent() ?? new Map<string, number>()
  const shares = used.slice(0, SHARES_TOLD_MAX).map(({ key, pass, ...told }): ShareView => {
    const before = pass === Number.POSITIVE_INFINITY ? null : used.findIndex(one => one.pass === pass)
    return { ...told, key: key === '' ? null : key.slice(1), before, handedOut: recent.get(key) ?? 0 }
  })
  const view = {
    keys: used.length,
    inTurn: used.filter(({ pass }) => pass < Number.POSITIVE_INFINITY).length,
    recent: [...recent.values()].reduce((sum, count) => sum + count, 0),
    unread,
    shares,
  }
  return { view, lines: lines.length }
}

/** By their turns; of those that have none, the fullest first. */
function goesBefore(a: Seen, b: Seen): number {
  if (a.pass !== b.pass) return a.pass - b.pass
  return b.ready - a.ready || b.running - a.running || (a.key < b.key ? -1 : 1)
}
