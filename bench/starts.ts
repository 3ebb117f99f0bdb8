import type { Client, Job } from '@mainspring/sdk'

/** `perCall` runs a call, `calls` calls under way at a time. */
export async function startAll<Input>(
  client: Client,
  job: Job<Input, unknown>,
  input: Input | ((n: number) => Input),
  count: number,
  perCall: number,
  calls: number,
): Promise<void> {
  let left = count
  type Items = Parameters<typeof client.startMany<Input, unknown>>[1][number][]
  const made = (from: number): Items =>
    Array.from({ length: perCall }, (_, n) => ({ input: typeof input === 'function' ? (input as (n: number) => Input)(from + n) : input })) as Items
  const same = typeof input === 'function' ? null : made(0)
  await client.register([job])
  await Promise.all(
    Array.from({ length: calls }, async () => {
      while (left > 0) {
        const now = Math.min(perCall, left)
        left -= now
        const items = same ?? made(left)
        await client.startMany(job, now === perCall ? items : items.slice(0, now))
      }
    }),
  )
}

/** Calls at a steady rate, whether or not the ones before have their answers: what is late shows as latency. */
export async function paced(count: number, perSecond: number, act: () => Promise<unknown>): Promise<void> {
  const begunAt = performance.now()
  const answers: Promise<unknown>[] = []
  for (let n = 0; n < count; n++) {
    const waitMs = begunAt + (n * 1_000) / perSecond - performance.now()
    if (waitMs > 0) await new Promise(resolve => setTimeout(resolve, waitMs))
    answers.push(act())
  }
  await Promise.all(answers)
}
