import { connect, type WireNodes } from '@mainspring/sdk'
import { type Case, type Figures, percentile, type Sizes } from './cases.ts'
import { type Dispatch, due, preciseNow } from './jobs.ts'
import { ask, BenchServer, said, started, stopped } from './processes.ts'

/** One job falls due every so many milliseconds, for so long: what falls due after a node has gone can only be handed out by another. */
const EVERY_MS = 5
const SPREAD_MS = 6_000
/** Until what was started is handed out, and the other node stands by for long enough to have seen renewals. */
const SETTLE_MS = 1_500

/** Jobs that fell due after it, of which something is said: a second of them. */
const WATCHED = 200

export const TAKEOVER_CASES: readonly Case[] = [
  {
    name: 'takeover-kill',
    run: (url, sizes) => takeover(url, sizes, 'kill -9 to the first handler', untilFirst, ({ child }) => void child.kill('SIGKILL')),
  },
  {
    name: 'takeover-stop',
    run: (url, sizes) => takeover(url, sizes, 'SIGTERM, what a job was late by', latest, ({ child }) => void child.kill('SIGTERM')),
  },
  { name: 'takeover-drain', run: (url, sizes) => takeover(url, sizes, 'node drain, what a job was late by', latest, drain) },
]

/** A dead node hands nothing out: what falls due after it is another's. */
const untilFirst = (after: readonly Dispatch[], goneAt: number) => Math.min(...after.map(({ at }) => at)) - goneAt
/** One that gives its shards up hands out what it can until then, so what it takes is what a job was late by. */
const latest = (after: readonly Dispatch[]) => Math.max(...after.map(({ at, dueAt }) => at - dueAt))

/** Two nodes at default settings, a worker that knows both, and the one that serves goes. */
async function takeover(
  url: string,
  { takeovers }: Sizes,
  name: string,
  measure: typeof untilFirst,
  go: (server: BenchServer) => Promise<void> | void,
): Promise<Figures> {
  const found: number[] = []
  let [serving, other] = [await BenchServer.start(url), await BenchServer.start(url)]
  try {
    for (let n = 0; n < takeovers; n++) {
      const worker = started('worker.ts', [`${serving.url},${other.url}`, '50'])
      await said(worker)
      const client = connect({ url: [serving.url, other.url].join(), namespace: 'default', retryFor: '1m' })
      await client.register([due])
      const from = Date.now() + SETTLE_MS
      const items = Array.from({ length: SPREAD_MS / EVERY_MS }, (_, n) => from + n * EVERY_MS).map(at => ({ input: { at }, at: new Date(at) }))
      await client.startMany(due, items)
      // At any moment between two renewals.
      const wait = from + Math.random() * 500 - Date.now()
      await new Promise(resolve => setTimeout(resolve, wait))
      const goneAt = preciseNow()
      await go(serving)
      let after: Dispatch[] = []
      while (after.length < WATCHED) after = (await ask<Dispatch[]>(worker, 'dispatches')).filter(({ dueAt }) => dueAt > goneAt)
      found.push(measure(after, goneAt))
      await client.close()
      await Promise.all([stopped(worker, 'SIGKILL'), stopped(serving.child, 'SIGKILL')])
      ;[serving, other] = [other, await BenchServer.start(url)]
    }
  } finally {
    await Promise.all([serving, other].map(({ child }) => stopped(child, 'SIGKILL')))
  }
  const sorted = found.sort((a, b) => a - b)
  const what = `takeover after ${name}`
  return { [`${what}, p50 ms`]: percentile(sorted, 0.5), [`${what}, p95 ms`]: percentile(sorted, 0.95) }
}

async function drain({ url }: BenchServer): Promise<void> {
  const client = connect({ url, namespace: 'default' })
  const { nodes } = await client.call<WireNodes>('nodes.list', {})
  await client.call('nodes.drain', { node: nodes.find(({ shards }) => shards > 0)?.id as string }, {})
  await client.close()
}
