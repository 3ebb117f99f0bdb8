import { entity, InvalidOption, type RunHandle, type StandardSchema, workflow } from '@mainspring/sdk'
import { expect, expectTypeOf, test } from 'vitest'
import { everyCrash, type TestEnvironment, testEnvironment } from './testing.ts'

const eventsOf = async (t: TestEnvironment, run: RunHandle<unknown>) =>
  (await t.client.call<{ events: { is: string; [fact: string]: unknown }[] }>('runs.history', { run: run.id })).events
const text: StandardSchema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: value => (typeof value === 'string' ? { value } : { issues: [{ message: 'a text' }] }) },
}

function carts(options: { renewAfter?: number } = {}) {
  const charged: string[] = []
  const cart = entity('cart', {
    ...options,
    state: (key: string) => ({ key, items: [] as string[], paid: false }),
    inputs: { add: text },
    calls: {
      add: (state, item: string) => state.items.push(item),
      size: state => state.items.length,
      async pay(state, _: undefined, ctx) {
        state.items.push('receipt')
        const payment = await ctx.run('charge', step => {
          charged.push(step.key)
          return `${state.items.length - 1} items`
        })
        if (state.paid) throw new RangeError('paid already')
        state.paid = true
        return payment
      },
    },
  })
  return { cart, charged }
}

test('one actor per key: begun by its first call, and typed', async () => {
  const { cart } = carts()
  await using t = await testEnvironment([cart])
  const ada = cart.of('ada')
  expectTypeOf(ada.add).parameters.toEqualTypeOf<[input: string, options?: { id?: string; timeout?: import('@mainspring/sdk').Duration }]>()
  expectTypeOf(ada.pay).returns.toEqualTypeOf<Promise<string>>()
  expect(await ada.state()).toEqual({ key: 'ada', items: [], paid: false })
  expect(await ada.add('book')).toBe(1)
  expect(await cart.of('ada').add('pen')).toBe(2)
  expect(await cart.of('bob').add('ink')).toBe(1)
  expect(await ada.size()).toBe(2)
  expect(await ada.state()).toEqual({ key: 'ada', items: ['book', 'pen'], paid: false })
  const { runs } = await t.client.runs.list({ job: 'cart' })
  expect(runs).toHaveLength(2)
  const run = await ada.run()
  expect(await run.get()).toMatchObject({ state: 'waiting', reason: 'update', metadata: { key: 'ada' } })
  expect((await run.explain()).reasons).toMatchObject([{ code: 'update' }])
})

test('calls go one after the other, in the order in which they were taken; one that throws changes nothing', async () => {
  const { cart } = carts()
  await using t = await testEnvironment([cart])
  const ada = cart.of('ada')
  await ada.add('book')
  const answers = await Promise.allSettled([ada.pay(), ada.pay(), ada.size(), ada.add('pen')])
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(answers[0]).toMatchObject({ value: '1 items' })
  expect(answers[1]).toMatchObject({ reason: { name: 'RangeError', message: 'paid already' } })
  expect(await ada.state()).toEqual({ key: 'ada', items: ['book', 'receipt', 'pen'], paid: true })
  const events = await eventsOf(t, await ada.run())
  const taken = events.filter(({ is }) => is === 'update_accepted').map(({ name }) => name)
  expect(taken).toEqual(['add', 'pay', 'pay', 'size', 'add'])
})

test('the same id is the same call, and an input that does not fit leaves nothing', async () => {
  const { cart } = carts()
  await using t = await testEnvironment([cart])
  const ada = cart.of('ada')
  expect(await ada.add('book', { id: 'c1' })).toBe(1)
  expect(await ada.add('book', { id: 'c1' })).toBe(1)
  await expect(ada.add(7 as never)).rejects.toMatchObject({ code: 'update-rejected' })
  expect(await ada.size()).toBe(1)
  expect((await eventsOf(t, await ada.run())).filter(({ is }) => is === 'update_accepted')).toHaveLength(2)
})

test('its history begins anew by itself, and no call is lost or done twice by that', async () => {
  const { cart } = carts({ renewAfter: 3 })
  await using t = await testEnvironment([cart])
  const ada = cart.of('ada')
  const added: unknown[] = []
  for (let round = 0; round < 4; round++) added.push(...(await Promise.all(['a', 'b', 'c', 'd'].map(item => ada.add(item)))))
  expect(added).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
  expect((await ada.state()).items).toHaveLength(16)
  expect((await eventsOf(t, await ada.run())).filter(({ is }) => is === 'continued').length).toBeGreaterThanOrEqual(3)
})

test('a workflow calls it in a step, and after its end the next call begins another', async () => {
  const { cart } = carts()
  const order = workflow('order', async (_: unknown, ctx) => ctx.run('add', step => cart.of('ada').add('book', { id: step.key })))
  await using _ = await testEnvironment([cart, order])
  expect(await (await order.start()).result()).toBe(1)
  await (await cart.of('ada').run()).terminate()
  expect(await cart.of('ada').add('pen')).toBe(1)
})

test('a crash at every commit, of node and worker, does each call once and in order', { timeout: 180_000 }, async () => {
  const { cart, charged } = carts({ renewAfter: 2 })
  await everyCrash(
    [cart],
    async t => {
      charged.length = 0
      const ada = cart.of('ada')
      expect(await ada.add('book', { id: '1' })).toBe(1)
      const answers = await Promise.all([ada.add('pen', { id: '2' }), ada.pay(undefined, { id: '3' }), ada.add('ink', { id: '4' })])
      expect([...answers].map(String).sort()).toEqual(['2', '2 items', '4'])
      expect(await ada.pay(undefined, { id: '5' }).catch((error: Error) => error.message)).toBe('paid already')
      expect(await ada.state()).toEqual({ key: 'ada', items: ['book', 'pen', 'receipt', 'ink'], paid: true })
      expect(new Set(charged).size).toBe(2)
      const calls = (await eventsOf(t, await ada.run())).filter(({ is }) => is === 'update_answered')
      expect(calls).toHaveLength(5)
    },
    { seed: 3 },
  )
})

test.each([
  [() => entity('a', { state: () => ({}), calls: { state: () => 1 } }), '/calls/state'],
  [() => entity('a', { state: 7 as never, calls: {} }), '/state'],
  [() => entity('a', { state: () => ({}), calls: { b: 1 as never } }), '/calls/b'],
  [() => entity('a', { state: () => ({}), calls: { b: () => 1 }, inputs: { c: text } as object }), '/inputs/c'],
  [() => entity('a', { state: () => ({}), calls: {}, renewAfter: 0 }), '/renewAfter'],
])('options that it cannot have are refused with their place', (define, at) => {
  expect(define).toThrow(InvalidOption)
  expect(define).toThrow(expect.objectContaining({ at }))
})
