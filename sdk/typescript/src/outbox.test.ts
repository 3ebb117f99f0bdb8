import { expect, test } from 'vitest'
import * as z from 'zod'
import { decode } from './codec.ts'
import { job } from './job.ts'
import { type OutboxStatement, outbox } from './outbox.ts'

const ship = job('ship', { input: z.object({ order: z.number() }), queue: 'mail' }, async () => {})

function transaction() {
  const ran: { text: string; values: (string | null)[] }[] = []
  const statement: OutboxStatement = async (text, values) => void ran.push({ text, values })
  return { ran, statement }
}

test('one statement puts a start in, with what the job’s schema has let pass and the options as they are sent', async () => {
  const { ran, statement } = transaction()
  const before = Date.now()
  const id = await outbox.start(statement, ship, { order: 17 }, { order: 'customer-3', delay: '10m', tags: { of: 'shop' } })
  expect(ran).toEqual([
    {
      text: 'select mainspring_start_json($1::text, $2::text, $3::text, $4::uuid)::text as id',
      values: ['ship', '{"order":17}', '{"delay":600000,"tags":{"of":"shop"},"order":"customer-3"}', id],
    },
  ])
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBeGreaterThanOrEqual(before)
})

test('values keep their types, no input is none, and a schema is named where it is asked for', async () => {
  const { ran, statement } = transaction()
  await outbox.start(statement, 'report', { at: new Date(0), total: 10n })
  await outbox.in('my"jobs').start({ query: statement }, 'tick')
  expect(decode(ran[0]?.values[1] as string)).toEqual({ at: new Date(0), total: 10n })
  expect(ran[1]?.text).toMatch(/^select "my""jobs"\.mainspring_start_json\(/)
  expect(ran[1]?.values.slice(0, 3)).toEqual(['tick', null, '{}'])
})

test.each([
  ['an input that the schema refuses', { order: 'x' } as never, {}, /invalid|number/i],
  ['an option that is none', { order: 1 }, { prioritty: 5 } as never, /There is no such option/],
  ['an order that is none', { order: 1 }, { order: '' }, /\/order is ""/],
  ['a key beside unique', { order: 1 }, { key: 'a', unique: true as const }, /cannot be together/],
])('%s is refused before anything is put in', async (_, input, options, message) => {
  const { ran, statement } = transaction()
  await expect(outbox.start(statement, ship, input, options)).rejects.toThrow(message)
  expect(ran).toEqual([])
})

test('what the transaction throws is thrown', async () => {
  const statement = async () => Promise.reject(new Error('current transaction is aborted'))
  await expect(outbox.start(statement, ship, { order: 1 })).rejects.toThrow('current transaction is aborted')
})
