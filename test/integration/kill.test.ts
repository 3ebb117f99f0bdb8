import { writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { check } from './support/checker.ts'
import { plain } from './support/jobs.ts'
import { Load } from './support/load.ts'
import { LONG, type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { quiet } from './support/quiet.ts'
import { recordsIn } from './support/records.ts'

const SERVER_KILLS = LONG ? 100 : 10
const LEASE = '1s'

const stage = new Stage()
afterAll(() => stage.end())

test(`nothing acknowledged is lost and nothing accepted is doubled, over ${SERVER_KILLS} kill -9 of the server, kill -9 of workers, and freezes past the lease`, {
  timeout: LONG ? 1_200_000 : 170_000,
}, async () => {
  const world = new World()
  await world.begin()
  for (let kill = 1; kill <= SERVER_KILLS; kill++) {
    await world.progress()
    await world.server.kill('SIGKILL')
    if (kill % 5 === 2) await world.killWorker(kill % 2)
    await world.restart()
    if (kill % 10 === 4) await world.freezeWorker()
    if (kill % 10 === 8) await world.freezeServer()
  }
  await world.progress()
  await world.load.end()
  await world.quiet()

  const records = recordsIn(world.records)
  const findings = await check(world.client, world.load.receipts, records)
  const { violations, ...figures } = findings
  console.log(`${JSON.stringify(figures)}, ${world.load.receipts.length} receipts, ${records.filter(({ is }) => is === 'start').length} executions`)
  const wrong = [...world.load.complaints, ...violations]
  expect(wrong.slice(0, 10), `${wrong.length} are wrong`).toEqual([])
  expect(world.server.said).not.toMatch(/invariant|"level":50/)
  expect(findings.lostAttempts, 'the faults took attempts from workers').toBeGreaterThan(0)
})

/** One server, two workers, one client, and what can be done to them. */
class World {
  readonly records = stage.file('records.jsonl')
  readonly #database = stage.file('main.db')
  readonly #workers: WorkerChild[] = []
  #workersMade = 0
  /** Of workers that are no more. */
  #answered = 0
  server!: Server
  load!: Load
  client!: ReturnType<Server['client']>

  async begin(): Promise<void> {
    writeFileSync(this.records, '')
    this.server = await stage.server({ database: this.#database, lease: LEASE })
    this.client = this.server.client()
    for (let number = 0; number < 2; number++) this.#workers.push(this.#worker())
    this.load = new Load(this.client)
    this.load.begin(3, 8)
  }

  /** In mid-load: the client has got some receipts and the workers some answers since. */
  async progress(): Promise<void> {
    const receipts = this.load.receipts.length + 20 + Math.floor(Math.random() * 100)
    const answers = this.#answers() + 20 + Math.floor(Math.random() * 100)
    await until('the client and the workers get on', () => this.load.receipts.length >= receipts && this.#answers() >= answers, 2)
  }

  async restart(): Promise<void> {
    this.server = await stage.server({ database: this.#database, port: this.server.port, lease: LEASE })
  }

  async killWorker(number: number): Promise<void> {
    await this.#workers[number]!.kill('SIGKILL')
    this.#answered += this.#workers[number]!.count('answered')
    this.#workers[number] = this.#worker()
  }

  /** Until somebody else was given its work. Its own result then comes too late. */
  async freezeWorker(): Promise<void> {
    const run = await this.client.start(plain, { ms: 300 }, { priority: 100 })
    const holder = await this.#begun(run.id)
    const from = holder.words.length
    holder.send('SIGSTOP')
    await until('the lease of the frozen worker has ended', async () => (await run.get()).attempt > 1)
    holder.send('SIGCONT')
    const late = await holder.word(word => word.is === 'answered' && word.run === run.id && word.attempt === 1, from)
    expect(late).toMatchObject({ answer: expect.stringMatching(/superseded|closed/) })
    this.load.receipts.push({ run: run.id, kind: 'plain' })
  }

  /** Until its workers have given their leases up. It then lets them have their leases all the same: its own stall says nothing about them (E20). */
  async freezeServer(): Promise<void> {
    const run = await this.client.start(plain, { ms: 2_500 }, { priority: 100 })
    const holder = await this.#begun(run.id)
    this.server.send('SIGSTOP')
    await holder.word(word => word.is === 'aborted' && word.run === run.id)
    this.server.send('SIGCONT')
    await run.result()
    expect(await run.get()).toMatchObject({ state: 'completed', attempt: 1 })
    this.load.receipts.push({ run: run.id, kind: 'plain' })
  }

  /** Every run is closed. */
  async quiet(): Promise<void> {
    await quiet(this.client)
  }

  #worker(): WorkerChild {
    return stage.worker({ url: this.server.url, slots: 20, name: `worker-${++this.#workersMade}`, records: this.records })
  }

  #answers(): number {
    return this.#answered + this.#workers.reduce((sum, worker) => sum + worker.count('answered'), 0)
  }

  #begun(run: string): Promise<WorkerChild> {
    return Promise.race(
      this.#workers.map(async worker => {
        await worker.word(word => word.is === 'begun' && word.run === run)
        return worker
      }),
    )
  }
}
