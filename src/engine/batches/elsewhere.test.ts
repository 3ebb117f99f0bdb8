import { expect, test } from 'vitest'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { StartRequest } from '../face.ts'
import { TestClock } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'
import type { BatchItem } from './face.ts'

test('jobs that live on another node are counted once, however often the call that adds them is repeated (E9)', async () => {
  const clock = new TestClock()
  const store = openMemoryStore()
  const here = await TestNode.start(store, undefined, { clock })
  /** What takes time takes it. */
  const during = async <T>(call: Promise<T>): Promise<T> => {
    let isOver = false
    const over = () => {
      isOver = true
    }
    call.then(over, over)
    while (!isOver) await clock.advance(50)
    return call
  }
  const there = await during(TestNode.start(store, undefined, { clock, seed: 3 }))
  const { homes, places, batches } = here.engine
  const callKey = first(n => (places.holds(homes.batch(`b${n}`)) ? `b${n}` : null))
  const batch = { name: 'batch', items: [], open: true, callbacks: {} }
  const { batch: id } = await during(batches.start('default', batch, { callKey, by: null }))
  const start = first(n => {
    const job: StartRequest = { definition: 'mail', input: null, options: {}, trigger: { is: 'call' }, key: `k${n}` }
    const [slot] = homes.starts('default', { callKey: 'add', by: null, starts: [job] })
    return there.engine.places.holds(slot as number) ? job : null
  })
  const items: BatchItem[] = [{ is: 'job', start }]
  const jobs = async () => (await batches.get('default', id)).jobs
  for (let repeat = 0; repeat < 2; repeat++) {
    await during(batches.add('default', id, items, { callKey: 'add', by: null }))
    await clock.advance(3_000)
  }
  expect(await jobs()).toMatchObject({ total: 1, open: 1 })
})

function first<T>(of: (n: number) => T | null): T {
  for (let n = 0; ; n++) {
    const found = of(n)
    if (found !== null) return found
  }
}
