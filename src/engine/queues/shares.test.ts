import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FairQueue, type Share } from './shares.ts'

/** Serves the share that is the furthest behind, as dispatch does; of equal ones the first. */
function serve(queue: FairQueue, backlogged: readonly Share[]): Share {
  const next = backlogged.reduce((first, share) => (share.pass < first.pass ? share : first))
  queue.serve(next, 1)
  return next
}

function backlogged(queue: FairQueue, weights: readonly number[]): Share[] {
  return weights.map((weight, index) => {
    const share = queue.share(`k${index}`, weight)
    queue.join(share)
    return share
  })
}

// Start-time fair queueing: Goyal, Vin and Cheng, SIGCOMM 1996, theorem 1.
describe('fair shares', () => {
  test('while all keys have work, any two get what their weights say, to within one task each, at every moment', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 8 }), fc.integer({ min: 1, max: 400 }), (weights, tasks) => {
        const queue = new FairQueue('q')
        const shares = backlogged(queue, weights)
        const served = new Map(shares.map(share => [share, 0]))
        for (let task = 0; task < tasks; task++) {
          const share = serve(queue, shares)
          served.set(share, (served.get(share) as number) + 1)
          // Of the one that had the most and the one that had the least by its weight: no other two are further apart.
          const least = Math.max(...shares.map(share => ((served.get(share) as number) - 1) / share.weight))
          const most = Math.min(...shares.map(share => ((served.get(share) as number) + 1) / share.weight))
          expect(least).toBeLessThanOrEqual(most + 1e-9)
        }
      }),
    )
  })

  test('weights hold within 10 %', () => {
    const queue = new FairQueue('q')
    const shares = backlogged(queue, [1, 2, 5])
    const served = [0, 0, 0]
    for (let task = 0; task < 800; task++) {
      const index = shares.indexOf(serve(queue, shares))
      served[index] = (served[index] as number) + 1
    }
    for (const [index, weight] of [1, 2, 5].entries()) {
      expect(served[index]).toBeGreaterThan(100 * weight * 0.9)
      expect(served[index]).toBeLessThan(100 * weight * 1.1)
    }
  })

  test('a key whose first job comes late is next, however much the others have queued, and has saved up nothing', () => {
    const queue = new FairQueue('q')
    const [large] = backlogged(queue, [1]) as [Share]
    for (let task = 0; task < 1_000; task++) serve(queue, [large])
    const late = queue.share('late', 1)
    queue.join(late)
    const order = Array.from({ length: 6 }, () => serve(queue, [large, late]))
    expect(order.slice(0, 2)).toContain(late)
    expect(order.filter(share => share === late)).toHaveLength(3)
  })

  test('one that leaves and comes back is not served for what it missed', () => {
    const queue = new FairQueue('q')
    const [a, b] = backlogged(queue, [1, 1]) as [Share, Share]
    queue.leave(b)
    for (let task = 0; task < 100; task++) serve(queue, [a])
    queue.join(b)
    const order = Array.from({ length: 10 }, () => serve(queue, [a, b]))
    expect(order.filter(share => share === b).length).toBeLessThanOrEqual(6)
  })

  test('what nobody goes by is forgotten, unless it is ahead of the others', () => {
    const queue = new FairQueue('q')
    // So many that a look is worth it.
    const [a, ahead, behind] = backlogged(
      queue,
      Array.from({ length: 1_000 }, () => 1),
    ) as [Share, Share, Share]
    a.refs++
    for (let task = 0; task < 3; task++) queue.serve(ahead, 1)
    queue.forget()
    expect(queue.share('k1', 1)).toBe(ahead)
    expect(queue.share('k2', 1)).not.toBe(behind)
  })

  test('its position counts the keys with work that go before it', () => {
    const queue = new FairQueue('q')
    const [a, b] = backlogged(queue, [1, 1, 1]) as [Share, Share]
    queue.serve(a, 1)
    queue.leave(b)
    expect(queue.position(a)).toEqual({ before: 1, of: 2 })
  })
})
