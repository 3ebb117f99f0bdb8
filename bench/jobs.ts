import { job } from '@mainspring/sdk'

/** 108 bytes of input,. */
export const INPUT = { user: 'u-1234567', url: 'https://example.org/pictures/2026/03/01/7f3a9c.jpg', width: 640, height: 480 }

export const noop = job('noop', { queue: 'drain' }, (_: typeof INPUT) => 'done')

/** The same under a limit that is never reached: what counting costs. */
export const limited = job('limited', { queue: 'drain', limits: [{ concurrency: 1_000 }] }, (_: typeof INPUT) => 'done')

/** The same with 10,000 tenants, each with its share: what telling them apart costs. */
export const shared = job('shared', { queue: 'drain', fair: 'tenant' }, (_: Tenant) => 'done')
export interface Tenant {
  tenant: string
  url: string
}
export const TENANTS = 10_000
export const tenantInput = (n: number): Tenant => ({ tenant: `t-${n % TENANTS}`, url: INPUT.url })

/** Milliseconds since the epoch with fractions: the same scale in every process of one machine. */
export const preciseNow = (): number => performance.timeOrigin + performance.now()

/** From the call of `start` to the first line of the handler. */
export const latencies: number[] = []
export const stamped = job('stamped', ({ sentAt }: { sentAt: number }) => {
  latencies.push(preciseNow() - sentAt)
})

/** 5 ms of work in a queue that one tenant may flood. */
export const crowded = job('crowded', { queue: 'crowded', fair: 'tenant' }, async ({ sentAt }: { tenant: string; sentAt: number }) => {
  if (sentAt > 0) latencies.push(preciseNow() - sentAt)
  await new Promise(resolve => setTimeout(resolve, 5))
})

/** One that is due at a time, and when it was begun. */
export interface Dispatch {
  run: string
  dueAt: number
  at: number
}
export const dispatches: Dispatch[] = []
export const due = job('due', ({ at }: { at: number }, ctx) => {
  dispatches.push({ run: ctx.run, dueAt: at, at: preciseNow() })
})
