import { describe, expect, test } from 'vitest'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery, StartRequest } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const input = '{"user":"u1"}'

function start(): Promise<TestNode> {
  return TestNode.start(openMemoryStore(), { mail: { sequence: { per: 'user', onFailure: 'stop' } } })
}

async function take(node: TestNode): Promise<Delivery[]> {
  const { tasks } = await node.poll({ waitMs: 100 })
  return tasks
}

async function fail(node: TestNode, { run, task, attempt, delivery }: Delivery, retry: boolean): Promise<void> {
  const result = { is: 'failed' as const, failure: { type: 'Error', message: 'no' }, retry }
  await node.engine.tasks.complete('default', 'w1', [{ run, task, attempt, delivery, ...result }])
}

const request = (options: StartRequest['options'] = {}): Partial<StartRequest> => ({ input, options })

describe('a sequence', () => {
  test('is one, whatever queues its runs wait in, and keeps the order of their starts', async () => {
    const node = await start()
    const runs = [await node.run(request({ queue: 'slow' })), await node.run(request()), await node.run(request({ queue: 'slow' }))]
    for (const run of runs) {
      const tasks = await take(node)
      expect(tasks.map(task => task.run)).toEqual([run])
      await node.complete(tasks[0] as Delivery)
      await settle()
    }
    expect(await take(node)).toEqual([])
  })

  test('is not held up by an old run that is tried again while one that has begun backs off', async () => {
    const node = await start()
    const old = await node.run(request())
    await node.complete((await take(node))[0] as Delivery)
    const begun = await node.run(request({ retry: { attempts: 3, initialMs: 1_000, jitter: 0 } }))
    await fail(node, (await take(node))[0] as Delivery, true)
    const again = await node.engine.runs.retry('default', old, { id: 'c1', by: null })
    expect(await take(node)).toEqual([])
    await node.clock.advance(1_500)
    const [task] = await take(node)
    expect(task?.run).toBe(begun)
    await node.complete(task as Delivery)
    expect((await take(node))[0]?.run).toBe(again)
  })

  test('goes on when the first that waits is cancelled in another queue', async () => {
    const node = await start()
    await node.engine.pauses.set({ namespace: 'default', scope: 'queue', name: 'slow' }, { by: null, note: null })
    const paused = await node.run(request({ queue: 'slow' }))
    const next = await node.run(request())
    expect(await take(node)).toEqual([])
    await node.engine.runs.cancel('default', paused, { id: 'c1', by: null })
    expect((await take(node)).map(({ run }) => run)).toEqual([next])
  })

  test('that stopped is gone on with by the retry of what failed, or by a person', async () => {
    const node = await start()
    const failed = await node.run(request())
    const next = await node.run(request())
    await fail(node, (await take(node))[0] as Delivery, false)
    expect(await take(node)).toEqual([])
    const explained = await node.engine.runs.explain('default', next)
    expect(explained.reasons.map(({ code, runs }) => [code, runs])).toContainEqual(['sequence', [failed]])
    const again = await node.engine.runs.retry('default', failed, { id: 'c1', by: null })
    const [task] = await take(node)
    expect(task?.run).toBe(again)
    await fail(node, task as Delivery, false)
    expect(await take(node)).toEqual([])
    await node.engine.limits.resumeSequence('default', 'mail', 'u1', { id: 'c2', by: null })
    expect((await take(node))[0]?.run).toBe(next)
  })
})
