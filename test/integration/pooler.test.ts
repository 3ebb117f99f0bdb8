import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { freshSchema, TEST_URL } from '../../src/store/postgres/testing.ts'
import { type PgBouncer, pgbouncer, pgbouncerMissing } from '../support/pgbouncer.ts'
import { check } from './support/checker.ts'
import { Load } from './support/load.ts'
import { type Server, Stage, until } from './support/processes.ts'
import { quiet } from './support/quiet.ts'
import { recordsIn } from './support/records.ts'

const missing = pgbouncerMissing()
const stage = new Stage()
let bouncer: PgBouncer | null = null
afterEach(() => stage.end())
afterAll(() => bouncer?.end())

describe(`behind PgBouncer in transaction mode${missing === null ? '' : ` (${missing})`}`, { skip: missing !== null }, () => {
  test('two nodes take over from one another, killed and drained under load: nothing acknowledged is lost or doubled', async () => {
    bouncer = await pgbouncer(TEST_URL, 'transaction')
    const database = bouncer.through(freshSchema())
    const records = stage.file('records.jsonl')
    writeFileSync(records, '')
    const nodes: Server[] = [await stage.server({ database, lease: '2s' }), await stage.server({ database, lease: '2s' })]
    const client = (nodes[1] as Server).client()
    const worker = stage.worker({ url: (nodes[1] as Server).url, slots: 20, name: 'worker', records })
    const load = new Load(client)
    load.begin(3, 8)
    const progress = async () => {
      const [receipts, answers] = [load.receipts.length + 60, worker.count('answered') + 60]
      await until('the client and the worker get on', () => load.receipts.length >= receipts && worker.count('answered') >= answers)
    }
    await progress()
    await nodes[0]?.kill('SIGKILL')
    await progress()
    nodes[0] = await stage.server({ database, lease: '2s' })
    await nodes[1]?.kill('SIGTERM')
    nodes[1] = await stage.server({ database, lease: '2s', port: (nodes[1] as Server).port })
    await progress()
    await load.end()
    await quiet(client)
    const { violations } = await check(client, load.receipts, recordsIn(records))
    expect([...load.complaints, ...violations].slice(0, 10)).toEqual([])
    for (const { said } of nodes) expect(said).not.toMatch(/invariant|"level":50/)
  })
})
