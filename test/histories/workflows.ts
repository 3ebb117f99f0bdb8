import { Abort, job, type RunHandle, type Work, workflow } from '@mainspring/sdk'
import type { TestEnvironment } from '../../src/server/testing.ts'

/**
 * Workflows whose histories are kept in a folder for each version of Mainspring, and replayed by every later one. They use all that code can ask for. Never change one: what
 * was recorded is of the code as it stands here. What is new gets a workflow of its own.
 */
const mail = job('mail', async (to: string) => `sent to ${to}`)

const steps = workflow('steps', async (input: { amount: number }, ctx) => {
  let failures = 0
  const first = await ctx.run('first', () => ({ amount: input.amount, at: new Date(0), big: 10n }))
  const retried = await ctx.run('retried', () => (++failures < 3 ? Promise.reject(new Error('not yet')) : failures), { retry: { initial: '1m' } })
  const once = await ctx.run('once', () => 'once', { retry: { attempts: 1 } })
  const [left, right] = await Promise.all([ctx.run('left', () => 1), ctx.run('right', () => 2)])
  const caught = await ctx.run('hopeless', () => Promise.reject(new TypeError('no')), { retry: { attempts: 1 } }).catch(({ name }: Error) => name)
  const dice = ctx.random() < 0.5 ? 'low' : 'high'
  await ctx.run(`dice-${dice}-${ctx.uuid().slice(0, 8)}-${ctx.now().getTime()}`, () => null)
  return { first, retried, once, left, right, caught }
})

const waits = workflow('waits', async (_: unknown, ctx) => {
  const buffered = await ctx.waitFor<string>('early')
  await ctx.sleep('30d')
  await ctx.sleepUntil('2026-03-01T00:00:00Z')
  const late = await ctx.waitFor('never', { timeout: '1h' })
  const winner = await Promise.race([ctx.sleep('2h').then(() => 'timer'), ctx.waitFor('go').then(() => 'signal')])
  return { buffered, late, winner }
})

const children = workflow('children', async (_: unknown, ctx) => {
  const sent = await ctx.call(mail, 'ada')
  const { id } = await ctx.start(mail, 'bob')
  const all = await Promise.all([ctx.call(mail, 'c'), ctx.call(mail, 'd')])
  return { sent, detached: id.length, all }
})

const undone = workflow('undone', async (_: unknown, ctx) => {
  await ctx.run('reserve', () => 1)
  ctx.compensate('release', () => 2)
  await ctx.run('charge', () => 3)
  ctx.compensate('refund', () => 4)
  throw new Abort('not approved')
})

const cancelled = workflow('cancelled', async (_: unknown, ctx) => {
  ctx.compensate('clean', () => 1)
  await ctx.sleep('10d')
})

const anew = workflow('anew', async (round: number, ctx) => {
  const told = await ctx.waitFor<number>('more', { timeout: '1h' })
  await ctx.run(`round-${round}`, () => told ?? 0)
  if (round < 2) ctx.continueAs(round + 1)
  return round
})

const patched = workflow('patched', async (_: unknown, ctx) => {
  const isNew = ctx.patched('a-change')
  await ctx.run(isNew ? 'new-way' : 'old-way', () => 1)
  return isNew
})

let broken = true
const parked = workflow('parked', { exhausted: 'park' }, async (_: unknown, ctx) =>
  ctx.run('breaks', () => (broken ? Promise.reject(new Error('broken')) : 'whole'), { retry: { attempts: 2, initial: '1s' } }),
)

const scopes = workflow('scopes', async (_: unknown, ctx) => {
  await ctx.sleep('1m')
  const first = await ctx.race([() => ctx.waitFor('a'), () => ctx.waitFor('b'), () => ctx.sleep('1h'), () => ctx.call(slow)])
  const late = await ctx
    .scope({ timeout: '1h' }, async () => {
      try {
        await ctx.all([() => ctx.sleep('30d'), () => ctx.run('fails', () => Promise.reject(new Error('no')), { retry: { initial: '2h' } })])
      } finally {
        await ctx.shielded(() => ctx.run('clean', () => 1))
      }
    })
    .catch(({ timedOut }: { timedOut: boolean }) => timedOut)
  const any = await ctx.any([async () => Promise.reject(new Error('no')), () => ctx.waitFor('b')])
  return { first, late, any }
})
const slow = workflow('slow', async (_: unknown, ctx) => ctx.sleep('30d'))

export const work: Work = [steps, waits, children, undone, cancelled, anew, patched, parked, mail, scopes, slow]

type Play = (t: TestEnvironment) => Promise<RunHandle<unknown>>
const ended = async (run: RunHandle<unknown>): Promise<RunHandle<unknown>> => {
  await run.result().catch(() => {})
  return run
}

/** How each history comes about, by the name of its file. */
export const PLAYS: Readonly<Record<string, Play>> = {
  steps: async () => ended(await steps.start({ amount: 5 })),
  'steps-forked': async () => ended(await (await ended(await steps.start({ amount: 6 }))).fork({ from: 'left' })),
  waits: async () => {
    const run = await waits.start()
    await run.signal('early', 'bird')
    return ended(run)
  },
  'waits-open': async t => {
    const run = await waits.start()
    await run.signal('early', 'bird')
    await t.skip('10d')
    return run
  },
  children: async () => ended(await children.start()),
  undone: async () => ended(await undone.start()),
  cancelled: async t => {
    const run = await cancelled.start()
    await t.skip('1d')
    await run.cancel({ why: 'changed my mind' })
    return ended(run)
  },
  anew: async () => {
    const run = await anew.start(1)
    for (const n of [1, 2, 3]) await run.signal('more', n)
    return ended(run)
  },
  patched: async () => ended(await patched.start()),
  parked: async t => {
    broken = true
    const run = await parked.start()
    await t.skip('1m')
    broken = false
    await run.resume()
    return ended(run)
  },
  scopes: async () => {
    const run = await scopes.start()
    for (const name of ['a', 'b']) await run.signal(name, name)
    return ended(run)
  },
}
