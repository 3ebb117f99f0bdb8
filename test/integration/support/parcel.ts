import { type StepContext, workflow } from '@mainspring/sdk'
import { writeLine } from './records.ts'

const RETRY = { attempts: 60, initial: 20, factor: 1.2, maximum: 500 }

/** Two versions of one workflow: what v1 has begun of an odd number v2 cannot go on with. Its last step waits in a queue, for a pool. */
export const parcelOf = (version: 'v1' | 'v2') =>
  workflow('parcel', { version, steps: { send: { retry: RETRY, limits: [{ pool: 'lorries' }] } } }, async (n: number, ctx) => {
    const mark =
      (step: string) =>
      async ({ key }: StepContext): Promise<string> => {
        writeLine(process.env.TEST_RECORDS as string, { run: ctx.id, step, key, worker: process.env.TEST_WORKER })
        await new Promise(resolve => setTimeout(resolve, 20 + (n % 5) * 20))
        return `${step} ${n}`
      }
    const packed = await ctx.run(version === 'v2' && n % 2 === 1 ? 'wrap' : 'pack', mark('pack'), { retry: RETRY })
    const address = await ctx.waitFor<string>('address')
    return [packed, address, await ctx.run('send', mark('send'), { key: n })]
  })
