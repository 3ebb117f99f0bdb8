import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WireNodes } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { migrations } from '../../src/store/postgres/migrate.ts'
import { query, schemaOfOwn } from '../../src/store/postgres/testing.ts'
import { CLAIMS_READ } from '../../src/store/store.ts'
import { check } from './support/checker.ts'
import { fan } from './support/dag-jobs.ts'
import { noop } from './support/jobs.ts'
import { Load } from './support/load.ts'
import { type Server, Stage, until } from './support/processes.ts'
import { quiet } from './support/quiet.ts'
import { recordsIn } from './support/records.ts'

const ROOT = join(import.meta.dirname, '../..')
const NEXT = migrations().length + 1
/** What a later version may do to tables that are in use: additions alone. */
const CHANGE = `alter table run_open add column later text;
alter table run_closed add column later text;
alter table lane_claim add column later text;
create table later(id int);`

const stage = new Stage()
afterAll(() => stage.end())

function copyOfThis(name: string): string {
  const tree = stage.file(name)
  mkdirSync(tree)
  for (const path of ['src', 'bin', 'package.json']) cpSync(join(ROOT, path), join(tree, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  return tree
}

/** This version, with one more change of the schema: what the next one is to its predecessor. */
function nextVersion(): string {
  const tree = copyOfThis('next')
  writeFileSync(join(tree, `src/store/postgres/migrations/${String(NEXT).padStart(4, '0')}.sql`), CHANGE)
  return tree
}

/** This version, as one that knows only of claims of the form before. */
function formBefore(): string {
  const tree = copyOfThis('before')
  const path = join(tree, 'src/store/store.ts')
  const source = readFileSync(path, 'utf8')
  const older = source.replace(`CLAIMS_READ = ${CLAIMS_READ}`, `CLAIMS_READ = ${CLAIMS_READ - 1}`)
  expect(older, 'the form is written down there').not.toBe(source)
  writeFileSync(path, older)
  return tree
}

test('while a node is there that may not know what DAGs are made of, they are refused and jobs go on; once it is upgraded they run (E11)', async () => {
  const tree = formBefore()
  const { url: database } = schemaOfOwn()
  const records = stage.file('dags.jsonl')
  writeFileSync(records, '')
  const options = { database, lease: '2s' }
  const older = await stage.server({ ...options, tree })
  const newer = await stage.server(options)
  const client = newer.client()
  await until('both have shards', async () => {
    const { nodes } = await client.call<WireNodes>('nodes.list', {})
    return nodes.filter(({ shards }) => shards > 0).length === 2
  })
  stage.worker({ url: newer.url, slots: 10, name: 'jobs', records })
  const before = await Promise.all(Array.from({ length: 20 }, (_, n) => client.start(noop, { n, text: 'before' })))
  await Promise.all(before.map(run => run.result()))
  await expect(newer.client('1ms').register([fan])).rejects.toMatchObject({ status: 409, code: 'older-nodes' })

  const during = Promise.all(Array.from({ length: 20 }, async (_, n) => (await client.start(noop, { n, text: 'during' })).result()))
  await older.kill('SIGTERM')
  await stage.server({ ...options, port: older.port })
  await during
  stage.worker({ url: newer.url, slots: 10, name: 'dags', records, jobs: 'dags' })
  await until('DAGs are registered by their worker', async () => {
    const { definitions } = await client.call<{ definitions: { name: string }[] }>('definitions.list', {})
    return definitions.some(({ name }) => name === 'fan')
  })
  const runs = await Promise.all(Array.from({ length: 10 }, () => client.start(fan, 2)))
  for (const run of runs) expect(await run.result()).toEqual({ sum: 18, word: 'odd', last: 'at last' })
})

test('nodes are upgraded one after the other under load: those of the old version go on beside the new schema, and nothing acknowledged is lost or doubled', {
  timeout: 240_000,
}, async () => {
  const tree = nextVersion()
  const { url: database, schema } = schemaOfOwn()
  const records = stage.file('records.jsonl')
  writeFileSync(records, '')
  const old: Server[] = [await stage.server({ database, lease: '2s' }), await stage.server({ database, lease: '2s' })]
  const client = (old[1] as Server).client()
  const worker = stage.worker({ url: (old[1] as Server).url, slots: 20, name: 'worker', records })
  const load = new Load(client)
  load.begin(3, 8)
  const progress = async () => {
    const [receipts, answers] = [load.receipts.length + 60, worker.count('answered') + 60]
    await until('the client and the worker get on', () => load.receipts.length >= receipts && worker.count('answered') >= answers)
  }
  const serves = async (nodes: readonly Server[]): Promise<boolean> => {
    const serving = (await client.call<WireNodes>('nodes.list', {})).nodes.filter(({ shards }) => shards > 0)
    return serving.some(({ name }) => nodes.some(({ pid }) => name.endsWith(`:${pid}`)))
  }
  const version = async () => (await query<{ version: number }>(`select max(version) as version from "${schema}".schema_version`))[0]?.version
  await progress()
  expect(await version()).toBe(NEXT - 1)

  const fresh = [await stage.server({ database, lease: '2s', tree })]
  expect(await version(), 'the first of the new version has changed the schema').toBe(NEXT)
  expect(await serves(old), 'one of the old version serves on it').toBe(true)
  await progress()
  const [first, second] = old as [Server, Server]
  await first.kill('SIGTERM')
  await progress()
  await second.kill('SIGTERM')
  fresh.push(await stage.server({ database, lease: '2s', tree, port: second.port }))
  await progress()
  expect([await serves(fresh), await serves(old)]).toEqual([true, false])
  await load.end()
  await quiet(client)
  const { violations } = await check(client, load.receipts, recordsIn(records))
  expect([...load.complaints, ...violations].slice(0, 10)).toEqual([])
  for (const { said } of [...old, ...fresh]) expect(said).not.toMatch(/invariant|"level":50/)
})
