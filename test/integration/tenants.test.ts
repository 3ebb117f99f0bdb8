import type { Job } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { noop } from './support/jobs.ts'
import { tenants } from './support/limited-jobs.ts'
import { type Server, Stage, until } from './support/processes.ts'

const KEYS = 10_000
const PLAIN = 50_000
const FLOOD = 200_000
const PER_CALL = 2_000
const CLIENTS = 2
const DRAINED = 5_000
const MEMORY_KIB_MAX = 170 * 1024

const stage = new Stage()
afterAll(() => stage.end())

test(`a flood of ${FLOOD.toLocaleString('en')} runs of ${KEYS.toLocaleString('en')} keys that take turns adds no more than 170 MiB to a server under a flood of one key`, {
  timeout: 120_000,
}, async () => {
  const server = await stage.server({ database: stage.file('main.db') })
  const client = server.client()
  await client.register([noop, tenants])
  // What a flood takes in any case: bodies of calls, batches under way, one full window.
  await flood(server, PLAIN, n => ({ job: noop, input: { n, text: 'a job like any other' } }))
  const plainKib = server.memoryKib('VmHWM')
  await flood(server, FLOOD, n => ({ job: tenants, input: { tenant: `tenant-${n % KEYS}`, n } }))
  const worker = stage.worker({ url: server.url, jobs: 'limited', slots: 200, name: 'tenants' })
  await until(`${DRAINED} are done`, async () => (await server.metric('jobs_closed_total')) >= DRAINED, 100)
  await worker.kill('SIGTERM')
  const grownKib = server.memoryKib('VmHWM') - plainKib
  console.log(`${Math.round(plainKib / 1024)} MiB under one key, at most ${Math.round(grownKib / 1024)} MiB more`)
  expect(grownKib, 'KiB more, at most').toBeLessThanOrEqual(MEMORY_KIB_MAX)
})

async function flood<Input>(server: Server, runs: number, of: (n: number) => { job: Job<Input, unknown>; input: Input }): Promise<void> {
  const { job } = of(0)
  let started = 0
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = server.client()
      while (started < runs) {
        const from = started
        started += PER_CALL
        await client.startMany(
          job,
          Array.from({ length: PER_CALL }, (_, n) => ({ input: of(from + n).input })),
        )
      }
      await client.close()
    }),
  )
}
