// Jobs whose handlers run in processes of their own; also what a worker beside them does meanwhile.
import { existsSync } from 'node:fs'
import { type JobContext, job, RateLimited } from '@mainspring/sdk'

const ONCE = { attempts: 1 }

function burn(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

export const child = job('child', async (number: number) => number * 2)

export const whole = job('whole', { isolate: 'process' }, async ({ at }: { at: Date }, ctx: JobContext<{ page: bigint }>) => {
  ctx.log.info('in a process of its own', { at })
  ctx.progress(0.5, 'half')
  await ctx.checkpoint.save({ page: 1n })
  await ctx.stream('seen').write({ at })
  const started = await ctx.start(child, 21)
  return { pid: process.pid, year: at.getUTCFullYear(), page: ctx.checkpoint.value?.page, child: await started.result(), metadata: ctx.metadata }
})

/** At least so long, and until the file is there. */
export const burning = job(
  'burning',
  { isolate: 'process', retry: { attempts: 3, initial: 10 } },
  ({ ms, file }: { ms: number; file?: string }, ctx) => {
    ctx.log.info(`burning in ${process.pid}`)
    burn(ms)
    while (file !== undefined && !existsSync(file));
    return process.pid
  },
)
export const late = job('late', { isolate: 'process', retry: ONCE, timeout: '500ms' }, (ms: number, ctx) => {
  ctx.log.info(`burning in ${process.pid}`)
  burn(ms)
})
export const polite = job('polite', { isolate: 'process' }, async (_: null, ctx) => {
  ctx.log.info('waiting')
  await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
})
export const greedy = job('greedy', { isolate: 'process', resourceLimits: { memoryMb: 32 }, retry: { attempts: 2, initial: 10 } }, () => {
  for (const all: unknown[] = []; ; ) all.push(new Array(100_000).fill(all.length))
})
export const crashing = job('crashing', { isolate: 'process', retry: ONCE }, (how: number | NodeJS.Signals) => {
  if (typeof how === 'number') process.exit(how)
  process.kill(process.pid, how)
  return new Promise(() => {})
})
export const throwing = job('throwing', { isolate: 'process', retry: ONCE }, () => {
  throw new TypeError('not so', { cause: new Error('why') })
})
export const snoozing = job('snoozing', { isolate: 'process' }, async (_: null, ctx: JobContext<number>) => {
  if (ctx.checkpoint.value !== undefined) return ctx.attempt
  await ctx.checkpoint.save(1)
  throw new RateLimited({ retryAfter: 100 })
})
