import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WireNodes } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { migrations } from '../../src/store/postgres/migrate.ts'
import { query, schemaOfOwn } from '../../src/store/postgres/testing.ts'
import { check } from './support/checker.ts'
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

/** This version, with one more change of the schema: what the next one is to its predecessor. */
function nextVersion(): string {
  const tree = stage.file('next')
  mkdirSync(tree)
  for (const path of ['src', 'bin', 'package.json']) cpSync(join(ROOT, path), join(tree, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  writeFileSync(join(tree, `src/store/postgres/migrations/${String(NEXT).padStart(4, '0')}.sql`), CHANGE)
  return tree
}

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
