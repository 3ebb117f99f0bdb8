import { expect, test } from 'vitest'
import { freshSchema, query } from '../store/postgres/testing.ts'
import { mainspringIn } from './test-terminal.ts'

const mainspring = (...given: string[]) => mainspringIn('/', {}, given)

test('install makes the outbox, in the schema that is named, and again does no harm', async () => {
  const url = freshSchema()
  const schema = new URL(url).searchParams.get('schema') as string
  const withPassword = url.replace('postgres@', 'postgres:secret@')
  for (let time = 0; time < 2; time++) {
    const { code, out, error } = await mainspring('outbox', 'install', '--outbox', withPassword)
    expect([code, out, error]).toEqual([0, `the outbox is in ${url.replace('postgres@', 'postgres:********@')}`, ''])
  }
  expect(await query(`select tablename from pg_tables where schemaname = '${schema}'`)).toEqual([{ tablename: 'mainspring_outbox' }])
})

test('sql prints what install runs, ready for psql', async () => {
  const schema = new URL(freshSchema()).searchParams.get('schema') as string
  const { code, out } = await mainspring('outbox', 'sql')
  expect(code).toBe(0)
  await query(`create schema ${schema}; set search_path to ${schema}; ${out}`)
  expect(await query(`select ${schema}.mainspring_start('greet') is not null as put`)).toEqual([{ put: true }])
})

test.each([['install'], ['relay']])('%s without a database is refused with a way out', async verb => {
  const { code, error } = await mainspring('outbox', verb)
  expect([code, error]).toEqual([
    2,
    expect.stringMatching(/^--outbox\s+No database is named\.\n\s+Name yours: --outbox postgres:\/\/[\s\S]*\[usage\]/),
  ])
})

test('a database that does not answer is refused with its reason and without its password', async () => {
  const { code, error } = await mainspring('outbox', 'install', '--outbox', 'postgres://me:secret@127.0.0.1:1/app')
  expect(code).toBe(2)
  expect(error).toMatch(/^postgres:\/\/me:\*{8}@127\.0\.0\.1:1\/app\s+The outbox cannot be made: .*ECONNREFUSED.*\[database-refused\]/)
})
