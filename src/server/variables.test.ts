import { job, type WireHistory, type WireRunDetail } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { testEnvironment } from './testing.ts'

const shown = job('shown', async (input: unknown) => JSON.stringify(input).replaceAll('of variables', 'of VARIABLES').split('').reverse().join(''))
const reads = job('reads', async (name: string, ctx) => [await ctx.variable(name), (await ctx.connection('warehouse')).uri])
const uri = 'postgres://etl:s3cret@db:5432/sales'
const backwards = (text: unknown): unknown => JSON.parse(String(text).split('').reverse().join(''))

function dagOf(input: unknown, job = 'shown') {
  return { definitions: [{ kind: 'dag', name: 'load', version: JSON.stringify(input), options: {}, dag: { tasks: { a: { job, input } } } }] }
}

test('a task of a DAG gets variables and connections as they are when it is handed out; its history has their names', async () => {
  await using t = await testEnvironment([shown])
  await t.client.call('connections.set', { name: 'plain' }, { uri: 'postgres://db' })
  await t.client.call('variables.set', { name: 'batch' }, { value: { size: 5 } })
  await t.client.call('definitions.register', {}, dagOf({ to: '{{conn.plain.host}}/{{input:file}}', size: '{{var.batch:size}}', data: '{{input}}' }))
  // What comes with data is data.
  const input = { file: '{{var.batch}}' }
  const { run } = await t.client.call<{ run: string }>('runs.start', {}, { definition: 'load', input })
  await t.skip('1m')
  const { tasks } = await t.client.call<{ tasks: { run: string }[] }>('runs.tasks', { run })
  const child = tasks[0]?.run as string
  const detail = await t.client.call<WireRunDetail>('runs.get', { run: child })
  expect(backwards(detail.output)).toEqual({ to: 'db/{{var.batch}}', size: 5, data: input })
  expect(detail.input).toEqual({ to: '{{conn.plain.host}}/{{var.batch}}', size: '{{var.batch:size}}', data: input })
  const { events } = await t.client.call<WireHistory>('runs.history', { run })
  expect(JSON.stringify(events)).not.toContain('"size":5')
  // A retry looks again.
  await t.client.call('variables.set', { name: 'batch' }, { value: { size: 6 } })
  const again = await t.client.call<{ run: string }>('runs.retry', { run: child }, {})
  await t.skip('1m')
  expect(backwards((await t.client.call<WireRunDetail>('runs.get', { run: again.run })).output)).toMatchObject({ size: 6 })
})

test('one that is not known fails the task at once, and says which', async () => {
  await using t = await testEnvironment([shown])
  await t.client.call('variables.set', { name: 'bucket' }, { value: 'b' })
  await t.client.call('definitions.register', {}, dagOf(['{{var.buckett}}']))
  const { run } = await t.client.call<{ run: string }>('runs.start', {}, { definition: 'load' })
  await t.skip('1m')
  const { tasks } = await t.client.call<{ tasks: { run: string; state: string }[] }>('runs.tasks', { run })
  expect(tasks).toMatchObject([{ state: 'failed' }])
  expect(await t.client.call<WireRunDetail>('runs.get', { run: tasks[0]?.run as string })).toMatchObject({
    state: 'failed',
    attempt: 1,
    failure: { code: 'variable-not-found', message: 'There is no such variable. /input/0: buckett: did you mean bucket?' },
  })
})

test('a handler asks for them', async () => {
  process.env.MAINSPRING_CONN_WAREHOUSE = uri
  try {
    await using t = await testEnvironment([reads])
    await t.client.call('variables.set', { name: 'batch' }, { value: [1, 2] })
    expect(await (await reads.start('batch')).result()).toEqual([[1, 2], uri])
    const none = await reads.start('none')
    await t.skip('1d')
    await expect(none.result()).rejects.toMatchObject({ message: expect.stringContaining('There is no such variable.') })
  } finally {
    delete process.env.MAINSPRING_CONN_WAREHOUSE
  }
})
