import { expect, test } from 'vitest'
import { boundsOf, nodesWithin, regionOf, regionSeen } from './region.ts'

test('a little further is the same region; what is seen lies within it wherever one looks', () => {
  expect(regionSeen([0, 0, 1], 1_000, 600)).toBe(regionSeen([-40, -30, 1], 1_000, 600))
  for (const zoom of [0.2, 0.75, 1.5])
    for (const at of [0, 317, 12_345, 99_999]) {
      const { from, to } = regionOf(regionSeen([-at * zoom, -at * zoom, zoom], 1_000, 600))
      expect(from.x).toBeLessThanOrEqual(at)
      expect(to.x).toBeGreaterThanOrEqual(at + 1_000 / zoom)
      expect(to.y).toBeGreaterThanOrEqual(at + 600 / zoom)
    }
})

test('of ten thousand nodes those of the region are drawn, and where their edges lead', () => {
  const ids = Array.from({ length: 10_000 }, (_, n) => `t${n}`)
  const places = new Map(ids.map((id, n) => [id, { x: (n % 100) * 200, y: Math.floor(n / 100) * 60, width: 192, height: 48 }]))
  const shown = { nodes: ids.map((id, n) => ({ id, is: 'task' as const, parent: null, tasks: [n] })), edges: [] }
  const region = regionOf(regionSeen([0, 0, 1], 1_000, 600))
  const within = nodesWithin(
    shown,
    places,
    [
      { from: 't0', to: 't9999' },
      { from: 't5000', to: 't9998' },
    ],
    region,
  )
  expect(within.length).toBeLessThan(600)
  expect(within.map(({ id }) => id)).toEqual(expect.arrayContaining(['t0', 't101', 't9999']))
  expect(within.some(({ id }) => id === 't9998')).toBe(false)
  expect(boundsOf(['t0', 't9999', 'lost'], places)).toEqual({ x: 0, y: 0, width: 19_992, height: 5_988 })
  expect(boundsOf(['lost'], places)).toBe(null)
})
