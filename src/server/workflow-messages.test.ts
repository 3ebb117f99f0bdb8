import { type StandardSchema, workflow } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { everyCrash, testEnvironment } from './testing.ts'

type Environment = Awaited<ReturnType<typeof testEnvironment>>
const kinds = async (t: Environment, run: { id: string }) =>
  (await t.client.call<{ events: { is: string }[] }>('runs.history', { run: run.id })).events.map(({ is }) => is)
const count = (all: readonly string[], is: string) => all.filter(one => one === is).length

const positive: StandardSchema<number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: value => (typeof value === 'number' && value > 0 ? { value } : { issues: [{ message: 'not a positive number' }] }),
  },
}

/** A cart that is filled by updates, looked at by a query, and paid. */
const cart = workflow('cart', async (limit: number, ctx) => {
  const items: number[] = []
  let paid = false
  ctx.onQuery('items', () => items)
  ctx.onUpdate('add', async (item: number) => items.push(item), {
    input: positive,
    validate: () => {
      if (items.length >= limit) throw new Error('the cart is full')
    },
  })
  ctx.onUpdate('pay', async () => {
    const receipt = await ctx.run('charge', () => `paid ${items.length}`)
    paid = true
    return receipt
  })
  await ctx.until(() => paid)
  return items
})

// Temporal, "Message passing": an Update is a request to the Workflow that is validated, accepted in history, and completes with a result.
test('an update is taken by its handler, which may use all of ctx, and its result is returned', async () => {
  await using t = await testEnvironment([cart])
  const run = await cart.start(3)
  expect(await run.update('add', 5)).toBe(1)
  expect(await run.update('add', 7)).toBe(2)
  expect(await run.query('items')).toEqual([5, 7])
  expect(await run.update('pay')).toBe('paid 2')
  expect(await run.result()).toEqual([5, 7])
  expect(count(await kinds(t, run), 'update_accepted')).toBe(3)
})

// Temporal, "Message passing": "a rejected Update is not added to history" (validators run before acceptance).
test.each<[string, number, unknown, string]>([
  ['its schema', 3, -1, 'update-rejected'],
  ['its check', 0, 1, 'update-rejected'],
])('an update that %s refuses leaves nothing in the history', async (_, limit, item, code) => {
  await using t = await testEnvironment([cart])
  const run = await cart.start(limit)
  await run.query('items')
  await t.skip('1s')
  const before = await kinds(t, run)
  await expect(run.update('add', item)).rejects.toMatchObject({ code })
  expect(await kinds(t, run)).toEqual(before)
})

// Temporal, "Message passing": an unknown update is rejected, a query of no handler fails.
test('names that the code does not have are refused, with those that it has', async () => {
  await using t = await testEnvironment([cart])
  const run = await cart.start(1)
  await expect(run.query('price')).rejects.toMatchObject({ code: 'unknown-query', message: expect.stringContaining('"items"') })
  await expect(run.update('remove')).rejects.toMatchObject({ code: 'unknown-update', message: expect.stringContaining('"add", "pay"') })
  expect(t.now()).toBeInstanceOf(Date)
})

// Temporal, "Update ID": the same id is the same update, deduplicated by the server.
test('an update of the same id is done once, and answers the same, also when the run is closed', async () => {
  await using t = await testEnvironment([cart])
  const run = await cart.start(5)
  expect(await run.update('add', 1, { id: 'a' })).toBe(1)
  expect(await run.update('add', 1, { id: 'a' })).toBe(1)
  await run.update('pay')
  expect(await run.result()).toEqual([1])
  expect(await run.update('add', 1, { id: 'a' })).toBe(1)
  expect(count(await kinds(t, run), 'update_accepted')).toBe(2)
})

// Temporal, "Message passing": an update to a closed workflow fails; a query to one is answered by a replay, by any worker.
test('a closed run takes no update, and answers queries', async () => {
  await using t = await testEnvironment([cart])
  const run = await cart.start(5)
  await run.update('add', 1)
  await run.update('pay')
  await run.result()
  const before = await kinds(t, run)
  await expect(run.update('add', 2)).rejects.toMatchObject({ code: 'run-closed' })
  expect(await run.query('items')).toEqual([1])
  expect(await kinds(t, run)).toEqual(before)
})

// Temporal, "Queries": a query must not change state, nor schedule anything, and leaves no event; handlers are synchronous.
test.each<[string, () => unknown]>([
  ['asks for a step', () => 'step'],
  ['is an async function', async () => 1],
  ['shows something', () => 'state'],
])('a query that %s is refused, and the run goes on', async (what, answer) => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    let stop = false
    ctx.onQuery('bad', () => {
      if (what === 'asks for a step') void ctx.run('s', () => 1)
      if (what === 'shows something') ctx.state = 1
      return answer()
    })
    ctx.onUpdate('stop', () => {
      stop = true
    })
    await ctx.until(() => stop)
    return 'well'
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await expect(run.query('bad')).rejects.toMatchObject({ code: 'query-failed' })
  expect(await kinds(t, run)).not.toContain('step_completed')
  await run.update('stop')
  expect(await run.result()).toBe('well')
})

// Temporal, "Message passing": wait for handlers to finish before completing the workflow; here that is what a run does.
test('a run does not end before its handlers have, and an update that fails tells its error', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    ctx.onUpdate('slow', async () => {
      await ctx.sleep('1h')
      return 'late'
    })
    ctx.onUpdate('fails', async () => {
      throw new TypeError('no')
    })
    await ctx.waitFor('go')
    return 'done'
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await expect(run.update('fails')).rejects.toThrow(TypeError)
  await expect(run.update('slow', undefined, { timeout: 100, id: 'u' })).rejects.toMatchObject({ code: 'update-timeout' })
  await run.signal('go')
  await t.skip('1m')
  expect(await run.get()).toMatchObject({ state: 'waiting' })
  expect(await run.update('slow', undefined, { id: 'u' })).toBe('late')
  expect(await run.result()).toBe('done')
})

test('an update that was accepted, and whose run was terminated, says so', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    ctx.onUpdate('slow', () => ctx.sleep('1h'))
    await ctx.waitFor('go')
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await expect(run.update('slow', undefined, { timeout: 100, id: 'u' })).rejects.toMatchObject({ code: 'update-timeout' })
  await run.terminate()
  await expect(run.update('slow', undefined, { id: 'u' })).rejects.toMatchObject({ name: 'NotAnswered', code: 'run-closed' })
  expect(await kinds(t, run)).toContain('update_accepted')
})

test('what the code shows is seen without a worker, and lists find runs by its metadata', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    ctx.state = { stage: 'asked' }
    const go = await ctx.waitFor<string>('go')
    ctx.state = { stage: go }
    ctx.metadata = { ...(ctx.metadata as object), stage: go }
    await ctx.waitFor('end')
    return ctx.metadata
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start(undefined, { metadata: { from: 'web' } })
  await t.skip('1s')
  expect(await run.get()).toMatchObject({ workflow: { state: { stage: 'asked' }, awaits: [{ is: 'signal', name: 'go' }] } })
  await run.signal('go', 'paid')
  await t.skip('1s')
  expect((await run.get()).workflow?.state).toEqual({ stage: 'paid' })
  const { runs } = await t.client.call<{ runs: { id: string }[] }>('runs.list', {}, undefined, { query: { metadata: 'stage:paid' } })
  expect(runs.map(({ id }) => id)).toEqual([run.id])
  await run.signal('end')
  expect(await run.result()).toEqual({ from: 'web', stage: 'paid' })
  expect(count(await kinds(t, run), 'shown')).toBe(2)
})

// Temporal, "Signal-With-Start": signals the running workflow of this id, or starts one and signals it; id conflict policy "use existing".
test('a signal that goes with a start reaches the run that starts, or the open one that the key finds, in one commit', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => [await ctx.waitFor('go'), await ctx.waitFor('go')])
  await using t = await testEnvironment([flow])
  const start = (payload: number) => flow.start(undefined, { unique: { key: 'cart-1' }, signal: { name: 'go', payload } })
  const first = await start(1)
  const second = await start(2)
  expect([second.id, second.started]).toEqual([first.id, 'existing'])
  expect(await first.result()).toEqual([1, 2])
  expect((await kinds(t, first)).slice(0, 2)).toEqual(['started', 'signalled'])
  const third = await start(3)
  expect(third.id).not.toBe(first.id)
})

test('a signal with a start whose key finds a closed run is refused, and one for a job, too', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => ctx.waitFor('go'))
  await using t = await testEnvironment([flow])
  const start = () => flow.start(undefined, { key: 'k', signal: { name: 'go', payload: 1 } })
  expect(await (await start()).result()).toBe(1)
  await expect(start()).rejects.toMatchObject({ code: 'run-closed' })
  expect(t.crashes).toBe(0)
})

// Temporal, "Update-With-Start": starts the workflow where it does not run, then updates it.
test('an update that goes with a start reaches the run that starts, or the open one', async () => {
  await using t = await testEnvironment([cart])
  const add = (input: number) => t.client.updateWithStart(cart, 5, { name: 'add', input }, { unique: { key: 'cart-1' } })
  const first = await add(1)
  const second = await add(2)
  expect([first.answer, second.answer, second.run.id]).toEqual([1, 2, first.run.id])
  const body = { definition: 'cart', input: 5, unique: { by: 'key', key: 'cart-1' }, update: { name: 'add', input: 9, wait: 1_000 } }
  expect(await t.client.call('runs.start', {}, body)).toMatchObject({ is: 'existing', run: first.run.id, update: { is: 'completed', output: 3 } })
})

// Restate, "Awakeables": an id that is sent to an external system, which completes it with a payload or rejects it; resolving twice has no further effect.
test('a promise is settled from outside by its token, once; its token is the same when the code is replayed, and no history shows it', async () => {
  const tokens: string[] = []
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const { token, result } = await ctx.promise<{ ok: boolean }>('approval')
    tokens.push(token)
    const late = await ctx.promise('late', { timeout: '1h' })
    const rejected = await ctx.promise('never')
    await ctx.run('mail', () => [token, late.token, rejected.token])
    const why = rejected.result.catch((error: Error & { code?: string }) => `${error.code}: ${error.message}`)
    return [await result, await why, (await late.result) ?? null]
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await t.skip('1s')
  t.crash('after')
  const { events } = await t.client.call<{ events: { is: string; output?: string[]; token?: string }[] }>('runs.history', { run: run.id })
  expect(events.filter(({ is }) => is === 'promise_made').map(({ token }) => token)).toEqual([undefined, undefined, undefined])
  const [token = '', , never = ''] = events.find(({ is }) => is === 'step_completed')?.output ?? []
  expect(token).toMatch(new RegExp(`^${run.id}\\.[\\w-]{32}$`))
  expect(await run.explain()).toMatchObject({ reasons: expect.arrayContaining([expect.objectContaining({ code: 'promise' })]) })
  await t.client.promises.resolve(token, { ok: true })
  await expect(t.client.promises.resolve(token, { ok: false })).rejects.toMatchObject({ code: 'promise-not-found' })
  await expect(t.client.promises.resolve(`${run.id}.${'a'.repeat(32)}`)).rejects.toMatchObject({ code: 'promise-not-found' })
  await t.client.promises.reject(never, 'not this year')
  expect(await run.result()).toEqual([{ ok: true }, 'rejected: not this year', null])
  expect(t.crashes).toBe(1)
  expect(new Set(tokens).size).toBe(1)
  expect(tokens.length).toBeGreaterThan(1)
  await expect(t.client.promises.reject(never)).rejects.toMatchObject({ code: 'promise-not-found' })
})

// Temporal, "Cancellation scopes": what runs in a non-cancellable scope is not interrupted; the code outside of it hears of the cancel.
test('what is shielded is brought to its end when the run is cancelled, and what follows hears of it', async () => {
  const done: string[] = []
  const flow = workflow('flow', async (_: unknown, ctx) => {
    await ctx.shielded(async () => {
      await ctx.sleep('1h')
      done.push(await ctx.run('book', () => 'booked'))
    })
    await ctx.sleep('1h').catch((error: Error) => done.push(error.name))
    await ctx.sleep('1m')
    return done
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start()
  await t.skip('1m')
  await run.cancel()
  expect(await run.result()).toEqual(['booked', 'CancelRequested'])
  expect(t.now().getTime()).toBeLessThan(Date.parse('2026-01-01T01:10:00Z'))
})

test('a cancel interrupts what waits for a condition, and handlers of updates', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    ctx.onUpdate('never', () => ctx.sleep('30d'))
    await ctx.until(() => false)
  })
  await using _ = await testEnvironment([flow])
  const run = await flow.start()
  await expect(run.update('never', undefined, { timeout: 10, id: 'n' })).rejects.toMatchObject({ code: 'update-timeout' })
  await run.cancel()
  await expect(run.result()).rejects.toMatchObject({ code: 'run-cancelled' })
  await expect(run.update('never', undefined, { id: 'n' })).rejects.toMatchObject({ name: 'CancelRequested' })
})

test('a condition whose time is over gives false', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    let set = false
    ctx.onUpdate('set', () => {
      set = true
    })
    return [await ctx.until(() => set, { timeout: '1h' }), await ctx.until(() => true)]
  })
  await using _ = await testEnvironment([flow])
  expect(await (await flow.start()).result()).toEqual([false, true])
})

// Temporal, "Message passing": update handlers are replayed like the rest of the code: an accepted update is handled again, and answered once.
test('with a crash at every commit, before and after it, updates are handled and answered once, and a start brings its signal', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const taken: number[] = []
    ctx.onQuery('taken', () => taken)
    ctx.onUpdate('take', async (n: number) => {
      taken.push(n)
      return (await ctx.run('double', () => n * 2)) + taken.length
    })
    const { result } = await ctx.promise<string>('never', { timeout: '1m' })
    await ctx.until(() => taken.length === 2)
    return [taken, await ctx.waitFor('go'), (await result) ?? null]
  })
  const crashes = await everyCrash([flow], async t => {
    const run = await flow.start(undefined, { unique: { key: 'one' }, signal: { name: 'go', payload: 'told' } })
    expect(await run.update('take', 5, { id: 'a' })).toBe(11)
    expect(await run.query('taken')).toEqual([5])
    expect(await run.update('take', 7, { id: 'b' })).toBe(16)
    expect(await run.update('take', 5, { id: 'a' })).toBe(11)
    expect(await run.result()).toEqual([[5, 7], 'told', null])
    const all = await kinds(t, run)
    expect(['update_accepted', 'update_answered', 'signalled', 'promise_made'].map(is => count(all, is))).toEqual([2, 2, 1, 1])
  })
  expect(crashes).toBeGreaterThan(10)
})

test('code that is replayed begins with the metadata of its start, whatever it has made of it since', async () => {
  const flow = workflow('flow', async (_: unknown, ctx) => {
    const { from } = ctx.metadata as { from: string }
    ctx.metadata = { from: 'code' }
    await ctx.waitFor('go')
    return [from, ctx.metadata]
  })
  await using t = await testEnvironment([flow])
  const run = await flow.start(undefined, { metadata: { from: 'web' } })
  await t.skip('1s')
  t.crash('before')
  await run.signal('go')
  expect(await run.result()).toEqual(['web', { from: 'code' }])
  expect(t.crashes).toBe(1)
})

// Temporal, Replayer: a history is replayed against code before it is deployed; here also against what a live worker has.
test('whether its history fits is asked of a version of the code that a worker has', async () => {
  await using t = await testEnvironment([cart])
  const run = await cart.start(1)
  await run.update('add', 5)
  const replayed = (version: string) =>
    t.client.call<{ output: unknown }>('runs.query', { run: run.id, name: 'mainspring.replay' }, { version, wait: 1_000 })
  expect(await replayed(cart.version)).toEqual({ output: { is: 'fits', run: run.id, steps: 0 } })
  await expect(replayed('v9')).rejects.toMatchObject({ code: 'no-live-worker', message: expect.stringContaining('version v9 of "cart"') })
})
