import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examinePostgres } from '../../src/store/postgres/doctor/doctor.ts'
import { openPostgresStore } from '../../src/store/postgres/store.ts'
import { OwnPostgres } from '../support/own-postgres.ts'

/** What a server is as a whole, which the one that all tests share cannot be made to be. */
let server: OwnPostgres
const replicas: OwnPostgres[] = []
beforeAll(async () => {
  server = (await OwnPostgres.make()) as OwnPostgres
  await (await openPostgresStore({ url: server.url })).close()
})
afterAll(() => Promise.all([...replicas, server].map(one => one.end())))

const examined = (options: Partial<Parameters<typeof examinePostgres>[0]> = {}) => examinePostgres({ url: server.url, ...options })
const found = async (options: Parameters<typeof examined>[0] = {}) => (await examined(options)).findings.map(({ code, where }) => `${code}: ${where}`)

async function restarted(...settings: string[]): Promise<void> {
  await server.stop('SIGINT')
  await server.start(settings)
}

test('settings of the whole server that lose, damage or swell what it keeps are named, each with what mends it', async () => {
  expect(await found()).toEqual([])
  await restarted('fsync=off', 'superuser_reserved_connections=190')
  const SETTINGS = [
    'full_page_writes = off',
    'synchronous_commit = local',
    "synchronous_standby_names = 'nobody'",
    'autovacuum = off',
    'track_counts = off',
  ]
  for (const setting of SETTINGS) await server.query(`alter system set ${setting}`)
  await server.query('select pg_reload_conf()')
  const expected = [
    'server-unfit: the server',
    'full-page-writes-off: full_page_writes',
    'synchronous-commit-local: synchronous_commit',
    'autovacuum-off: autovacuum',
    'track-counts-off: track_counts',
    'connections-few: max_connections',
  ]
  await expect.poll(() => found()).toEqual(expected)
  const { findings } = await examined()
  expect(findings[0]?.what).toMatch(/fsync/)
  await server.query("alter system set synchronous_standby_names = ''")
  for (const { mend } of findings)
    for (const statement of mend.match(/alter system set (?!max_connections)[^;]*/g) ?? []) await server.query(statement)
  await restarted()
  expect(await found()).toEqual([])
})

test('a database that runs out of transaction ids', async () => {
  // As if its oldest were a thousand million transactions older than any that it ever had. Autovacuum would put that right before anybody looks.
  await restarted('autovacuum=off', 'autovacuum_freeze_max_age=2000000000')
  await server.query(
    `update pg_database set datfrozenxid = mod(pg_current_xact_id()::text::numeric - 1000000010 + 4294967296, 4294967296)::text::xid
    where datname = current_database()`,
  )
  const { findings } = await examined()
  expect(findings.map(({ code, where }) => `${code}: ${where}`)).toEqual(['autovacuum-off: autovacuum', 'wraparound-near: database postgres'])
  expect(findings[1]).toMatchObject({
    what: expect.stringMatching(/1,000,000,0\d\d transactions old/),
    mend: expect.stringMatching(/^vacuumdb --freeze/),
  })
  await server.query('vacuum (freeze)')
  await restarted()
  expect(await found()).toEqual([])
})

test('a transaction that was prepared and left, also across a restart', async () => {
  await restarted('max_prepared_transactions=5')
  await server.query("begin; create table left_behind(id int); prepare transaction 'a''b'")
  await restarted('max_prepared_transactions=5')
  const { findings } = await examined({ oldMs: 0 })
  expect(findings).toEqual([expect.objectContaining({ code: 'prepared-transaction', where: "prepared transaction 'a''b'" })])
  for (const { mend } of findings) await server.query(mend.replace(/;.*/, ''))
  expect(await found({ oldMs: 0 })).toEqual([])
})

test('a slot whose log is gone says so; one that holds the log says how much', async () => {
  await restarted('max_slot_wal_keep_size=1MB')
  await server.query("select pg_create_physical_replication_slot('gone', true)")
  for (let segment = 0; segment < 3; segment++) await server.query('create table filler(id int); drop table filler; select pg_switch_wal()')
  await server.query('checkpoint')
  await server.query("select pg_create_physical_replication_slot('kept', true)")
  const { findings } = await examined()
  expect(findings.map(({ code, where, what }) => `${code}: ${where}: ${what}`)).toEqual([
    'replication-slot-idle: replication slot gone: Nobody reads from it, and what it would read is gone.',
    expect.stringMatching(/^replication-slot-idle: replication slot kept: Nobody reads from it, and \d+ \w+ of the log is kept for it\.$/),
  ])
  for (const { mend } of findings) await server.query(mend.replace(/;.*/, ''))
  expect(await found()).toEqual([])
})

test('a replica whose query keeps old rows here; and the replica itself, on which no node starts', async () => {
  await restarted()
  const replica = await server.follower()
  replicas.push(replica)
  for (const setting of ['hot_standby_feedback = on', "wal_receiver_status_interval = '1s'"]) await replica.query(`alter system set ${setting}`)
  await replica.query('select pg_reload_conf()')
  expect((await examined({ url: replica.url })).findings.map(({ code, what }) => `${code}: ${what}`)).toEqual([
    expect.stringMatching(/^server-unfit: .*(standby|replica)/),
  ])
  const reader = new pg.Client({ connectionString: replica.url })
  await reader.connect()
  try {
    await reader.query('begin isolation level repeatable read; select count(*) from pg_class')
    for (let n = 0; n < 20; n++) await server.query('select pg_current_xact_id()')
    await expect.poll(() => found({ behind: 10 }), { timeout: 30_000 }).toEqual([expect.stringMatching(/^old-snapshot: replica "/)])
    expect(await found(), 'a million is nothing').toEqual([])
  } finally {
    await reader.end()
  }
})
