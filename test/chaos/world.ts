import { mkdirSync, writeFileSync } from 'node:fs'
import type { Client, WireNodes } from '@mainspring/sdk'
import { now } from '../integration/support/limited-jobs.ts'
import { Load } from '../integration/support/load.ts'
import type { Server, Stage, WorkerChild } from '../integration/support/processes.ts'
import { freePort } from '../support/free-port.ts'
import { OwnPostgres } from '../support/own-postgres.ts'
import { SmallDisk, smallDiskImpossible } from '../support/small-disk.ts'
import { LimitedLoad } from './limits.ts'
import { TcpProxy } from './proxy.ts'

const NODES = 3
/** The last one runs what is limited. */
const WORKERS = 3
const LEASE = '3s'
/** More than a run of the long form writes. */
const DISK_MB = 400
/** Where nodes are told to reach each other: a proxy listens there, and the node on 127.0.0.1. */
const OTHER_LOOPBACK = '127.0.0.2'
/** Each fires every second. */
const SCHEDULE = { cron: '* * * * * *', target: 'plain', input: { ms: 0 }, overlap: 'allow', catchup: 'all' }

/** A node, its way to the database, and the way of others to it. */
export interface Place {
  readonly database: TcpProxy
  readonly peers: TcpProxy
  readonly port: number
  readonly clusterPort: number
  server: Server
  /** Stopped for a while, in the background. */
  asleep: boolean
}

/** Nodes, workers, clients and a database, all real, and every way between them in our hands. */
export class World {
  readonly places: Place[] = []
  readonly workers: WorkerChild[] = []
  /** What handlers wrote down, and those of what is limited. */
  readonly records: string
  readonly witnesses: string
  readonly schedules: readonly string[]
  /** When all of them were there. */
  begunAt = 0
  postgres!: OwnPostgres
  /** Null where a small one cannot be made. */
  disk: SmallDisk | null = null
  /** One at each node: while that one stands still, the others go on. */
  loads: Load[] = []
  limited!: LimitedLoad
  client!: Client
  /** By the process, when it was no more. */
  readonly killedAt = new Map<number, number>()
  readonly #stage: Stage
  #answered = 0
  #sleep = Promise.resolve()

  constructor(stage: Stage, schedules: number) {
    this.#stage = stage
    this.records = stage.file('records.jsonl')
    this.witnesses = stage.file('witnesses.jsonl')
    this.schedules = Array.from({ length: schedules }, (_, index) => `every-second-${index}`)
  }

  async begin(): Promise<void> {
    for (const file of [this.records, this.witnesses]) writeFileSync(file, '')
    if (smallDiskImpossible() === null) {
      mkdirSync(this.#stage.file('disk'))
      this.disk = await SmallDisk.open(this.#stage.file('disk'), DISK_MB)
    }
    const postgres = await OwnPostgres.make({ disk: this.disk })
    if (postgres === null) throw new Error('npm has brought no PostgreSQL for this machine')
    this.postgres = postgres
    for (let place = 0; place < NODES; place++) {
      const clusterPort = await freePort()
      const database = await TcpProxy.listen({ host: '127.0.0.1', port: postgres.port })
      const peers = await TcpProxy.listen({ host: '127.0.0.1', port: clusterPort }, { host: OTHER_LOOPBACK, port: clusterPort })
      const made = { database, peers, clusterPort, port: await freePort() }
      this.places.push({ ...made, server: await this.#node(made), asleep: false })
    }
    const clients = this.places.map(({ server }) => server.client())
    this.client = clients.at(-1) as Client
    for (let number = 0; number < WORKERS; number++) this.workers.push(this.#worker(number))
    await Promise.all(this.workers.map(worker => worker.word(word => word.is === 'ready')))
    await Promise.all(this.schedules.map(name => this.client.call('schedules.put', { name }, SCHEDULE)))
    this.begunAt = Date.now()
    this.loads = clients.map(client => new Load(client))
    for (const load of this.loads) load.begin(1, 100)
    this.limited = new LimitedLoad(clients)
    await this.limited.begin()
  }

  /** Whoever serves, as far as anybody says; else the first. */
  async serving(): Promise<Place> {
    for (const { server, asleep } of this.places) {
      if (asleep) continue
      const answer = await fetch(`${server.url}/v1/nodes`, { signal: AbortSignal.timeout(1_000) }).catch(() => null)
      if (answer === null || !answer.ok) continue
      const { nodes } = (await answer.json()) as WireNodes
      const one = nodes.find(({ shards }) => shards > 0)
      const found = this.places.find(place => one?.name.endsWith(`:${place.server.pid}`))
      if (found !== undefined) return found
    }
    return this.places[0] as Place
  }

  async restart(place: Place): Promise<void> {
    place.server = await this.#node(place)
  }

  /** In the background, one at a time. */
  async sleep(place: Place, ms: number): Promise<void> {
    await this.#sleep
    place.asleep = true
    place.server.send('SIGSTOP')
    this.#sleep = new Promise<void>(resolve => setTimeout(resolve, ms)).then(() => {
      place.server.send('SIGCONT')
      place.asleep = false
    })
  }

  /** Nobody stands still any more. */
  async awake(): Promise<void> {
    await this.#sleep
  }

  async killWorker(number: number): Promise<void> {
    const worker = this.workers[number] as WorkerChild
    await worker.kill('SIGKILL')
    this.killedAt.set(worker.pid, now())
    this.#answered += worker.count('answered')
    this.workers[number] = this.#worker(number)
  }

  /** What clients were told and what workers were told, so far. */
  told(): { receipts: number; answers: number } {
    return {
      receipts: this.loads.reduce((sum, { receipts }) => sum + receipts.length, 0),
      answers: this.#answered + this.workers.reduce((sum, worker) => sum + worker.count('answered'), 0),
    }
  }

  async end(): Promise<void> {
    await this.#stage.end()
    for (const { database, peers } of this.places) await Promise.all([database.close(), peers.close()])
    await this.postgres?.end()
    this.disk?.end()
  }

  #node({ database, clusterPort, port }: Pick<Place, 'database' | 'clusterPort' | 'port'>): Promise<Server> {
    return this.#stage.server({
      database: `postgres://postgres@127.0.0.1:${database.port}/postgres`,
      lease: LEASE,
      port,
      more: ['--cluster-address', `${OTHER_LOOPBACK}:${clusterPort}`],
    })
  }

  #worker(number: number): WorkerChild {
    const url = (this.places[number % NODES] as Place).server.url
    const settings = { url, slots: 20, name: `worker-${number}-${this.killedAt.size}` }
    return this.#stage.worker(
      number === WORKERS - 1 ? { ...settings, jobs: 'limited', records: this.witnesses } : { ...settings, records: this.records },
    )
  }
}
