import { symlinkSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { plain } from './support/jobs.ts'
import { Stage } from './support/processes.ts'

const stage = new Stage()
afterAll(() => stage.end())

test('a second server on the same SQLite file is refused with the name of the first, which does not notice', async () => {
  const database = stage.file('shared.db')
  const first = await stage.server({ database })
  const client = first.client()
  const run = await client.start(plain, { ms: 1 })

  const link = stage.file('link.db')
  symlinkSync(database, link)
  for (const path of [database, link]) {
    const { code, said } = await stage.refused({ database: path })
    expect(code, 'exit code of a refusal').toBe(2)
    expect(said).toContain(`process ${first.pid} on`)
    expect(said).toContain('[database-refused]')
    expect(said, 'a refusal is no crash').not.toMatch(/\n\s+at /)
  }
  expect(await run.get()).toMatchObject({ state: 'queued' })
  expect((await client.start(plain, { ms: 1 })).started).toBe('started')

  await first.kill('SIGKILL')
  const second = await stage.server({ database })
  expect(await second.client().handle(run.id).get()).toMatchObject({ state: 'queued' })
  const { said } = await stage.refused({ database })
  expect(said, 'the holder is the living one').toContain(`process ${second.pid} on`)
})

test('of two servers that start at the same time on one SQLite file, one serves and the other is refused', async () => {
  const database = stage.file('raced.db')
  const attempts = await Promise.allSettled([stage.server({ database }), stage.server({ database })])
  const serving = attempts.filter(({ status }) => status === 'fulfilled')
  const refused = attempts.filter(attempt => attempt.status === 'rejected')
  expect(serving).toHaveLength(1)
  expect(String(refused[0]?.reason)).toContain('[database-refused]')
})
