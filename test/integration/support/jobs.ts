// The jobs of the tests in this folder. Each handler writes down when it starts and how it ends.
import { randomUUID } from 'node:crypto'
import { Abort, type JobContext, job } from '@mainspring/sdk'
import { record } from './records.ts'

/** What a handler returns: `nonce` is of this one execution, so that an output tells which one it is of. */
export interface Proof {
  nonce: string
}

const after = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Writes the start down before anything else, and the end before the worker hears of it. */
async function witnessed(name: string, ctx: JobContext, body: () => Promise<void>): Promise<Proof> {
  const nonce = randomUUID()
  const what = { run: ctx.run, job: name, attempt: ctx.attempt, nonce }
  record({ is: 'start', ...what })
  try {
    await body()
    record({ is: 'end', ...what, how: 'returned' })
    return { nonce }
  } catch (error) {
    record({ is: 'end', ...what, how: 'threw' })
    throw error
  }
}

const RETRY = { attempts: 60, initial: 20, factor: 1.2, maximum: 500 }

export const plain = job('plain', { retry: RETRY }, async ({ ms }: { ms: number }, ctx) => witnessed('plain', ctx, () => after(ms)))

/** Fails so many times before it succeeds. */
export const flaky = job('flaky', { retry: RETRY }, async ({ failures }: { failures: number }, ctx) =>
  witnessed('flaky', ctx, async () => {
    await after(1)
    if (ctx.attempt <= failures) throw new Error(`failure ${ctx.attempt} of ${failures}`)
  }),
)

export const hopeless = job('hopeless', { retry: RETRY }, async (_: null, ctx) =>
  witnessed('hopeless', ctx, async () => {
    throw new Abort('never')
  }),
)

/** At most once. */
export const once = job('once', { retry: { attempts: 1 } }, async ({ ms }: { ms: number }, ctx) => witnessed('once', ctx, () => after(ms)))

/** Starts one child; its own attempts may be many. */
export const parent = job('parent', { retry: RETRY }, async (_: null, ctx) =>
  witnessed('parent', ctx, async () => {
    await ctx.start(plain, { ms: 1 })
    await after(2)
    if (ctx.attempt === 1) throw new Error('after the child was started')
  }),
)

/** Waits for a person after its first attempt. */
export const parking = job('parking', { exhausted: 'park', retry: { attempts: 1 } }, async (_: null, ctx) =>
  witnessed('parking', ctx, async () => {
    ctx.log.info('attempt', { attempt: ctx.attempt })
    if (ctx.attempt === 1) throw new Error('the first')
  }),
)

/** In a queue of its own. */
export const held = job('held', { queue: 'held', retry: RETRY, limits: [{ name: 'two', concurrency: 2 }] }, async (_: null, ctx) =>
  witnessed('held', ctx, () => after(1)),
)

/** Does not let the event loop turn. */
export const blocking = job('blocking', { retry: RETRY }, async ({ ms }: { ms: number }, ctx) =>
  witnessed('blocking', ctx, async () => {
    for (const until = performance.now() + ms; performance.now() < until; );
  }),
)

/** On worker `first` it ends so long after SIGTERM; at once on any other. */
export const leisurely = job('leisurely', { retry: RETRY }, async ({ afterTermMs }: { afterTermMs: number }, ctx) =>
  leisure('leisurely', ctx, afterTermMs),
)
export const leisurelyOnce = job('leisurely-once', { retry: { attempts: 1 } }, async ({ afterTermMs }: { afterTermMs: number }, ctx) =>
  leisure('leisurely-once', ctx, afterTermMs),
)
function leisure(name: string, ctx: JobContext, afterTermMs: number): Promise<Proof> {
  return witnessed(name, ctx, async () => {
    if (process.env.TEST_WORKER !== 'first') return
    await new Promise(resolve => process.once('SIGTERM', resolve))
    await after(afterTermMs)
  })
}

/** For floods: nothing is written down. */
export const noop = job('noop', (_: { n: number; text: string }) => null)

/** Goes on for ever, whatever it is asked. */
export const deaf = job('deaf', { retry: RETRY }, async (_: unknown, ctx) => {
  ctx.progress(0.5)
  await new Promise(() => {})
})

/** The same without letting the event loop turn, from the turn after the next on: its start is told before. */
export const spinning = job('spinning', { retry: RETRY }, async () => {
  await after(100)
  spin()
})
function spin(): void {
  for (const until = performance.now() + 3_600_000; performance.now() < until; );
}
