import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { type Client, RequestRefused } from '@mainspring/sdk'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { SmallDisk, smallDiskImpossible } from '../support/small-disk.ts'
import { noop } from './support/jobs.ts'
import { type Server, Stage, until } from './support/processes.ts'

const stage = new Stage()
afterAll(() => stage.end())

const impossible = smallDiskImpossible()
describe(`on a small disk${impossible === null ? '' : `, which cannot be made here (${impossible})`}`, { skip: impossible !== null }, () => {
  let disks = 0
  let disk: SmallDisk
  afterEach(() => disk?.end())
  async function small(megabytes: number): Promise<SmallDisk> {
    const folder = stage.file(`disk-${++disks}`)
    mkdirSync(folder)
    disk = await SmallDisk.open(folder, megabytes)
    return disk
  }

  test('a full disk is told, loses nothing that was acknowledged, and the server goes on by itself once there is room', async () => {
    const { folder, through } = await small(32)
    let server = await stage.server({ database: `${folder}/main.db`, through })
    const options = { database: `${folder}/main.db`, through, port: server.port }
    const acknowledged: string[] = []
    stage.worker({ url: server.url, slots: 20, name: 'worker' })
    await start(server, acknowledged, 50)

    disk.fill()
    const refusal = await firstRefusal(server, acknowledged)
    expect(refusal).toMatchObject({
      status: 503,
      code: 'unavailable',
      problem: { hint: expect.stringMatching(/^the disk of the database is full: make room on it/) },
    })
    expect(refusal.retryAfter).toBe(1)
    expect(await readiness(server)).toMatchObject({
      status: 503,
      code: 'unavailable',
      hint: expect.stringContaining('the disk of the database is full'),
    })
    await expect(server.client('1ms').start(noop, { n: 0, text: 'again' }, { key: 'again' })).rejects.toMatchObject({ status: 503 })
    expect((await server.client().runs.list({ limit: 1 })).runs, 'what is there can be read').toHaveLength(1)

    disk.free()
    await until('the server is ready again', async () => (await readiness(server)).status === 200)
    await start(server, acknowledged, 50)
    const again = await server.client().start(noop, { n: 0, text: 'again' }, { key: 'again' })
    acknowledged.push(again.id)
    expect((await server.client().start(noop, { n: 0, text: 'again' }, { key: 'again' })).id).toBe(again.id)
    expect(server.said.match(/the disk of the store is at fault/g), 'the log says it once').toHaveLength(1)
    expect(server.said.match(/the disk of the store is well again/g)).toHaveLength(1)

    await server.kill('SIGKILL')
    server = await stage.server(options)
    const found = await all(server.client())
    expect(acknowledged.filter(run => !found.has(run))).toEqual([])
    await until(
      'every run is completed',
      async () => (await server.client().runs.list({ state: 'completed', limit: 1_000 })).runs.length === found.size,
    )
  })

  test.each([
    ['full', () => disk.fill(), /the disk of the database is full\.\s+First make room on it/i],
    [
      'read-only',
      () => disk.makeReadOnly(),
      /the database, or the disk that it is on, is read-only\.\s+First make the file and its folder writable/i,
    ],
  ])('a server does not start on a disk that is %s, and says what to do', async (_, spoil, what) => {
    const { folder, through } = await small(8)
    const options = { database: `${folder}/main.db`, through }
    const server = await stage.server(options)
    const acknowledged: string[] = []
    await start(server, acknowledged, 5)
    // In good order: a log that is left behind by a kill has room for a start, if an idle moment has emptied it before.
    await server.kill('SIGTERM')
    spoil()
    const { code, said } = await stage.refused(options)
    expect(code, 'exit code of a refusal').toBe(2)
    expect(said).toMatch(what)
    expect(said).toMatch(/then start again.*\[database-refused\]/s)
    expect(said, 'a refusal is no crash').not.toMatch(/\n\s+at /)
  })
})

describe('where files may not grow (RLIMIT_FSIZE), which SQLite calls an I/O error', () => {
  // Node ends by this signal where nobody listens to it, as at its end, when it writes down what it has compiled.
  vi.stubEnv('NODE_DISABLE_COMPILE_CACHE', '1')
  const flags = ['--import', "data:text/javascript,process.on('SIGXFSZ', () => {})"]
  const limit = (server: Server, bytes: string) => {
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(server.pid), `--fsize=${bytes}:unlimited`], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }

  test('a failing disk is noticed before anybody calls, and goes by', async () => {
    const options = { database: stage.file('failing.db'), flags }
    let server = await stage.server(options)
    const acknowledged: string[] = []
    await start(server, acknowledged, 20)
    limit(server, '4096')
    await until('it is noticed', async () => (await readiness(server)).status === 503)
    expect(await readiness(server)).toMatchObject({
      hint: expect.stringMatching(/^the disk of the database fails \(.*disk I\/O error\): look for the disk/),
    })
    expect(await firstRefusal(server, acknowledged)).toMatchObject({ status: 503 })
    limit(server, 'unlimited')
    await until('the server is ready again', async () => (await readiness(server)).status === 200)
    await start(server, acknowledged, 20)
    await server.kill('SIGKILL')
    server = await stage.server(options)
    const found = await all(server.client())
    expect(acknowledged.filter(run => !found.has(run))).toEqual([])
  })

  test('a server that is told to stop meanwhile stops', async () => {
    const server = await stage.server({ database: stage.file('stopped.db'), flags })
    await start(server, [], 1)
    limit(server, '4096')
    await until('it is noticed', async () => (await readiness(server)).status === 503)
    await server.kill('SIGTERM')
    expect(server.code).toBe(0)
  })
})

/** Starts that are acknowledged. Their input is large enough that a disk fills up by them. */
async function start(server: Server, acknowledged: string[], count: number): Promise<void> {
  const client = server.client('20s')
  for (let n = 0; n < count; n++) acknowledged.push((await client.start(noop, { n, text: 'x'.repeat(20_000) })).id)
}

/** What the first call that is not acknowledged is told. */
async function firstRefusal(server: Server, acknowledged: string[]): Promise<RequestRefused> {
  const client = server.client('1ms')
  for (;;) {
    try {
      acknowledged.push((await client.start(noop, { n: 0, text: 'x'.repeat(20_000) })).id)
    } catch (error) {
      if (error instanceof RequestRefused) return error
      throw error
    }
  }
}

async function readiness(server: Server): Promise<{ status: number; code?: string; hint?: string }> {
  const answer = await fetch(`${server.url}/readyz`)
  return { ...((await answer.json()) as { code?: string; hint?: string }), status: answer.status }
}

async function all(client: Client): Promise<Set<string>> {
  const found = new Set<string>()
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.runs.list({ limit: 1_000, ...(cursor && { cursor }) })
    for (const run of page.runs) found.add(run.id)
    cursor = page.next
  }
  return found
}
