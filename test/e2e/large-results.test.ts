import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect, type WireHistory, type WireRunDetail } from '@mainspring/sdk'
import { expect, test } from 'vitest'
import { Place } from './support/place.ts'

const ROWS = 300_000
const JOBS = `
import { existsSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'

// The worker is killed where its result is on disk and nobody has been told of it.
const { request } = http
http.request = (options, ...rest) => {
  if (options.path?.endsWith('/tasks/complete') && !existsSync('killed')) {
    writeFileSync('killed', '')
    process.kill(process.pid, 'SIGKILL')
  }
  return request(options, ...rest)
}
syncBuiltinESMExports()
const { job } = await import('@mainspring/sdk')
export const rows = job('rows', { retry: { attempts: 3, initial: 0 } }, async (count, ctx) => {
  await ctx.files.put('rows.txt', 'x'.repeat(count), { type: 'text/plain' })
  return Array.from({ length: count }, (_, n) => \`\${n}é\`)
})
`

test('a worker that is killed between keeping a result and telling of it: the next one gives it whole, and nothing half done is seen', async () => {
  await using place = await Place.open()
  place.write('jobs.mjs', JOBS)
  await place.server('--lease', '1s')
  const client = connect({ url: place.url })
  const worker = () => place.start('mainspring', ['worker', 'jobs.mjs'])
  const first = worker()
  await first.printed(/is ready/)
  const run = await client.start('rows', ROWS)
  expect(await first.ended).toBe('SIGKILL')
  expect(await run.get()).toMatchObject({ output: null })
  const second = worker()
  await second.printed(/is ready/)
  const result = await run.result()
  expect(result).toEqual(Array.from({ length: ROWS }, (_, n) => `${n}é`))

  const { output } = await client.call<WireRunDetail>('runs.get', { run: run.id })
  expect(output).toMatchObject({ $type: 'Kept', value: { run: run.id } })
  const { events } = await client.call<WireHistory>('runs.history', { run: run.id })
  expect(events.filter(({ is }) => is === 'completed')).toHaveLength(1)
  // The file was replaced by that of the second worker.
  const [file] = await run.files()
  expect(file).toMatchObject({ name: 'rows.txt', bytes: ROWS })
  expect(await text(run.file(file!))).toBe('x'.repeat(ROWS))

  expect(await place.start('mainspring', ['files', run.id, 'rows.txt', '--out', 'copy.txt']).ended).toBe(0)
  expect(readFileSync(join(place.folder, 'copy.txt'), 'utf8')).toBe('x'.repeat(ROWS))
  const written = place.start('sh', ['-c', `mainspring result ${run.id} > result.json`])
  expect(await written.ended).toBe(0)
  expect(JSON.parse(readFileSync(join(place.folder, 'result.json'), 'utf8'))).toEqual(result)
  await client.close()
}, 240_000)
