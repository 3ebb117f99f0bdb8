/**
 * A job that watches over a job elsewhere. Its line breaks twice; each time the next attempt attaches to the external job that is under way, because its id
 * is in the checkpoint, instead of submitting a second one.
 *
 *     mainspring start render '{"film":"Metropolis"}' --follow
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type JobContext, job } from '@mainspring/sdk'
import { z } from 'zod'
import { progressOf, submit } from './support/render-farm.ts'

const options = {
  input: z.object({ film: z.string().min(1) }),
  retry: { attempts: 5, initial: '500ms', maximum: '2s' },
  timeout: { attempt: '5m', heartbeat: '30s' },
} as const

export const render = job('render', options, async ({ film }, ctx: JobContext<{ external: string }>) => {
  const external = ctx.checkpoint.value?.external ?? (await submitted(film, ctx))
  ctx.log.info(`attempt ${ctx.attempt} watches ${external}`)
  for (;;) {
    const done = await progressOf(external)
    ctx.progress(done, external)
    if (done === 1) return { film, external, attempts: ctx.attempt }
    if (lineBreaks(ctx.attempt, done)) throw new Error(`the line to the farm broke at ${Math.round(done * 100)} %`)
    await sleep(50, undefined, { signal: ctx.signal })
  }
})

export const examples = { render: { film: 'Metropolis' } }

async function submitted(film: string, ctx: JobContext<{ external: string }>): Promise<string> {
  const external = await submit(film)
  await ctx.checkpoint.save({ external })
  ctx.log.info(`submitted ${external}`)
  return external
}

/** Flaky, but the same every time: the first attempt breaks at a quarter, the second one at a half. */
function lineBreaks(attempt: number, done: number): boolean {
  return (attempt === 1 && done >= 0.25) || (attempt === 2 && done >= 0.5)
}
