import { buffer } from 'node:stream/consumers'
import { type DagBuilder, dag, job, type StoredFile, type WireRunDetail } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { testEnvironment } from './testing.ts'

const QUICK = { patience: 20 }
const BYTES = Buffer.from(Array.from({ length: 300_001 }, (_, at) => (at * 7919) % 251))

const copying = dag('copying', (d: DagBuilder<null>) => {
  const made = d.task('make', async (_, ctx) => {
    const pieces = (async function* () {
      for (let from = 0; from < BYTES.length; from += 50_000) yield BYTES.subarray(from, from + 50_000)
    })()
    await ctx.files.put('rows.bin', 'what is replaced')
    const file = await ctx.files.put('rows.bin', pieces, { type: 'application/x-rows' })
    await ctx.files.put('empty', '')
    return file
  })
  return d.task('use', { after: made }, async (file, ctx) => {
    const read = await buffer(ctx.files.read(file))
    return read.equals(BYTES) ? file : read.length
  })
})

test('a task stores a file, piece by piece, and the next one reads it', async () => {
  await using t = await testEnvironment([copying], QUICK)
  const file = (await (await copying.start(null)).result()) as StoredFile
  expect(file).toEqual({
    run: expect.any(String),
    name: 'rows.bin',
    bytes: BYTES.length,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    type: 'application/x-rows',
  })
  const run = t.client.handle(file.run)
  expect((await run.files()).map(({ name, bytes }) => [name, bytes])).toEqual([
    ['empty', 0],
    ['rows.bin', BYTES.length],
  ])
  expect((await buffer(run.file(file))).equals(BYTES)).toBe(true)
  expect((await t.client.call<WireRunDetail>('runs.get', { run: run.id })).streams).toBeUndefined()
  await expect(buffer(run.file({ ...file, sha256: '0' }))).rejects.toMatchObject({
    code: 'result-gone',
    message: expect.stringContaining('rows.bin'),
  })
})

test('an attempt that ends in the middle leaves no file, and the next one replaces what it left', async () => {
  const half = job('half', { retry: { attempts: 2, initial: 0 } }, async (_: null, ctx) => {
    const pieces = (async function* () {
      yield BYTES.subarray(0, 200_000)
      if (ctx.attempt === 1) throw new Error('the disk broke')
      yield BYTES.subarray(200_000)
    })()
    await ctx.files.put('rows.bin', pieces)
  })
  await using _t = await testEnvironment([half], QUICK)
  const run = await half.start(null)
  await run.result()
  const [file] = await run.files()
  expect((await buffer(run.file(file as StoredFile))).equals(BYTES)).toBe(true)
})
