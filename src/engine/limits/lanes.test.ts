import { describe, expect, test } from 'vitest'
import { TestLanes } from './test-lanes.ts'

const ONE = { mail: { limits: [{ concurrency: 1 }] } }

/** The lane that counts this limit, and another one. */
async function pair(definitions: ConstructorParameters<typeof TestLanes>[0], limit = 'mail', key = '') {
  const lanes = await TestLanes.of(definitions, 2)
  const { part } = (lanes.lanes[0] as (typeof lanes.lanes)[0]).current().limits.resource('default', limit, key)
  const home = lanes.lanes.find(lane => lane.current().limits.resource('default', limit, key).borrowed === null)
  const other = lanes.lanes.find(lane => lane !== home)
  if (home === undefined || other === undefined) throw new Error('no home')
  return { lanes, home, other, part }
}

describe('a limit that another lane counts (E17)', () => {
  test('holds over both: what one has begun keeps the other from beginning', async () => {
    const { home, other } = await pair(ONE)
    await other.start('mail', 1, 2)
    await home.start('mail', 3)
    expect(await other.take()).toEqual([1])
    expect(await home.take()).toEqual([])
    expect(await other.take()).toEqual([])
    await other.done()
    expect(await home.take(10, 500)).toEqual([3])
    expect(await other.take(10, 500)).toEqual([])
    await home.done()
    expect(await other.take(10, 500)).toEqual([2])
  })
})
