import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresStore } from '../store.ts'
import { connected, query, schemaOfOwn } from '../testing.ts'
import { examinePostgres } from './doctor.ts'

const { url, schema } = schemaOfOwn()
/** A database and a role of our own: settings and snapshots of the others' are not ours. */
const own = `doctor_${process.pid}`
const ownUrl = url.replace(/(\/\/[^/]*\/)[^?]*/, `$1${own}`)
const inOwn = <T>(body: (client: pg.Client) => Promise<T>) => connected(body, { connectionString: ownUrl.split('?')[0] as string })

beforeAll(async () => {
  await query(`create database ${own}`)
  await (await openPostgresStore({ url: ownUrl })).close()
})
afterAll(async () => {
  await query(`drop database ${own} with (force)`)
  await query(`drop role if exists ${own}`)
})

/** Slots are of the whole server: those of others are theirs. */
const examined = async (options: Partial<Parameters<typeof examinePostgres>[0]> = {}) => {
  const { findings, ...rest } = await examinePostgres({ url: ownUrl, ...options })
  return { ...rest, findings: findings.filter(({ where }) => !where.startsWith('replication slot') || where.endsWith(own)) }
}
const found = async (options: Parameters<typeof examined>[0] = {}) => (await examined(options)).findings.map(({ code, where }) => `${code}: ${where}`)

test('of what the migrations made nothing is said, and looking leaves nothing behind', async () => {
  const tables = () => inOwn(async client => (await client.query('select count(*) from pg_class')).rows)
  const before = await tables()
  expect(await examined()).toEqual({ database: expect.stringMatching(/^PostgreSQL \d+\.\d+$/), findings: [], unseen: [] })
  expect(await tables()).toEqual(before)
})

describe('a schema that drifted is named, and what is said to mend it does', () => {
  const CHANGES = [
    ['alter table setting add column theirs text not null', `column-foreign: column ${schema}.setting.theirs`],
    ['alter table rate drop column part', `column-missing: column ${schema}.rate.part`],
    ['alter table hold alter column weight type real', `column-differs: column ${schema}.hold.weight`],
    ['alter table run_log alter column level type text collate "default"', `column-differs: column ${schema}.run_log.level`],
    ['alter table run_segment alter column events drop not null', `column-differs: column ${schema}.run_segment.events`],
    ['drop index run_open_due', `index-missing: index ${schema}.run_open_due`],
    ['alter table mail drop constraint mail_pkey', `index-missing: index ${schema}.mail_pkey`],
    ['drop index run_tag_id; create index run_tag_id on run_tag(id, namespace)', `index-differs: index ${schema}.run_tag_id`],
    ['alter table cluster drop constraint cluster_one_check', `check-missing: constraint ${schema}.cluster.cluster_one_check`],
    ['alter table ledger set unlogged', `table-unlogged: table ${schema}.ledger`],
    ['alter table run_tag set (autovacuum_enabled = false)', `autovacuum-off: table ${schema}.run_tag`],
  ] as const

  test('columns, indexes, constraints and how tables are kept', async () => {
    await inOwn(client => client.query([`set search_path to ${schema}`, ...CHANGES.map(([change]) => change)].join(';')))
    const { findings } = await examined()
    expect(findings.map(({ code, where }) => `${code}: ${where}`).sort()).toEqual(CHANGES.map(([, named]) => named).sort())
    // One by one: an index is made concurrently.
    for (const { mend } of findings)
      for (const statement of mend.split(/;\s*/).filter(text => text !== '')) await inOwn(client => client.query(statement))
    expect(await found()).toEqual([])
  })

  test('a table that is gone', async () => {
    await inOwn(client => client.query(`alter table ${schema}.mail rename to gone`))
    expect(await found()).toEqual([`table-missing: table ${schema}.mail`])
    await inOwn(client => client.query(`alter table ${schema}.gone rename to mail`))
  })

  test('an index that could not be finished', async () => {
    await inOwn(async client => {
      await client.query(`insert into ${schema}.setting values ('', 'a', 'x', '', 0), ('', 'b', 'x', '', 0)`)
      await expect(client.query(`create unique index concurrently torn on ${schema}.setting(name)`)).rejects.toThrow('could not create unique index')
    })
    const { findings } = await examined()
    expect(findings.map(({ code }) => code)).toEqual(['index-invalid'])
    await inOwn(async client => {
      for (const { mend } of findings) await client.query(mend)
      await client.query(`delete from ${schema}.setting`)
    })
    expect(await found()).toEqual([])
  })

  test('one of a version that is newer, one that no node has made yet', async () => {
    await inOwn(client => client.query(`insert into ${schema}.schema_version values (9999, 0)`))
    expect(await found()).toEqual([`schema-ahead: schema ${schema}`])
    await inOwn(client => client.query(`delete from ${schema}.schema_version where version = 9999`))
    const nobodys = new URL(ownUrl)
    nobodys.searchParams.set('schema', 'nobodys')
    expect(await found({ url: nobodys.href })).toEqual(['schema-missing: schema nobodys'])
  })
})

describe('what holds old rows is named, with its owner', () => {
  test('a session that is idle in its transaction; one that has just begun is not old', async () => {
    await inOwn(async holder => {
      await holder.query('begin isolation level repeatable read; select 1')
      const { rows } = await holder.query('select pg_backend_pid() as pid')
      expect(await found()).toEqual([])
      expect(await found({ oldMs: 0 })).toContain(`idle-in-transaction: session ${rows[0].pid}`)
      await holder.query('rollback')
    })
  })

  test('a replication slot that nobody reads from', async () => {
    await query('select pg_create_physical_replication_slot($1, true)', [own])
    try {
      const { findings } = await examined()
      expect(findings).toEqual([expect.objectContaining({ code: 'replication-slot-idle', where: `replication slot ${own}` })])
      for (const { mend } of findings) await query(mend.replace(/;.*/, ''))
    } finally {
      await query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [own])
    }
    expect(await found()).toEqual([])
  })

  test('dead rows that no vacuum has come for', async () => {
    await inOwn(async client => {
      await client.query(`set search_path to ${schema}; alter table run_log set (autovacuum_enabled = false)`)
      await client.query("insert into run_log select 'r', 'd', n, 0, 1, 'info', '' from generate_series(1, 20000) n; delete from run_log")
    })
    const expected = [`autovacuum-off: table ${schema}.run_log`, `vacuum-overdue: table ${schema}.run_log`]
    await expect.poll(() => found(), { timeout: 15_000 }).toEqual(expected)
    for (const { mend } of (await examined()).findings) await inOwn(client => client.query(mend))
    await expect.poll(() => found(), { timeout: 15_000 }).toEqual([])
  })
})

describe('settings that are not safe are named, with the statement that mends them', () => {
  const CHANGES = [
    [`alter database ${own} set synchronous_commit = off`, 'synchronous-commit-off: synchronous_commit'],
    [`alter database ${own} set statement_timeout = '2s'`, 'timeout-short: statement_timeout'],
    [`alter role postgres in database ${own} set lock_timeout = 500`, 'timeout-short: lock_timeout'],
    [`alter database ${own} connection limit 5`, `connections-few: database ${own}`],
  ] as const

  test('of the database, of the role in it', async () => {
    for (const [change] of CHANGES) await query(change)
    const { findings } = await examined()
    expect(findings.map(({ code, where }) => `${code}: ${where}`)).toEqual(CHANGES.map(([, named]) => named))
    for (const { mend } of findings) await query(mend)
    expect(await found()).toEqual([])
    await query(`alter role postgres in database ${own} reset all`)
  })

  test('a limit of the URL itself', async () => {
    const limited = new URL(ownUrl)
    limited.searchParams.set('options', '-c statement_timeout=100')
    const { findings } = await examined({ url: limited.href })
    expect(findings).toEqual([expect.objectContaining({ code: 'timeout-short', mend: expect.stringContaining("out of the URL's options") })])
  })

  test('a clock that is off; what the question took is not counted', async () => {
    expect(await found({ now: () => Date.now() + 3_600_000 })).toEqual(['clock-skew: the clock of this machine'])
    const { findings } = await examined({ now: () => Date.now() - 90_000 })
    expect(findings[0]?.what).toMatch(/^It is (89|90)\.\d s behind that of the database\.$/)
    let asked = 0
    expect(await found({ now: () => Date.now() + (asked++ === 0 ? -5_000 : 5_000) })).toEqual([])
  })
})

test('what a role may not see is said, not guessed', async () => {
  await query(`create role ${own} login`)
  await inOwn(client => client.query(`grant usage on schema ${schema} to ${own}; grant select on all tables in schema ${schema} to ${own}`))
  const theirs = new URL(ownUrl)
  theirs.username = own
  const { findings, unseen } = await examined({ url: theirs.href })
  expect(findings).toEqual([])
  expect(unseen).toEqual([
    { what: 'what holds old rows', why: `Sessions of others are not shown to ${own}.`, mend: `grant pg_read_all_stats to ${own};` },
  ])
  await inOwn(client => client.query(`drop owned by ${own}`))
})

test('nobody answers: the password is not shown', async () => {
  const refused = examinePostgres({ url: 'postgres://user:secret@127.0.0.1:1/none' })
  await expect(refused).rejects.toThrow(/The database cannot be looked at: PostgreSQL: .*ECONNREFUSED/)
  await expect(refused).rejects.not.toThrow('secret')
})
