import { job, workflow } from '@mainspring/sdk'

const step = async (): Promise<string> => 'ok'

/** Five steps, one after the other, that do nothing: what keeping them costs. */
export const five = workflow('five', { queue: 'drain' }, async (_: unknown, ctx) => {
  for (let n = 1; n <= 5; n++) await ctx.run('step', step)
  return 'done'
})

export const one = workflow('one', async (_: unknown, ctx) => ctx.run('step', step))

const child = job('child', () => 'ok')

/** So many children at once, and all of them awaited. */
export const fan = workflow('fan', async (children: number, ctx) => {
  const all = await Promise.all(Array.from({ length: children }, (_, n) => ctx.call(child, n)))
  return all.length
})

export const sleeper = workflow('sleeper', async ({ until }: { until: string }, ctx) => {
  await ctx.sleepUntil(until)
})

/** Takes signals one after the other, until it is told to end. */
export const listener = workflow('listener', async (_: unknown, ctx) => {
  const end = ctx.waitFor('end').then(() => true)
  while (!(await Promise.race([end, ctx.waitFor('tick').then(() => false)])));
})

/** When each stretch of rounds ended, in the worker's time. */
export const stretches: number[] = []
/** A round is `width` steps at once. */
export const long = workflow('long', async ({ rounds, width, stretch, end }: Long, ctx) => {
  for (let round = 1; round <= rounds; round++) {
    await Promise.all(Array.from({ length: width }, () => ctx.run('step', step)))
    if (round % stretch === 0) stretches.push(performance.now())
  }
  if (!end) await ctx.waitFor('end')
})
interface Long {
  rounds: number
  width: number
  stretch: number
  end: boolean
}

export const FLOWS = [five, one, fan, child, sleeper, listener, long]
