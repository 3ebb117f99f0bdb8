import { writeFileSync } from 'node:fs'
import type { Client, WireNodes } from '@mainspring/sdk'
import { Load } from '../integration/support/load.ts'
import type { Server, Stage, WorkerChild } from '../integration/support/processes.ts'
import { freePort } from '../support/free-port.ts'
import { OwnPostgres } from '../support/own-postgres.ts'
import { TcpProxy } from './proxy.ts'

const NODES = 3
const WORKERS = 2
const LEASE = '3s'
/** Where nodes are told to reach each other: a proxy listens there, and the node on 127.0.0.1. */
const OTHER_LOOPBACK = '127.0.0.2'
/** Each fires every second. */
const SCHEDULES = 10
const SCHEDULE = { cron: '* * * * * *', target: 'plain', input: { ms: 0 }, overlap: 'allow', catchup: 'all' }

/** A node, its way to the database, and the way of others to it. */
export interface Place {
  readonly database: TcpProxy
  readonly peers: TcpProxy
  readonly port: number
  readonly clusterPort: number
  server: Server
}

/** Nodes, workers, a client and a database, all real, and every way between them in our hands. */
export class World {
  readonly places: Place[] = []
  readonly workers: WorkerChild[] = []
  readonly records: string
  readonly schedules = Array.from({ length: SCHEDULES }, (_, index) => `every-second-${index}`)
  /** When all of them were there. */
  begunAt = 0
  postgres?: OwnPostgres
  load!: Load
  client!: Client
  readonly #stage: Stage
  #workersMade = 0
  #answered = 0

  constructor(stage: Stage) {
    this.#stage = stage
    this.records = stage.file('records.jsonl')
  }

  async begin(): Promise<void> {
    writeFileSync(this.records, '')
    const postgres = await OwnPostgres.make()
    if (postgres === null) throw new Error('npm has brought no PostgreSQL for this machine')
    this.postgres = postgres
    for (let place = 0; place < NODES; place++) {
      const clusterPort = await freePort()
      const database = await TcpProxy.listen({ host: '127.0.0.1', port: postgres.port })
      const peers = await TcpProxy.listen({ host: '127.0.0.1', port: clusterPort }, { host: OTHER_LOOPBACK, port: clusterPort })
      const made = { database, peers, clusterPort, port: await freePort() }
      this.places.push({ ...made, server: await this.#node(made) })
    }
    this.client = this.place(NODES - 1).server.client()
    for (let number = 0; number < WORKERS; number++) this.workers.push(this.#worker(number))
    await Promise.all(this.workers.map(worker => worker.word(word => word.is === 'ready')))
    for (const name of this.schedules) await this.client.call('schedules.put', { name }, SCHEDULE)
    this.begunAt = Date.now()
    this.load = new Load(this.client)
    this.load.begin(3, 10)
  }

  place(place: number): Place {
    return this.places[place] as Place
  }

  /** Whoever serves, as far as anybody says; else the first. */
  async serving(): Promise<number> {
    for (const { server } of this.places) {
      const answer = await fetch(`${server.url}/v1/nodes`, { signal: AbortSignal.timeout(1_000) }).catch(() => null)
      if (answer === null || !answer.ok) continue
      const { nodes } = (await answer.json()) as WireNodes
      const one = nodes.find(({ shards }) => shards > 0)
      const found = this.places.findIndex(place => one?.name.endsWith(`:${place.server.pid}`))
      if (found >= 0) return found
    }
    return 0
  }

  async restart(place: Place): Promise<void> {
    place.server = await this.#node(place)
  }

  async killWorker(number: number): Promise<void> {
    const worker = this.workers[number] as WorkerChild
    await worker.kill('SIGKILL')
    this.#answered += worker.count('answered')
    this.workers[number] = this.#worker(number)
  }

  /** What the client was told and what workers were told, so far. */
  told(): { receipts: number; answers: number } {
    return {
      receipts: this.load.receipts.length,
      answers: this.#answered + this.workers.reduce((sum, worker) => sum + worker.count('answered'), 0),
    }
  }

  async end(): Promise<void> {
    await this.#stage.end()
    for (const { database, peers } of this.places) await Promise.all([database.close(), peers.close()])
    await this.postgres?.end()
  }

  #node({ database, clusterPort, port }: Omit<Place, 'server'>): Promise<Server> {
    return this.#stage.server({
      database: `postgres://postgres@127.0.0.1:${database.port}/postgres`,
      lease: LEASE,
      port,
      more: ['--cluster-address', `${OTHER_LOOPBACK}:${clusterPort}`],
    })
  }

  #worker(place: number): WorkerChild {
    return this.#stage.worker({ url: this.place(place).server.url, slots: 20, name: `worker-${++this.#workersMade}`, records: this.records })
  }
}
