// The workflows of the tests in this folder. Each step writes down that it starts, under its key.
import { job, type StepContext, workflow } from '@mainspring/sdk'
import { writeLine } from './records.ts'

const after = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const RETRY = { attempts: 60, initial: 20, factor: 1.2, maximum: 500 }

export interface StepMark {
  run: string
  step: string
  key: string
  worker: string
}

export const priced = job('priced', { retry: RETRY }, async (n: number) => {
  await after(n % 20)
  return n * 10
})

/** Five steps and a child, a wait for a signal, a sleep, a step that fails twice, and one that is tried once. */
export const order = workflow('order', async (n: number, ctx) => {
  const mark =
    <T>(step: string, value: T) =>
    async ({ key }: StepContext): Promise<T> => {
      const said: StepMark = { run: ctx.id, step, key, worker: process.env.TEST_WORKER as string }
      writeLine(process.env.TEST_RECORDS as string, said)
      await after(n % 30)
      return value
    }
  const reserved = await ctx.run('reserve', mark('reserve', n), { retry: RETRY })
  const [price, packed] = await Promise.all([
    ctx.call(priced, reserved),
    ctx.run('pack', mark('pack', 'packed'), { retry: RETRY }),
    ctx.sleep(n % 100),
  ])
  const charged = await ctx.run('charge', mark('charge', true), { retry: { attempts: 1 } }).catch((error: Error) => error.name)
  const approved = await ctx.waitFor<string>('approval')
  const failed = await ctx.run('flaky', step => (step.attempt < 3 ? Promise.reject(new Error('not yet')) : step.attempt), { retry: RETRY })
  const shipped = await ctx.run('ship', mark('ship', ctx.uuid().length), { retry: RETRY })
  return { price, packed, charged: charged === true || charged === 'Lost', approved, failed, shipped }
})

/** Writes down that its code is called, which no code of people's may. */
export const naps = workflow('naps', async (count: number, ctx) => {
  writeLine(process.env.TEST_RECORDS as string, { run: ctx.id, step: 'called', key: '', worker: process.env.TEST_WORKER })
  for (let nap = 0; nap < count; nap++) await ctx.sleep(30)
  return count
})

const held = (step: StepContext): Promise<string> =>
  new Promise(resolve => step.signal.addEventListener('abort', () => resolve((step.signal.reason as Error).name)))

/** A step that ends when it is asked to. */
export const patient = workflow('patient', async (_: null, ctx) => {
  const said = await ctx.run('hold', held)
  return [said, await ctx.sleep('1h').catch((error: Error) => error.name)]
})

/** What is heard while a step runs. */
export const listening = workflow('listening', async (_: null, ctx) => Promise.race([ctx.run('hold', held), ctx.waitFor<string>('stop')]))

/** On worker `first` it goes on until that worker stops. */
export const leisurelyStep = workflow('leisurely-step', async (_: null, ctx) => {
  const before = await ctx.run('before', () => process.env.TEST_WORKER)
  return [before, await ctx.run('long', step => (process.env.TEST_WORKER === 'first' ? held(step) : 'on another'))]
})

/** Takes updates until it is told to stop. A check or a query says which worker answers. */
export const ledger = workflow('ledger', async (_: null, ctx) => {
  const entries: number[] = []
  let stop = false
  ctx.onQuery('entries', () => ({ entries, worker: process.env.TEST_WORKER }))
  ctx.onUpdate('add', async (n: number) => {
    entries.push(n)
    return ctx.run('sum', () => entries.reduce((a, b) => a + b, 0))
  })
  ctx.onUpdate('stop', () => {
    stop = true
  })
  await ctx.until(() => stop)
  return entries
})

/** How many words its step writes to the stream that it speaks to. */
export const WORDS = 300
/** What its code writes and what its step writes, one of the other. */
export const speech = workflow('speech', async (name: string, ctx) => {
  await ctx.stream('said').write(`${name} begins`)
  await ctx.run(
    'speak',
    async step => {
      for (let n = 0; n < WORDS; n++) {
        await step.stream('said').write(n)
        await after(5)
      }
    },
    { retry: RETRY },
  )
  await ctx.stream('said').write(`${name} ends`)
})
