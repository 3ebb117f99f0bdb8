// Jobs that are limited, in sequence, or share their queue.
import { randomUUID } from 'node:crypto'
import { Abort, type JobContext, job } from '@mainspring/sdk'
import { linesIn, writeLine } from './records.ts'

/** A handler's own word, one line each, with O_APPEND: it survives a kill -9. */
export interface Witness {
  is: 'start' | 'end'
  run: string
  attempt: number
  /** Of this one execution. */
  nonce: string
  pid: number
  /** Milliseconds of the machine's monotonic clock, which all its processes share. */
  at: number
}

export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export function witnessesIn(file: string): Witness[] {
  return linesIn<Witness>(file)
}

function witness(is: Witness['is'], ctx: JobContext, nonce: string): void {
  const word: Witness = { is, run: ctx.run, attempt: ctx.attempt, nonce, pid: process.pid, at: now() }
  writeLine(process.env.TEST_RECORDS as string, word)
}

/** Stops when it is no longer wanted, as a handler ought to. */
async function witnessed(ms: number, ctx: JobContext): Promise<string> {
  const nonce = randomUUID()
  witness('start', ctx, nonce)
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms)
      ctx.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(ctx.signal.reason)
      })
    })
    return nonce
  } finally {
    witness('end', ctx, nonce)
  }
}

const retry = { attempts: 60, initial: 20, factor: 1.2, maximum: 500 }

export interface Keyed {
  key: string
  ms: number
}

export const perUser = job('per-user', { queue: 'users', retry, limits: [{ per: 'key', concurrency: 2 }] }, ({ ms }: Keyed, ctx) =>
  witnessed(ms, ctx),
)

export const pooledOne = job('pooled-one', { queue: 'pool', retry, limits: [{ pool: 'warehouse' }] }, ({ ms }: Keyed, ctx) => witnessed(ms, ctx))
export const pooledTwo = job('pooled-two', { queue: 'pool', retry, limits: [{ pool: 'warehouse', weight: 2 }] }, ({ ms }: Keyed, ctx) =>
  witnessed(ms, ctx),
)

export const rated = job('rated', { queue: 'rates', retry, limits: [{ per: 'key', rate: 20, every: '2s' }] }, ({ ms }: Keyed, ctx) =>
  witnessed(ms, ctx),
)

export const ordered = job('ordered', { queue: 'orders', retry, sequence: 'key' }, async ({ ms, fails }: Keyed & { fails?: boolean }, ctx) => {
  const nonce = await witnessed(ms, ctx)
  if (fails) throw new Abort('the printer is out of paper')
  return nonce
})

export const turns = job('turns', { queue: 'turns', retry, fair: 'key', limits: [{ concurrency: 8 }] }, ({ ms }: Keyed, ctx) => witnessed(ms, ctx))

/** For floods: nothing is written down. */
export const tenants = job('tenants', { fair: 'tenant' }, (_: { tenant: string; n: number }) => null)
