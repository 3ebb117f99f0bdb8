import type { Shown, ShownNode } from './folding.ts'
import type { Placed } from './places.ts'

/** A rectangle of a graph, in its own pixels. */
export interface Region {
  from: { x: number; y: number }
  to: { x: number; y: number }
}

/** Before the size is known: what a large screen shows. */
const SIZE = { width: 1_600, height: 900 }

/**
 * What is seen and about as much around it, in steps: moved by a little it is the same, so that what is drawn for it stays. As text, `from x, from y, to x, to y`: the same
 * region is the same value.
 */
export function regionSeen([x, y, zoom]: readonly [x: number, y: number, zoom: number], width: number, height: number): string {
  const size = { x: (width || SIZE.width) / zoom, y: (height || SIZE.height) / zoom }
  const step = 2 ** Math.ceil(Math.log2(Math.max(size.x, size.y) / 2))
  const from = (at: number): number => (Math.floor(at / step) - 1) * step
  const steps = (length: number): number => (Math.ceil(length / step) + 2) * step
  const [left, top] = [from(-x / zoom), from(-y / zoom)]
  return [left, top, left + steps(size.x), top + steps(size.y)].join(' ')
}

export function regionOf(text: string): Region {
  const [left = 0, top = 0, right = 0, bottom = 0] = text.split(' ').map(Number)
  return { from: { x: left, y: top }, to: { x: right, y: bottom } }
}

/** Nodes of a region, and the ends of edges that reach into it. Of a graph without boxes around groups. */
export function nodesWithin(
  { nodes }: Shown,
  places: ReadonlyMap<string, Placed>,
  edges: readonly { from: string; to: string }[],
  { from, to }: Region,
): ShownNode[] {
  const within = new Set<string>()
  for (const [id, { x, y, width, height }] of places) if (x < to.x && x + width > from.x && y < to.y && y + height > from.y) within.add(id)
  const ends = edges.filter(edge => within.has(edge.from) || within.has(edge.to)).flatMap(edge => [edge.from, edge.to])
  for (const id of ends) within.add(id)
  return nodes.filter(({ id }) => within.has(id))
}

/** Around all of these; null: none of them has a place. */
export function boundsOf(ids: Iterable<string>, places: ReadonlyMap<string, Placed>): Placed | null {
  const found = [...ids].flatMap(id => places.get(id) ?? [])
  if (found.length === 0) return null
  const [x, y] = [
    found.reduce((least, one) => Math.min(least, one.x), Number.POSITIVE_INFINITY),
    found.reduce((least, one) => Math.min(least, one.y), Number.POSITIVE_INFINITY),
  ]
  const right = found.reduce((most, one) => Math.max(most, one.x + one.width), x)
  const bottom = found.reduce((most, one) => Math.max(most, one.y + one.height), y)
  return { x, y, width: right - x, height: bottom - y }
}
