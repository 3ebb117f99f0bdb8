import { expect, test } from 'vitest'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Store } from '../../store/store.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

test('a run that moves to another queue while a page of its old one is read waits in the new one alone', async () => {
  const inner = openMemoryStore()
  const first = await TestNode.start(inner, { mail: { queue: 'a' } })
  const runs = (await first.start(null, { input: '1' }, { input: '2' })).map(answer => (answer as { run: string }).run)
  const stopping = first.engine.stop()
  await first.clock.advance(100)
  await stopping
  // The pages of the second node are read, and answered once the run has moved.
  let answer = (): void => {}
  const held = new Promise<void>(resolve => {
    answer = resolve
  })
  const store = new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (name !== 'pageReady') return typeof value === 'function' ? value.bind(target) : value
      const pageReady: Store['pageReady'] = async (claim, requests) => {
        const pages = await target.pageReady(claim, requests)
        await held
        return pages
      }
      return pageReady
    },
  })
  const second = await TestNode.start(store, { mail: { queue: 'a' } }, { clock: first.clock })
  await second.engine.runs.change('default', runs[0] as string, { queue: 'b' }, { id: 'c', by: null })
  answer()
  await settle()
  const pausedB = { namespace: 'default', scope: 'queue' as const, name: 'b' }
  await second.engine.pauses.set(pausedB, { by: null, note: null })
  expect((await second.poll({ queues: ['a'] })).tasks.map(({ input }) => input)).toEqual(['2'])
  await second.engine.pauses.set(pausedB, null)
  expect((await second.poll({ queues: ['b'], worker: 'w2' })).tasks.map(({ input, queue }) => [input, queue])).toEqual([['1', 'b']])
})

test('a queue names what waits in it that none of the workers that take from it would take', async () => {
  const node = await TestNode.start(openMemoryStore(), { mail: {}, render: {}, ship: { labels: { region: 'eu' } } })
  const untaken = async () => (await node.engine.queues.list('default')).map(({ name, workers, untaken }) => [name, workers, untaken])
  await node.start(null, {}, { definition: 'render' }, { definition: 'ship' })
  expect(await untaken()).toEqual([['default', 0, ['mail', 'render', 'ship']]])
  const serves = ['mail', 'ship'].map(definition => ({ definition, version: null }))
  await node.poll({ serves, max: 1, queues: ['other'] })
  expect(await untaken()).toEqual([['default', 0, ['mail', 'render', 'ship']]])
  await node.poll({ serves, max: 1, worker: 'w2' })
  // Nothing of mail waits any more, and this worker has no region.
  expect(await untaken()).toEqual([['default', 1, ['render', 'ship']]])
  await node.poll({ serves: [{ definition: 'render', version: null }], labels: { region: 'eu' }, max: 1, worker: 'w3' })
  expect(await untaken()).toEqual([['default', 2, ['ship']]])
})
