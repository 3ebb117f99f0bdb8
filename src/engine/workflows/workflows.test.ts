import { expect, test } from 'vitest'
import type { Entry } from '../../machines/workflow/types.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Batch, Store } from '../../store/store.ts'
import type { Delivery, Poll } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const SERVES = { serves: [{ definition: 'order', version: null }] }
const WAIT: Entry = { is: 'wait', n: 1, signal: 'go' }

/** A node with a workflow that waits for a signal, live on worker `w1`. */
async function waiting(
  store: Store = openMemoryStore(),
  sizes = {},
): Promise<{ node: TestNode; run: string; poll(changes?: Partial<Poll>): Promise<Delivery[]> }> {
  const node = await TestNode.start(store, { mail: {} }, { sizes })
  await node.engine.definitions.register('default', [{ kind: 'workflow', name: 'order', version: '1', options: {}, schema: null }])
  const run = await node.run({ definition: 'order' })
  const poll = async (changes: Partial<Poll> = {}): Promise<Delivery[]> => (await node.poll({ ...SERVES, ...changes })).tasks
  const [task] = await poll()
  expect(task?.journal).toMatchObject({ from: 0, events: [{ is: 'started' }] })
  expect(await advance(node, task as Delivery, [WAIT])).toMatchObject({ is: 'yielded', journal: { from: 1 } })
  return { node, run, poll }
}

async function advance(node: TestNode, task: Delivery, entries: Entry[], { call = 1, upTo = 1, yields = true, worker = 'w1' } = {}) {
  const { run, attempt, delivery } = task
  const [answer] = await node.engine.tasks.advance('default', worker, [{ run, task: task.task, attempt, delivery, call, upTo, yields, entries }])
  return answer
}
const kinds = (events: readonly { is: string }[] | null | undefined) => events?.map(({ is }) => is)
const signal = (node: TestNode, run: string, id: string) => node.engine.runs.signal('default', run, { name: 'go', payload: '1' }, { id, by: null })

test('a run that is live on a worker is given to that worker, with what it has not heard of; after a while to any, from the beginning', async () => {
  const { node, run, poll } = await waiting()
  await signal(node, run, 's1')
  expect(await poll({ worker: 'w2' })).toEqual([])
  const [again] = await poll()
  expect(again?.journal?.from).toBe(4)
  expect(kinds(again?.journal?.events)).toEqual(['signalled'])
  await advance(node, again as Delivery, [{ is: 'wait', n: 2, signal: 'go' }], { upTo: 6 })
  await signal(node, run, 's2')
  await node.clock.advance(1_900)
  expect(await poll({ worker: 'w2' })).toEqual([])
  await node.clock.advance(200)
  const [other] = await poll({ worker: 'w2' })
  expect(other?.journal?.from).toBe(0)
  expect(kinds(other?.journal?.events)).toEqual([
    'started',
    'delivered',
    'waiting',
    'yielded',
    'signalled',
    'delivered',
    'waiting',
    'yielded',
    'signalled',
    'unbound',
  ])
})

test('of a history that has left memory the number alone is told, and the history has the rest', async () => {
  const { node, run, poll } = await waiting(openMemoryStore(), { bodyBytesBeforeSegment: 250 })
  await signal(node, run, 's1') // its events have moved to a segment, and are at hand
  await node.clock.advance(3_000)
  for (const id of ['s2', 's3', 's4', 's5', 's6', 's7', 's8']) await signal(node, run, id)
  const [task] = await poll({ worker: 'w2' })
  expect(task?.journal).toEqual({ from: 0, events: null })
  const history = await node.engine.runs.history('default', run)
  expect(kinds(history.slice(0, 6))).toEqual(['started', 'delivered', 'waiting', 'yielded', 'signalled', 'unbound'])
  for (const from of [1, 4, 6, 99]) expect(await node.engine.runs.history('default', run, from)).toEqual(history.slice(from))
  const total = history.length
  for (const last of [1, 5, total - 1, total, 999]) {
    const from = Math.max(0, total - last)
    expect(await node.engine.runs.events('default', run, -last, 999)).toEqual({ events: history.slice(from), from, next: null, total })
  }
  expect(await node.engine.runs.events('default', run, -5, 2)).toEqual({ events: history.slice(-5, -3), from: total - 5, next: total - 3, total })
})

test('what is not committed is told to no worker (E4)', async () => {
  let holds = false
  let letGo = (): void => {}
  const inner = openMemoryStore()
  const store = new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (name !== 'commit') return typeof value === 'function' ? value.bind(target) : value
      const commit: Store['commit'] = async batch => {
        if (holds) await new Promise<void>(resolve => (letGo = resolve))
        return target.commit(batch)
      }
      return commit
    },
  })
  const { node, run, poll } = await waiting(store)
  await signal(node, run, 's1')
  holds = true
  const second = signal(node, run, 's2')
  await settle()
  const [task] = await poll()
  expect(kinds(task?.journal?.events)).toEqual(['signalled'])
  holds = false
  letGo()
  await second
  expect(kinds((await node.engine.runs.history('default', run)).slice(4))).toContain('signalled')
})

test.each(['is cancelled', 'is terminated'])(
  'children hear that their parent %s in the commit of its end, also those that had left memory (E7)',
  async how => {
    const batches: Batch[] = []
    const inner = openMemoryStore()
    const store = new Proxy(inner, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown
        if (name !== 'commit') return typeof value === 'function' ? value.bind(target) : value
        return (batch: Batch) => {
          batches.push(batch)
          return target.commit(batch)
        }
      },
    })
    const { node, run, poll } = await waiting(store, { actorsCached: 1 })
    await signal(node, run, 's1')
    const [task] = await poll()
    await advance(node, task as Delivery, [{ is: 'child', n: 2, definition: 'mail', input: null, options: { notBefore: 1e12 }, detached: false }], {
      upTo: 6,
    })
    for (let other = 0; other < 5; other++) await node.run({ input: String(other), options: { notBefore: 1e12 } })
    const { rows } = await node.engine.runs.list({ namespace: 'default', names: ['mail'] }, { after: null, limit: 10 })
    const child = rows.find(({ trigger }) => trigger.is === 'workflow')?.id
    const from = batches.length
    if (how === 'is cancelled') await node.engine.runs.cancel('default', run, { id: 'c', by: null })
    if (how === 'is terminated') await node.engine.runs.terminate('default', run, { id: 'c', by: null })
    const ended = batches.slice(from).find(({ writes }) => writes.closed.some(({ id }) => id === child))
    expect(ended?.writes.touched.some(({ id }) => id === run) || ended?.writes.closed.some(({ id }) => id === run)).toBe(true)
  },
)

test.each([
  ['a job', 'not-a-workflow'],
  ['nothing', 'run-not-found'],
])('a signal to %s is refused', async (what, code) => {
  const { node } = await waiting()
  const run = what === 'a job' ? await node.run() : '01k7x9v2q7e0080w4qgxdtewvh'
  await expect(signal(node, run, 's')).rejects.toMatchObject({ code })
})
