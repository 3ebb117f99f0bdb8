import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { leisurely, plain } from './support/jobs.ts'
import { Stage, until } from './support/processes.ts'

const stage = new Stage()
afterAll(() => stage.end())

async function backup(database: string, file: string): Promise<string> {
  const command = join(import.meta.dirname, '../../bin/mainspring.js')
  const { stdout } = await promisify(execFile)(process.execPath, [command, 'backup', file, '--database', database])
  return stdout
}

test('a backup that is taken from a server under load has every start that was acknowledged before, and a server starts from it and ends what was running', async () => {
  const database = stage.file('main.db')
  const server = await stage.server({ database, lease: '1s' })
  const first = stage.worker({ url: server.url, slots: 20, name: 'first', records: stage.file('records.jsonl') })
  const client = server.client('1s')
  const running = await client.start(leisurely, { afterTermMs: 0 })
  await first.word(word => word.is === 'begun' && word.run === running.id)
  const acknowledged: string[] = [running.id]
  let killed = false
  const loops = [1, 2, 3].map(async () => {
    while (!killed) {
      const run = await client.start(plain, { ms: 1 }).catch(() => null)
      if (run !== null) acknowledged.push(run.id)
    }
  })
  await until('there is something to copy', () => acknowledged.length > 300)

  const before = [...acknowledged]
  const copy = stage.file('copy.db')
  expect(await backup(database, copy)).toMatch(/^.*copy\.db: [\d.]+ [kM]B in .*, checked and on disk\n$/)
  expect(acknowledged.length, 'starts went on meanwhile').toBeGreaterThan(before.length)
  killed = true
  await Promise.all([server.kill('SIGKILL'), first.kill('SIGKILL')])
  await Promise.all(loops)

  const restored = await stage.server({ database: copy, lease: '1s' })
  stage.worker({ url: restored.url, slots: 20, name: 'second', records: stage.file('records.jsonl') })
  const { runs } = restored.client()
  await until(
    'every run is closed',
    async () => (await runs.list({ state: ['scheduled', 'queued', 'running', 'waiting', 'paused'], limit: 1 })).runs.length === 0,
  )
  const found = new Map<string, string>()
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await runs.list({ limit: 1_000, ...(cursor && { cursor }) })
    for (const run of page.runs) found.set(run.id, run.state)
    cursor = page.next
  }
  expect(before.filter(run => found.get(run) !== 'completed')).toEqual([])
  expect(await restored.client().handle(running.id).get(), 'its worker is lost: another attempt ends it').toMatchObject({
    state: 'completed',
    attempt: 2,
  })
})
