import { writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { ask, type Line, ledger } from './support/ledger.ts'
import { LONG, Stage, until, type WorkerChild } from './support/processes.ts'
import { recordsIn } from './support/records.ts'

/** Each fires every second. */
const SCHEDULES = 100
const SECONDS = LONG ? 300 : 25

const stage = new Stage()
afterAll(() => stage.end())

test(`${SCHEDULES * SECONDS} nominal times of a second each, under kill -9 and SIGSTOP: none missed, none doubled, all in the ledger`, {
  timeout: LONG ? 900_000 : 170_000,
}, async () => {
  const records = stage.file('schedules.jsonl')
  writeFileSync(records, '')
  const database = stage.file('schedules.db')
  let server = await stage.server({ database, lease: '2s' })
  const workers: WorkerChild[] = [0, 1].map(number => stage.worker({ url: server.url, slots: 50, name: `worker-${number}`, records }))
  await Promise.all(workers.map(worker => worker.word(word => word.is === 'ready')))

  const names = Array.from({ length: SCHEDULES }, (_, index) => `every-second-${index}`)
  // Made together: all of them begin in the same second, so that their ends are alike.
  const made = await Promise.all(names.map(name => ask<{ schedule: { createdAt: string } }>(server, 'PUT', `schedules/${name}`, SPEC)))
  const begun = Math.min(...made.map(({ schedule }) => Date.parse(schedule.createdAt)))
  const end = begun + SECONDS * 1_000

  let kills = 0
  for (let round = 0; Date.now() < end; round++) {
    await pause(2_000 + Math.random() * 2_000)
    if (round % 4 === 3) {
      server.send('SIGSTOP')
      await pause(3_000)
      server.send('SIGCONT')
    } else {
      await server.kill('SIGKILL')
      kills++
      if (round % 4 === 1) await pause(2_500)
      server = await stage.server({ database, port: server.port, lease: '2s' })
    }
  }
  const accounted = async (name: string): Promise<string> => (await ask<{ accounted: string }>(server, 'GET', `schedules/${name}`)).accounted
  await until(
    'every schedule has accounted for all of it',
    async () => {
      for (const name of names) if (Date.parse(await accounted(name)) < end) return false
      return true
    },
    200,
  )

  const runs = new Set<string>()
  let times = 0
  for (const [index, name] of names.entries()) {
    const lines = (await ledger(server, name)).filter(({ source }) => source === 'time').sort((a, b) => a.n - b.n)
    const first = Math.floor(Date.parse((made[index] as (typeof made)[0]).schedule.createdAt) / 1_000) * 1_000 + 1_000
    expect(
      lines.map(({ at, count, account }) => [at, count, account === 'fired' || account === 'recovered' ? 'started' : account]),
      name,
    ).toEqual(lines.map((_, second) => [new Date(first + second * 1_000).toISOString(), 1, 'started']))
    expect(Date.parse((lines.at(-1) as Line).at), name).toBeGreaterThanOrEqual(end)
    for (const { run } of lines) runs.add(run as string)
    times += lines.length
  }
  expect(runs.size, 'every time has a run of its own').toBe(times)
  expect(times).toBeGreaterThanOrEqual(SCHEDULES * (SECONDS - 1))
  expect(kills, 'it was killed at work').toBeGreaterThan(1)

  // Pausing ends them; then all that was started has run, and nothing else.
  for (const name of names) await ask(server, 'DELETE', `schedules/${name}`)
  await until('every run is closed', async () => (await ask<{ runs: unknown[] }>(server, 'GET', `runs?${OPEN}&limit=1`)).runs.length === 0, 200)
  const handled = new Set(recordsIn(records).flatMap(mark => (mark.is === 'end' && mark.how === 'returned' ? [mark.run] : [])))
  expect(
    [...runs].filter(run => !handled.has(run)),
    'each run was handled',
  ).toEqual([])
  console.log(JSON.stringify({ times, runs: runs.size, kills }))
  for (const worker of workers) await worker.kill('SIGKILL')
})

const OPEN = ['scheduled', 'queued', 'running', 'waiting'].map(state => `state=${state}`).join('&')
const SPEC = { cron: '* * * * * *', target: 'plain', input: { ms: 0 }, overlap: 'allow', catchup: 'all' }

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
