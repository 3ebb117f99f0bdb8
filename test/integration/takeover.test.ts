import { writeFileSync } from 'node:fs'
import type { WireNodes } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { freshSchema } from '../../src/store/postgres/testing.ts'
import { check } from './support/checker.ts'
import { Load } from './support/load.ts'
import { LONG, type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { quiet } from './support/quiet.ts'
import { recordsIn } from './support/records.ts'

const TAKEOVERS = LONG ? 60 : 9
const LEASE = '2s'
/** A node that stands still for so long has been taken over: its claim's time is 1 s. */
const FROZEN_MS = 3_000

const stage = new Stage()
const database = freshSchema()
afterAll(() => stage.end())

test(`on PostgreSQL three nodes take over from one another ${TAKEOVERS} times, killed, frozen and drained under load: nothing acknowledged is lost, nothing accepted is doubled`, {
  timeout: LONG ? 1_200_000 : 170_000,
}, async () => {
  const world = new World()
  await world.begin()
  for (let takeover = 1; takeover <= TAKEOVERS; takeover++) {
    await world.progress()
    const serves = await world.serving(takeover)
    if (takeover % 3 === 0) await world.freeze(serves)
    else if (takeover % 3 === 1) await world.kill(serves)
    else await world.drain(serves)
    if (takeover % 4 === 2) await world.killWorker()
  }
  await world.progress()
  await world.load.end()
  await world.quiet()

  const findings = await check(world.client, world.load.receipts, recordsIn(world.records))
  const { violations, ...figures } = findings
  console.log(`${JSON.stringify(figures)}, ${world.load.receipts.length} receipts, served by ${[...world.served].length} nodes in turn`)
  const wrong = [...world.load.complaints, ...violations]
  expect(wrong.slice(0, 10), `${wrong.length} are wrong`).toEqual([])
  for (const { said } of world.nodes) expect(said).not.toMatch(/invariant|"level":50/)
  expect(world.served.size, 'others served').toBeGreaterThan(TAKEOVERS / 2)
})

/** Three nodes, a client and two workers, each at a node of its own. */
class World {
  readonly records = stage.file('records.jsonl')
  readonly nodes: Server[] = []
  /** By name: whoever was found to serve. */
  readonly served = new Set<string>()
  readonly #workers: WorkerChild[] = []
  #workersMade = 0
  #answered = 0
  load!: Load
  client!: ReturnType<Server['client']>

  async begin(): Promise<void> {
    writeFileSync(this.records, '')
    this.nodes.push(await this.#node())
    this.nodes.push(...(await Promise.all([this.#node(), this.#node()])))
    this.client = this.#at(2).client()
    for (const number of [0, 1]) this.#workers.push(this.#worker(number))
    this.load = new Load(this.client)
    this.load.begin(3, 8)
  }

  async progress(): Promise<void> {
    const receipts = this.load.receipts.length + 40
    const answers = this.#answers() + 40
    await until('the client and the workers get on', () => this.load.receipts.length >= receipts && this.#answers() >= answers, 2)
  }

  /** The place of one of the nodes that serve, as a node says that answers: in turn. */
  async serving(turn: number): Promise<number> {
    let found = -1
    await until('a node serves', async () => {
      const { nodes } = await this.client.call<WireNodes>('nodes.list', {})
      const serving = nodes.filter(({ shards }) => shards > 0)
      const one = serving[turn % serving.length]
      found = this.nodes.findIndex(({ pid }) => one?.name.endsWith(`:${pid}`))
      if (found >= 0) this.served.add((one as { name: string }).name)
      return found >= 0
    })
    return found
  }

  async kill(place: number): Promise<void> {
    await this.#at(place).kill('SIGKILL')
    this.nodes[place] = await this.#node(this.#at(place).port)
  }

  /** It wakes up to find that others have gone on. */
  async freeze(place: number): Promise<void> {
    const frozen = this.#at(place)
    frozen.send('SIGSTOP')
    await new Promise(resolve => setTimeout(resolve, FROZEN_MS))
    frozen.send('SIGCONT')
  }

  async drain(place: number): Promise<void> {
    const { nodes } = await this.client.call<WireNodes>('nodes.list', {})
    const { id } = nodes.find(({ name }) => name.endsWith(`:${this.#at(place).pid}`)) as { id: string }
    await this.client.call('nodes.drain', { node: id }, { why: 'an upgrade' })
    await until('others serve', async () => (await this.client.call<WireNodes>('nodes.list', {})).nodes.find(node => node.id === id)?.shards === 0)
    await this.client.call('nodes.undrain', { node: id })
  }

  async killWorker(): Promise<void> {
    const worker = this.#workers[0] as WorkerChild
    await worker.kill('SIGKILL')
    this.#answered += worker.count('answered')
    this.#workers[0] = this.#worker(0)
  }

  async quiet(): Promise<void> {
    await quiet(this.client)
  }

  #at(place: number): Server {
    return this.nodes[place] as Server
  }

  #node(port?: number): Promise<Server> {
    return stage.server({ database, lease: LEASE, ...(port !== undefined && { port }) })
  }

  #worker(place: number): WorkerChild {
    return stage.worker({ url: this.#at(place).url, slots: 20, name: `worker-${++this.#workersMade}`, records: this.records })
  }

  #answers(): number {
    return this.#answered + this.#workers.reduce((sum, worker) => sum + worker.count('answered'), 0)
  }
}
