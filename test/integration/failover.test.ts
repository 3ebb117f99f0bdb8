import { writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { TcpProxy } from '../chaos/proxy.ts'
import { OwnPostgres } from '../support/own-postgres.ts'
import { check } from './support/checker.ts'
import { Load } from './support/load.ts'
import { type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { quiet } from './support/quiet.ts'
import { recordsIn } from './support/records.ts'

/** Starts that may have been under way at the moment of a promotion, and were acknowledged by the old primary. */
const STARTS_ACROSS = 30

let stage: Stage
let primary: OwnPostgres
let follower: OwnPostgres
let proxy: TcpProxy
let nodes: Server[]
let worker: WorkerChild
let load: Load
let records: string

async function begin(settings: readonly string[]): Promise<void> {
  stage = new Stage()
  records = stage.file('records.jsonl')
  writeFileSync(records, '')
  primary = (await OwnPostgres.make()) as OwnPostgres
  follower = await primary.follower(settings)
  proxy = await TcpProxy.listen({ host: '127.0.0.1', port: primary.port })
  await until('the replica follows', async () => (await primary.query("select 1 from pg_stat_replication where state = 'streaming'")).length === 1)
  const database = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`
  nodes = [await stage.server({ database, lease: '3s' }), await stage.server({ database, lease: '3s' })]
  const client = (nodes[1] as Server).client()
  worker = stage.worker({ url: (nodes[0] as Server).url, slots: 20, name: 'worker', records })
  load = new Load(client)
  load.begin(3, 8)
}
afterEach(async () => {
  await stage.end()
  await proxy?.close()
  await follower?.end()
  await primary?.end()
})

async function progress(): Promise<void> {
  const [receipts, answers] = [load.receipts.length + 60, worker.count('answered') + 60]
  await until('the client and the worker get on', () => load.receipts.length >= receipts && worker.count('answered') >= answers)
}

async function promote(): Promise<void> {
  await follower.query('select pg_promote()')
  proxy.lead({ host: '127.0.0.1', port: follower.port })
}

async function findings(): Promise<string[]> {
  await load.end()
  const client = (nodes[1] as Server).client()
  await quiet(client, { everyMs: 100 })
  const { violations } = await check(client, load.receipts, recordsIn(records))
  return [...load.complaints, ...violations]
}

test('a synchronous replica is promoted when the primary has died: the nodes go on, and nothing acknowledged is lost', {
  timeout: 170_000,
}, async () => {
  await begin(['synchronous_standby_names=*'])
  await progress()
  await primary.stop()
  await promote()
  await progress()
  expect((await findings()).slice(0, 5)).toEqual([])
})

test('an asynchronous replica that is behind is promoted: the nodes notice that the database went back, and go on from what it has (E2)', {
  timeout: 170_000,
}, async () => {
  await begin([])
  await progress()
  await follower.stop('SIGINT')
  await progress()
  await primary.stop()
  await follower.start()
  const before = load.receipts.length
  await promote()
  await progress()
  const wrong = await findings()
  // Of what went on across it the replica may lack starts and accepted results, and nobody can know of them. What came later is as ever.
  expect(wrong.filter(what => /and lost/.test(what)).length, 'the replica was behind').toBeGreaterThan(0)
  const [old, late] = [load.receipts.slice(0, before + STARTS_ACROSS), load.receipts.slice(before + STARTS_ACROSS)]
  const known = new Set(old.map(({ run }) => run))
  const later = late.map(({ run }) => run).filter(run => !known.has(run))
  expect(later.length).toBeGreaterThan(20)
  // A key whose run is gone is free.
  expect(wrong.filter(what => !what.includes('one key') && later.some(run => what.includes(run)))).toEqual([])
})
