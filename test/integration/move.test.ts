import { writeFileSync } from 'node:fs'
import { batch } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { bornRow, closingRow, openLane } from '../../src/store/conformance/fixtures.ts'
import { freshSchema } from '../../src/store/postgres/testing.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import { held, leisurely, parking, plain } from './support/jobs.ts'
import { type Server, Stage, until } from './support/processes.ts'
import { recordsIn } from './support/records.ts'

/** So many that a move is killed before it has all of them. */
const SEEDED = 40_000

const stage = new Stage()
afterAll(() => stage.end())

test('an installation moves to PostgreSQL, by a mover that is interrupted and killed: open runs go on where they were, nothing is lost, and the old file starts no more', {
  timeout: 170_000,
}, async () => {
  const database = stage.file('main.db')
  await seed(database)
  const records = stage.file('records.jsonl')
  writeFileSync(records, '')
  const old = await stage.server({ database })
  const worker = stage.worker({ url: old.url, slots: 20, name: 'first', records })
  await worker.word(({ is }) => is === 'ready')
  const client = old.client()

  const done = await client.start(plain, { ms: 1 }, { key: 'order-17', tags: { team: 'é' } })
  await done.result()
  const parked = await client.start(parking, null)
  await until('it is parked', async () => (await parked.get()).reason === 'parked')
  const running = await client.start(leisurely, { afterTermMs: 0 })
  await worker.word(word => word.is === 'begun' && word.run === running.id)
  const later = await client.start(plain, { ms: 1 }, { delay: '1h' })
  const soon = await client.start(plain, { ms: 1 }, { delay: '5s' })
  await ask(old, 'POST', 'queues/held/pause', { note: 'until it is moved' })
  const queued = await client.start(held, null)
  const gathered = await batch({ name: 'import', open: true })
    .add(plain, [{ input: { ms: 1 } }, { input: { ms: 2 } }])
    .start({ client })
  await ask(old, 'PUT', 'schedules/every-second', { cron: '* * * * * *', target: 'plain', input: { ms: 0 }, overlap: 'allow', catchup: 'all' })
  await until('the schedule has fired', async () => (await ledger(old)).length > 1)
  await ended(stage.command(['key', 'create', 'laptop', '--url', old.url]))

  const told = async (server: Server) => ({
    run: await ask(server, 'GET', `runs/${done.id}`),
    history: await ask(server, 'GET', `runs/${done.id}/history`),
    logs: await ask(server, 'GET', `runs/${parked.id}/logs`),
    limits: await ask(server, 'GET', 'limits'),
    // Without their versions: the worker registers its own again once it has found the server, and the newest is shown.
    definitions: (await ask<{ definitions: { name: string; options: unknown }[] }>(server, 'GET', 'definitions')).definitions.map(
      ({ name, options }) => ({ name, options }),
    ),
    later: await ask(server, 'GET', `runs/${later.id}`),
    keys: await (await fetch(`${server.url}/v1/keys`)).json(),
  })
  const before = await told(old)
  await old.kill('SIGTERM')

  const target = freshSchema()
  const move = ['move', '--from', 'main.db', '--to', target]
  const first = stage.command(move)
  await first.says(/copying closed/)
  await first.kill('SIGINT')
  expect(first.said).toMatch(/interrupted after .* Go on with the same command; or give it up: mainspring move --undo --from main\.db\n$/)
  expect(first.code).toBe(1)
  const second = stage.command(move)
  await second.says(/copying closed/)
  await second.kill('SIGKILL')

  // It stands by, and says for what, at once and to whoever asks.
  const server = await stage.server({ database: target, port: old.port })
  expect(server.said).toMatch(/"file":".*main\.db","host":.*"msg":"stands by until a move is done, and serves nothing"/)
  const notReady = await fetch(`${server.url}/readyz`)
  expect([notReady.status, ((await notReady.json()) as { hint: string }).hint]).toEqual([
    503,
    expect.stringMatching(/^not all of .*main\.db on .* is moved here, since /),
  ])
  const nodes = stage.command(['node', 'ls', '--url', server.url])
  await ended(nodes)
  expect(nodes.said).toMatch(/nothing is served or written: not all of .*main\.db .* finish it there with mainspring move --from /)
  expect((await stage.refused({ database })).said).toMatch(/is being moved to postgres:.*Finish it: mainspring move/s)
  const third = stage.command([...move, '--json'])
  await ended(third)
  const { tables, resumed } = JSON.parse(third.said) as { tables: Record<string, { rows: number }>; resumed: boolean }
  expect(resumed).toBe(true)
  expect(tables.closed?.rows).toBeGreaterThan(SEEDED)

  await until('the server says that it is ready', async () => (await fetch(`${server.url}/readyz`)).ok)
  await until('the server on PostgreSQL serves', async () => (await ask<{ state: string }>(server, 'GET', `runs/${later.id}`)).state === 'scheduled')
  expect(await told(server)).toEqual(before)
  expect((await client.start(plain, { ms: 1 }, { key: 'order-17', tags: { team: 'é' } })).id, 'its key is known').toBe(done.id)

  await soon.result({ timeout: '60s' })
  expect(await parked.get()).toMatchObject({ state: 'paused', reason: 'parked' })
  await parked.resume()
  await parked.result({ timeout: '60s' })
  expect((await queued.get()).state).toBe('queued')
  await ask(server, 'POST', 'queues/held/resume', {})
  await queued.result({ timeout: '60s' })
  await gathered.add(plain, [{ input: { ms: 3 } }])
  await gathered.seal()
  expect(await gathered.result({ timeout: '60s' })).toMatchObject({ total: 3, completed: 3 })

  await until('the schedule goes on', async () => Date.parse((await ledger(server))[0]?.at ?? '') > Date.now() - 3_000)
  const times = (await ledger(server)).map(({ at }) => Date.parse(at)).reverse()
  expect(times, 'each second is accounted for, also those of the move').toEqual(times.map((_, second) => (times[0] as number) + second * 1_000))

  await worker.kill('SIGTERM')
  expect(await running.get()).toMatchObject({ state: 'completed', attempt: 1 })
  expect(recordsIn(records).filter(mark => mark.run === running.id && mark.is === 'start')).toHaveLength(1)
  expect((await stage.refused({ database })).said).toMatch(
    /was moved to postgres:.* on .*mainspring server --database URL.*--undo.*\[database-refused\]/s,
  )
  expect(server.said).not.toMatch(/invariant|"level":50/)
})

/** Closed runs of a namespace that nobody asks for. */
async function seed(database: string): Promise<void> {
  const store = await openSqliteStore({ file: database, nodeName: 'seed' })
  const lane = await openLane(store)
  for (let left = SEEDED; left > 0; left -= 2_000) {
    const rows = Array.from({ length: 2_000 }, () => bornRow({ namespace: 'seeded', createdAt: left }))
    expect(await lane.commit({ closed: rows.map(row => closingRow(row, row, { closedAt: left, purgeAt: 4_102_444_800_000 })) })).toEqual({
      is: 'committed',
    })
  }
  await store.release(lane.claim)
  await store.close()
}

async function ended(command: ReturnType<Stage['command']>): Promise<void> {
  await until('the command has ended', () => command.ended)
  expect(command.code, command.said).toBe(0)
}

async function ledger(server: Server): Promise<{ at: string }[]> {
  return (await ask<{ lines: { at: string; source: string }[] }>(server, 'GET', 'schedules/every-second/ledger?limit=1000')).lines.filter(
    ({ source }) => source === 'time',
  )
}

async function ask<Answer>(server: Server, method: string, path: string, body?: unknown): Promise<Answer> {
  for (;;) {
    const answer = await fetch(`${server.url}/v1/namespaces/default/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await answer.text()
    if (answer.status === 503) continue
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text) as Answer
  }
}
