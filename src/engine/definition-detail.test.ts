import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import { TestNode } from './test-engine.ts'

test('versions with who serves them, and the newest runs by state, version and time', async () => {
  const node = await TestNode.start(openMemoryStore())
  const registeredAt = node.clock.now()
  await node.clock.advance(1_000)
  await node.engine.definitions.register('default', [{ kind: 'job', name: 'mail', version: '2', options: {}, schema: null }])
  for (const [version, ms] of [
    ['1', 100],
    ['2', 200],
    ['2', 300],
  ] as const) {
    await node.run()
    const [task] = (await node.poll({ serves: [{ definition: 'mail', version }] })).tasks
    await node.clock.advance(ms)
    if (task !== undefined) await node.complete(task)
  }
  await node.run()
  expect(await node.engine.definitions.detail('default', 'mail')).toEqual({
    versions: [
      { version: '2', registeredAt: registeredAt + 1_000, workers: [{ id: 'w1', name: 'box:1' }] },
      { version: '1', registeredAt, workers: [] },
    ],
    recent: {
      runs: 4,
      counts: { queued: 1, completed: 3 },
      versions: [
        { version: null, counts: { queued: 1 } },
        { version: '2', counts: { completed: 2 } },
        { version: '1', counts: { completed: 1 } },
      ],
      runMs: { p50: 200, p95: 300 },
    },
  })
  await expect(node.engine.definitions.detail('default', 'none')).rejects.toMatchObject({ code: 'unknown-definition' })
})
