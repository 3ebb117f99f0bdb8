import { type Client, connect, type WireShards } from '@mainspring/sdk'
import { partOf, shardOf } from '../src/core/ids.ts'
import { type Case, type Figures, percentile, type Sizes } from './cases.ts'
import { type Dispatch, due, preciseNow } from './jobs.ts'
import { ask, BenchServer, said, started, stopped } from './processes.ts'

/** One job falls due every so many milliseconds, for so long: what falls due on a node's shards after it has gone can only be handed out by another. */
const EVERY_MS = 5
const SPREAD_MS = 6_000
/** Those of one call live together: so many calls, one job of each in turn, spread them over the shards of both nodes. */
const CALLS = 48
/** Until what was started is on its way, and each node has seen the other's renewals for long enough. */
const SETTLE_MS = 2_500

/** Jobs on its shards that fell due after it, of which something is said: some second of them. */
const WATCHED = 100

export const TAKEOVER_CASES: readonly Case[] = [
  {
    name: 'takeover-kill',
    run: (url, sizes) => takeover(url, sizes, 'kill -9 to the first handler', untilFirst, ({ server }) => void server.child.kill('SIGKILL')),
  },
  {
    name: 'takeover-stop',
    run: (url, sizes) => takeover(url, sizes, 'SIGTERM, what a job was late by', latest, ({ server }) => void server.child.kill('SIGTERM')),
  },
  { name: 'takeover-drain', run: (url, sizes) => takeover(url, sizes, 'node drain, what a job was late by', latest, drain) },
]

/** A dead node hands nothing out: what falls due after it is another's. */
const untilFirst = (after: readonly Dispatch[], goneAt: number) => Math.min(...after.map(({ at }) => at)) - goneAt
/** One that gives its shards up hands out what it can until then, so what it takes is what a job was late by. */
const latest = (after: readonly Dispatch[]) => Math.max(...after.map(({ at, dueAt }) => at - dueAt))

interface Going {
  server: BenchServer
  client: Client
  node: string
}

/** Two nodes at default settings that share the shards, a worker that knows both, and one of them goes. */
async function takeover(
  url: string,
  { takeovers }: Sizes,
  name: string,
  measure: typeof untilFirst,
  go: (going: Going) => Promise<void> | void,
): Promise<Figures> {
  const found: number[] = []
  let [leaving, other] = [await BenchServer.start(url), await BenchServer.start(url)]
  try {
    for (let n = 0; n < takeovers; n++) {
      const worker = started('worker.ts', [`${leaving.url},${other.url}`, '50'])
      await said(worker)
      const client = connect({ url: [other.url, leaving.url].join(), namespace: 'default', retryFor: '1m' })
      await client.register([due])
      const from = Date.now() + SETTLE_MS
      const items = Array.from({ length: SPREAD_MS / EVERY_MS }, (_, n) => from + n * EVERY_MS).map(at => ({ input: { at }, at: new Date(at) }))
      await Promise.all(
        Array.from({ length: CALLS }, (_, call) =>
          client.startMany(
            due,
            items.filter((_, index) => index % CALLS === call),
          ),
        ),
      )
      // At any moment between two renewals.
      const wait = from + Math.random() * 500 - Date.now()
      await new Promise(resolve => setTimeout(resolve, wait))
      const { count, lanes } = await client.call<WireShards>('shards.list', {})
      const lane = lanes.find(({ name }) => name.endsWith(`:${leaving.child.pid}`))
      if (lane === undefined || lane.shards.length !== count / 2) throw new Error(`the nodes do not share the shards: ${JSON.stringify(lanes)}`)
      const wasThere = (run: string): boolean => lane.shards.includes(shardOf(partOf(run), count))
      const goneAt = preciseNow()
      await go({ server: leaving, client, node: lane.node })
      let after: Dispatch[] = []
      while (after.length < WATCHED) after = (await ask<Dispatch[]>(worker, 'dispatches')).filter(({ run, dueAt }) => dueAt > goneAt && wasThere(run))
      found.push(measure(after, goneAt))
      await client.close()
      await Promise.all([stopped(worker, 'SIGKILL'), stopped(leaving.child, 'SIGKILL')])
      ;[leaving, other] = [other, await BenchServer.start(url)]
    }
  } finally {
    await Promise.all([leaving, other].map(({ child }) => stopped(child, 'SIGKILL')))
  }
  const sorted = found.sort((a, b) => a - b)
  const what = `takeover after ${name}`
  return { [`${what}, p50 ms`]: percentile(sorted, 0.5), [`${what}, p95 ms`]: percentile(sorted, 0.95) }
}

async function drain({ client, node }: Going): Promise<void> {
  await client.call('nodes.drain', { node }, {})
}
