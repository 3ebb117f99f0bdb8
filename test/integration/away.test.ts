import { writeFileSync } from 'node:fs'
import type { WireNodes } from '@mainspring/sdk'
import { afterEach, describe, expect, test } from 'vitest'
import { TcpProxy } from '../chaos/proxy.ts'
import { OwnPostgres } from '../support/own-postgres.ts'
import { check } from './support/checker.ts'
import { plain } from './support/jobs.ts'
import { Load } from './support/load.ts'
import { LONG, type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { quiet } from './support/quiet.ts'
import { recordsIn } from './support/records.ts'

const LEASE = '2s'
/** Four leases, and eight times what a claim may stand still. */
const AWAY_MS = LONG ? 60_000 : 8_000

let stage: Stage
let postgres: OwnPostgres
let proxy: TcpProxy
let nodes: Server[]
afterEach(async () => {
  await stage.end()
  await proxy?.close()
  await postgres?.end()
})

describe.each<
  [
    string,
    (proxy: TcpProxy, postgres: OwnPostgres) => Promise<unknown> | unknown,
    (proxy: TcpProxy, postgres: OwnPostgres) => Promise<unknown> | unknown,
  ]
>([
  ['its server is stopped', (_, postgres) => postgres.stop(), (_, postgres) => postgres.start()],
  ['nothing gets through to it, and no connection notices', proxy => proxy.partition('both'), proxy => proxy.heal()],
])(`the database is away for ${AWAY_MS / 1000} s: %s`, (_, takeAway, bringBack) => {
  test('nodes say so at once and go on by themselves; nobody steals, and workers keep their tasks (E20)', {
    timeout: 170_000 + 2 * AWAY_MS,
  }, async () => {
    stage = new Stage()
    const records = stage.file('records.jsonl')
    writeFileSync(records, '')
    postgres = (await OwnPostgres.make()) as OwnPostgres
    proxy = await TcpProxy.listen({ host: '127.0.0.1', port: postgres.port })
    const database = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`
    nodes = [await stage.server({ database, lease: LEASE }), await stage.server({ database, lease: LEASE })]
    const client = (nodes[1] as Server).client()
    const worker: WorkerChild = stage.worker({ url: (nodes[1] as Server).url, slots: 20, name: 'worker', records })
    const load = new Load(client)
    load.begin(3, 8)
    const progress = async () => {
      const [receipts, answers] = [load.receipts.length + 60, worker.count('answered') + 60]
      await until('the client and the worker get on', () => load.receipts.length >= receipts && worker.count('answered') >= answers)
    }
    const serving = async () => (await client.call<WireNodes>('nodes.list', {})).nodes.find(({ shards }) => shards > 0)
    await progress()
    const before = await serving()
    const across = await client.start(plain, { ms: AWAY_MS })
    await worker.word(word => word.is === 'begun' && word.run === across.id)

    await takeAway(proxy, postgres)
    const awayAt = Date.now()
    for (const { url } of nodes) {
      const refused = await started(url)
      expect(refused.status, url).toBe(503)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await refused.json()).toMatchObject({ code: 'unavailable' })
      await until('it says that it is not ready', async () => (await fetch(`${url}/readyz`)).status === 503)
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
    }
    await new Promise(resolve => setTimeout(resolve, Math.max(0, awayAt + AWAY_MS - Date.now())))
    await bringBack(proxy, postgres)

    await progress()
    expect(await across.result()).toBeTruthy()
    expect(await across.get(), 'its worker kept it').toMatchObject({ state: 'completed', attempt: 1 })
    expect(await serving(), 'nobody stole').toEqual(before)
    await load.end()
    await quiet(client, { everyMs: 100 })
    const { violations } = await check(client, load.receipts, recordsIn(records))
    // Those that were asked for once, here, have no receipt: one is known, others may have arrived.
    const wrong = violations.filter(what => !what.includes('no client has a receipt of'))
    expect([...load.complaints, ...wrong].slice(0, 10)).toEqual([])
    for (const { said, ended } of nodes) {
      expect(ended).toBe(false)
      expect(said).not.toMatch(/invariant/)
    }
  })
})

/** A start, as somebody who asks once. */
function started(url: string): Promise<Response> {
  return fetch(`${url}/v1/namespaces/default/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
    body: JSON.stringify({ definition: 'plain', input: { ms: 0 } }),
    signal: AbortSignal.timeout(30_000),
  })
}
