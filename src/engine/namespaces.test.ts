import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import { TestNode } from './test-engine.ts'

test('namespaces are those in which anything is registered, set, open or at work', async () => {
  const node = await TestNode.start(openMemoryStore())
  await node.run()
  await node.poll({ queues: ['none'] })
  await node.engine.definitions.register('shop', [{ kind: 'job', name: 'bill', version: '1', options: {}, schema: null }])
  await node.engine.pauses.set({ namespace: 'attic', scope: 'namespace', name: '' }, { by: null, note: null })
  await node.engine.settings.put('api-key', '', 'ci', '{}')
  expect(await node.engine.namespaces.list()).toEqual([
    { name: 'attic', definitions: 0, open: 0, workers: 0 },
    { name: 'default', definitions: 1, open: 1, workers: 1 },
    { name: 'shop', definitions: 1, open: 0, workers: 0 },
  ])
})
