import { describe, expect, test } from 'vitest'
import { newId } from '../core/ids.ts'
import { seeded } from '../core/seeded.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import type { Store } from '../store/store.ts'
import { Births } from './births.ts'
import { TestClock } from './test-clock.ts'
import { TestNode } from './test-engine.ts'

const random = seeded(3)
const idAt = (ms: number): string => newId(ms, random)

describe('an id is new', () => {
  test('that is greater than all that were there, and was not born since', () => {
    const births = new Births()
    const [old, last, born, next] = [1, 2, 4, 5].map(idAt) as [string, string, string, string]
    births.note(born)
    expect(births.isNew(next)).toBe(false) // the store was not asked yet
    births.begin(last)
    expect([old, last, born, next].map(id => births.isNew(id))).toEqual([false, false, false, true])
    expect(births.isNew(idAt(3))).toBe(true) // its maker's clock is behind that of another
    births.note(next)
    expect(births.isNew(next)).toBe(false)
  })

  test('where there was nothing', () => {
    const births = new Births()
    births.begin(null)
    expect(births.isNew(idAt(1))).toBe(true)
  })

  test('never, of those that were born: however many, and from whatever clocks', () => {
    const births = new Births()
    births.begin(idAt(500))
    const born = Array.from({ length: 50_000 }, () => idAt(Math.floor(random() * 1_000)))
    const ahead = idAt(2_000)
    births.note(ahead)
    for (const id of born) births.note(id)
    expect([...born, ahead].filter(id => births.isNew(id))).toEqual([])
    // The one that is far ahead does not make the others strangers.
    expect(births.isNew(idAt(1_001))).toBe(true)
  })
})

describe('a start asks the store nothing (E9)', () => {
  const reads: string[] = []
  const counting = (store: Store): Store => ({
    ...store,
    can: store.can,
    read: store.read,
    loadActors: (claim, ids) => {
      reads.push(...ids)
      return store.loadActors(claim, ids)
    },
    findKeys: (claim, keys) => {
      reads.push(...keys.map(({ scope, key }) => `${scope} ${key}`))
      return store.findKeys(claim, keys)
    },
  })

  test('of a call that cannot have come before; what came is found', async () => {
    const store = openMemoryStore()
    const clock = new TestClock()
    const node = await TestNode.start(counting(store), undefined, { clock })
    const [one, other] = [idAt(clock.now() + 1), idAt(clock.now() + 2)]
    reads.length = 0
    const [first] = await node.start(one, {})
    await node.start(other, {}, {})
    expect(reads).toEqual([])
    const { run } = first as { run: string }
    expect(await node.start(one, {})).toEqual([{ is: 'existing', run, by: 'call' }])
    await node.engine.runs.terminate('default', run, { id: 'c', by: null })
    expect(await node.start(one, {})).toEqual([{ is: 'existing', run, by: 'call' }])
    expect(reads).toContain(`call ${run}`)
    await node.engine.stop()

    const next = await TestNode.start(counting(store), undefined, { clock, seed: 2 })
    reads.length = 0
    expect(await next.start(one, {})).toEqual([{ is: 'existing', run, by: 'call' }])
    expect(reads).toContain(run)
    reads.length = 0
    await next.start(idAt(clock.now() + 3), {})
    expect(reads).toEqual([])
  })
})
