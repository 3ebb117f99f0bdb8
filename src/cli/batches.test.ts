import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batch, Client, job } from '@mainspring/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { main } from './main.ts'
import { plainPaint } from './output/words.ts'
import { whereFilter } from './where.ts'

/** Nobody works here: what is started stays queued. */
const directory = mkdtempSync(join(tmpdir(), 'mainspring-batches-'))
let node: Node
let client: Client
const idle = job('idle', async () => {})
const other = job('other', async () => {})

beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
  client = new Client({ url: node.url })
})
afterAll(async () => {
  await client.close()
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function mainspring(given: string[], answer?: string): Promise<{ code: number; out: string; error: string; asked: string[] }> {
  const [out, error, asked]: [string[], string[], string[]] = [[], [], []]
  const ask = async (question: string): Promise<string> => {
    asked.push(question)
    return answer as string
  }
  const code = await main(given, {
    out: text => out.push(text),
    error: text => error.push(text),
    paint: plainPaint,
    environment: { MAINSPRING_URL: node.url },
    directory,
    now: () => Date.now(),
    ...(answer === undefined ? {} : { ask }),
  })
  return { code, out: out.join('\n'), error: error.join('\n'), asked }
}

test('many runs: looked at first, asked about, done, and told', async () => {
  await client.startMany(idle, [{}, {}, {}], { tags: { team: 'media' } })
  const [kept] = await client.startMany(other, [{}])
  const where = ['--where', 'state=queued,name=idle,tag=team:media']

  const looked = await mainspring(['cancel', ...where, '--dry-run'])
  expect(looked.code).toBe(0)
  expect(looked.out).toMatch(/^cancel: 3 runs \(3 queued\)\n/)

  const nobody = await mainspring(['cancel', ...where])
  expect([nobody.code, nobody.error]).toEqual([2, expect.stringMatching(/3 runs match, and there is nobody to ask[\s\S]*--yes/)])

  const declined = await mainspring(['cancel', ...where], 'n')
  expect([declined.code, declined.out]).toEqual([0, 'Nothing was changed.'])
  expect(declined.asked[0]).toMatch(/cancel them\? \[y\/N\] $/)

  const done = await mainspring(['cancel', ...where, '--why', 'wrong file'], 'y')
  expect([done.code, done.out]).toEqual([0, expect.stringMatching(/^cancel: 3 of 3 runs done \(batch [0-9a-z]{5}\)$/)])
  expect((await kept?.get())?.state).toBe('queued')

  const none = await mainspring(['cancel', ...where, '--yes'])
  expect([none.code, none.out]).toEqual([0, 'No run matches: there is nothing to cancel.'])

  expect((await mainspring(['retry', '--where', 'name=idle', '--yes'])).out).toMatch(/^retry: 3 of 3 runs done/)
  expect((await mainspring(['delete', '--where', 'name=idle', '--yes'])).out).toMatch(/^delete: 3 of 3 runs done/)
  expect((await client.runs.list({ job: 'idle' })).runs.map(({ state }) => state)).toEqual(['queued', 'queued', 'queued'])
})

test('one run is still named by its id, and never together with conditions', async () => {
  const [run] = await client.startMany(other, [{}])
  const id = (run as { id: string }).id
  expect((await mainspring(['cancel', id])).out).toBe(`other ${id.slice(-5)} cancelled.`)
  expect(await mainspring(['cancel'])).toMatchObject({ code: 2, error: expect.stringContaining('Which run?') })
  expect(await mainspring(['cancel', id, '--where', 'name=other'])).toMatchObject({ code: 2, error: expect.stringContaining('Either one run') })
  expect(await mainspring(['delete'])).toMatchObject({ code: 2, error: expect.stringContaining('--where CONDITIONS') })
})

test('batches are listed, shown, sealed and cancelled', async () => {
  const started = await batch({ name: 'nightly import', open: true }).add(idle, [{}, {}]).start({ client })
  const short = started.id.slice(-5)
  expect((await mainspring(['batch', 'ls'])).out).toMatch(
    new RegExp(`${short} +nightly import +waiting .* 0 of 2 jobs completed, 2 open, takes more`),
  )
  expect((await mainspring(['batch', 'show', short])).out).toMatch(/jobs +0 of 2 jobs completed, 2 open\n/)
  expect((await mainspring(['list', '--batch', short])).out.split('\n')).toHaveLength(3)
  expect((await mainspring(['batch', 'seal', short])).out).toBe(`batch nightly import ${short} sealed.`)
  expect(await mainspring(['batch', 'pause', short])).toMatchObject({ code: 2, error: expect.stringContaining('[invalid-input]') })
  expect((await mainspring(['explain', short])).out).toContain('2 of its 2 jobs are open')
  expect((await mainspring(['batch', 'cancel', short])).out).toBe(`batch nightly import ${short} is asked to stop.`)
  await expect(started.result({ timeout: '10s' })).rejects.toMatchObject({ code: 'run-cancelled' })
  expect((await mainspring(['batch', 'show', short])).out).toMatch(/state +cancelled[\s\S]*2 cancelled/)
  expect(await mainspring(['batch', 'show', 'zzzzz'])).toMatchObject({ code: 2, error: expect.stringContaining('[batch-not-found]') })
})

test.each([
  [['state=queued,state=running'], { state: ['queued', 'running'] }],
  [['name=a', 'queue=b'], { definition: ['a'], queue: ['b'] }],
  [['tag=team:media,tag=x:y:z'], { tags: { team: 'media', x: 'y:z' } }],
  [['error=ECONNRESET, again,reason=aborted'], { error: 'ECONNRESET, again', reason: 'aborted' }],
  [['created-before=2026-03-01T00:00:00Z,batch=7kq2m'], { createdBefore: '2026-03-01T00:00:00Z', batch: '7kq2m' }],
])('--where %j', (given, filter) => expect(whereFilter(given)).toEqual(filter))

test.each(['queued', 'colour=red', 'tag=media', 'state='])('--where %s is refused', given => expect(() => whereFilter([given])).toThrow('--where'))
