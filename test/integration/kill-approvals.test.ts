import { existsSync, writeFileSync } from 'node:fs'
import type { RunHandle, WireAssetDetail, WireHistory } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { Rng } from '../simulation/rng.ts'
import { ASSET, hotfix, type ReleaseMark, release } from './support/approval-jobs.ts'
import { ask, ledger } from './support/ledger.ts'
import { LONG, type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { linesIn } from './support/records.ts'

const KILLS = LONG ? 40 : 3
const SEED = Number(process.env.MAINSPRING_SEED ?? 1)

const stage = new Stage()
afterAll(() => stage.end())

test(`answers of persons, deadlines that answer for them and events of assets each count once, over ${KILLS} kill -9 of the server and as many of workers`, {
  timeout: LONG ? 900_000 : 240_000,
}, async () => {
  const rng = new Rng(SEED, 0)
  const records = stage.file('records.jsonl')
  const database = stage.file('main.db')
  writeFileSync(records, '')
  let server: Server = await stage.server({ database, lease: '1s' })
  const client = server.client()
  let made = 0
  const worker = (): WorkerChild => stage.worker({ url: server.url, slots: 10, name: `worker-${++made}`, records, jobs: 'approvals' })
  const workers = [worker(), worker()]
  const marks = (): ReleaseMark[] => (existsSync(records) ? linesIn(records) : [])
  await until('the DAGs are registered', async () => {
    const { definitions } = await client.call<{ definitions: { name: string }[] }>('definitions.list', {})
    return ['release', 'hotfix', 'publish'].every(wanted => definitions.some(({ name }) => name === wanted))
  })
  await ask(server, 'PUT', 'schedules/published', { assets: [ASSET], target: 'publish' })

  const runs: { n: number; run: RunHandle<object>; by: string | null }[] = []
  /** By the run of the approval: who was told that the answer stands. */
  const acknowledged = new Map<string, string>()
  const emitted: number[] = []
  let isStopped = false
  const starts = (async () => {
    for (let n = 0; !isStopped; n++) {
      const isSigned = n % 2 === 0
      runs.push({ n, run: await client.start(isSigned ? release : hotfix, n), by: isSigned ? 'ana' : null })
      if (n % 5 === 0) emitted.push((await client.assets.emit(ASSET, { extra: { n } })).n)
      await new Promise(resolve => setTimeout(resolve, 60))
    }
  })()
  let isAnswered = false
  const answers = (async () => {
    while (!isAnswered) {
      for (const { run, definition } of (await client.approvals.list({ limit: 100 })).approvals) {
        if (!definition.startsWith('release') || acknowledged.has(run)) continue
        await client.approvals.approve(run, { by: 'ana' })
        acknowledged.set(run, 'ana')
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  })()
  const progress = (): Promise<void> => {
    const before = marks().length + rng.whole(5, 25)
    return until('tasks begin', () => marks().length >= before, 5)
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await progress()
    await workers[kill % 2]?.kill('SIGKILL')
    workers[kill % 2] = worker()
    await progress()
    await server.kill('SIGKILL')
    server = await stage.server({ database, port: server.port, lease: '1s' })
  }
  await progress()
  isStopped = true
  await starts
  const results = await Promise.all(runs.map(({ run }) => run.result()))
  isAnswered = true
  await answers

  expect(results).toEqual(runs.map(({ n, by }) => ({ n, by })))
  expect(acknowledged.size).toBe(runs.filter(({ by }) => by !== null).length)
  for (const run of acknowledged.keys()) {
    const { events } = await client.call<WireHistory>('runs.history', { run })
    expect(
      events.map(({ is }) => is),
      'an approval is answered once',
    ).toEqual(['started', 'completed'])
    expect(events[1]).toMatchObject({ by: 'ana' })
  }
  const asset = await client.call<WireAssetDetail>('assets.get', { name: ASSET })
  expect(asset.count, 'each task that ships makes one event, and so does each call').toBe(runs.length + emitted.length)
  expect(new Set(emitted).size).toBe(emitted.length)
  // Every event has triggered one run, and with them all that the schedule started.
  const triggered = async (): Promise<number[]> => {
    const lines = (await ledger(server, 'published')).filter(({ run }) => run !== null)
    const found = await Promise.all(
      lines.map(({ run }) => client.call<{ trigger: { assets?: { events: { n: number }[]; more?: number } } }>('runs.get', { run: run as string })),
    )
    expect(new Set(lines.map(({ run }) => run)).size).toBe(lines.length)
    return found.flatMap(({ trigger }) => (trigger.assets?.events ?? []).map(({ n }) => n))
  }
  await until('all events have triggered', async () => (await triggered()).length >= asset.count, 200)
  expect((await triggered()).sort((a, b) => a - b)).toEqual(Array.from({ length: asset.count }, (_, n) => n + 1))
})
