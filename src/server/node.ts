import { hostname } from 'node:os'
import type { Connection } from '@mainspring/sdk'
import type { FastifyInstance } from 'fastify'
import { type Api, createApi } from '../api/api.ts'
import { type ServerFacts, UNKNOWN_SERVER } from '../api/server.ts'
import { systemClock } from '../engine/clock.ts'
import { createEngine } from '../engine/engine.ts'
import type { Engine } from '../engine/face.ts'
import { SIZES } from '../engine/options.ts'
import { sharedClock } from '../engine/shared-clock.ts'
import { createMetrics, type Metrics } from '../observability/metrics.ts'
import { type Store, StoreUnavailable } from '../store/store.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { type Config, isLoopback, urlOf } from './config.ts'
import { openEndpoints } from './endpoints.ts'
import { openExecutors, runsExecutors } from './executors.ts'
import { localConnection } from './local-connection.ts'
import { type Logger, openLog } from './log.ts'
import { moveUnderWay, tellingOfMoves } from './move-under-way.ts'
import { openOutboxes } from './outbox.ts'
import { Refusal } from './refusal.ts'
import { shownSettings } from './shown-settings.ts'
import { openStore, storeKind } from './stores.ts'
import { type VariableSettings, variableOptions } from './variables.ts'
import { PACKAGE_VERSION } from './version.ts'

const CLOSE_MS = 2_000
const OFF = "this machine's clock is not that of the database, by which the node goes"

/** A node without a listener: store, engine and API, in this thread. */
export interface BareNode {
  readonly engine: Engine
  readonly api: Api
  readonly metrics: Metrics
  readonly log: Logger
  /** For callers in this thread. */
  readonly connection: Connection
  /** Flushes, gives the shards up and closes the store. Twice is once. */
  stop(): Promise<void>
}

/** A running node. */
export interface Node extends BareNode {
  /** Where it listens, with the port that it was given for port 0. */
  readonly url: string
}

export type NodeSettings = Pick<Config['settings'], 'database' | 'leaseMs' | 'logLevel'> &
  Partial<Pick<Config['settings'], 'host' | 'clusterAddress'>> &
  VariableSettings

/** Opens the store and starts the engine on it. @throws Refusal: the store is held by another process, or cannot be opened. */
export async function openBareNode({ settings }: { settings: NodeSettings }, told: Partial<ServerFacts> = {}): Promise<BareNode> {
  const nodeName = `${hostname()}:${process.pid}`
  return openNodeOn(await openStore(settings.database, nodeName), nodeName, settings, told)
}

/** A node on a store that is open. Where others may open it too, it is one of a cluster. */
export async function openNodeOn(store: Store, nodeName: string, settings: NodeSettings, told: Partial<ServerFacts> = {}): Promise<BareNode> {
  const log = openLog(settings.logLevel)
  const variables = variableOptions(settings)
  const { host = '127.0.0.1', clusterAddress = null } = settings
  const cluster = store.can.share && settings.database !== 'memory:' ? await openCluster({ host, clusterAddress, log }) : null
  const wall = cluster !== null ? await sharedClock(store, systemClock, aheadMs => log.warn({ aheadMs }, OFF)) : null
  const metrics = createMetrics()
  const local = createEngine({
    store,
    clock: wall?.clock ?? systemClock,
    random: Math.random,
    nodeName,
    address: cluster?.address ?? null,
    sizes: { leaseMs: settings.leaseMs ?? SIZES.leaseMs },
    log: (level, message, facts) => log[level](facts, message),
    onClosed: run => metrics.onClosed(run),
  })
  const joined = cluster?.join(local) ?? local
  await started(joined, store, settings.database).catch((error: unknown) => {
    wall?.stop()
    throw error
  })
  const engine = tellingOfMoves(joined)
  const waitsFor = moveUnderWay(joined)
  if (waitsFor !== null) log.warn(waitsFor, 'stands by until a move is done, and serves nothing')
  const facts = {
    ...UNKNOWN_SERVER,
    version: PACKAGE_VERSION,
    node: process.versions.node,
    store: storeKind(settings.database),
    startedAt: Date.now(),
    ...told,
  }
  const api = createApi(engine, { log, metrics, facts, version: PACKAGE_VERSION, variables })
  let stopping: Promise<void> | null = null
  return {
    engine,
    api,
    metrics,
    log,
    connection: localConnection(api),
    stop: () => {
      wall?.stop()
      stopping ??= stopNode(engine, cluster, store)
      return stopping
    },
  }
}

async function stopNode(engine: Engine, cluster: Cluster | null, store: Store): Promise<void> {
  try {
    await engine.stop()
  } finally {
    await cluster?.close()
    await store.close()
  }
}

/**
 * A node that listens, by its configuration.
 * @throws Refusal: what `openBareNode` refuses; the port is taken; or it would listen beyond this machine and nobody could be told apart.
 */
export async function openNode(config: Config): Promise<Node> {
  const { host, port, basePath } = config.settings
  const node = await openBareNode(config, {
    configuration: shownSettings(config),
    executors: runsExecutors(config.settings) ? ['http', 'shell'] : [],
  })
  try {
    refuseUnguarded(config, node.engine)
    let bound = port
    const url = (): string => urlOf(host, bound, basePath)
    const executors = openExecutors(config.settings, node.connection, url, 'server', node.engine)
    const http = node.api.http({ bind: host, ...(basePath !== null && { basePath }), ...(executors !== null && { callback: executors.callback }) })
    await listen(http, config)
    const outboxes = await openOutboxes(config.settings, node)
    const endpoints = openEndpoints(config.settings, node)
    const address = http.server.address()
    bound = address !== null && typeof address === 'object' ? address.port : port
    let stopping: Promise<void> | null = null
    return {
      ...node,
      url: url(),
      stop: () => {
        stopping ??= Promise.all([closed(http), executors?.stop(), endpoints.stop(), outboxes.stop()]).then(() => node.stop())
        return stopping
      },
    }
  } catch (error) {
    await node.stop()
    throw error
  }
}

/** Takes no more calls, lets those under way end for a moment, then closes what idle clients keep open. */
async function closed(http: FastifyInstance): Promise<void> {
  const closing = http.close()
  http.server.closeIdleConnections()
  const deadline = setTimeout(() => http.server.closeAllConnections(), CLOSE_MS)
  await closing
  clearTimeout(deadline)
}

async function started(engine: Engine, store: Store, database: string): Promise<void> {
  try {
    await engine.start()
  } catch (error) {
    await store.close()
    const fault = error instanceof StoreUnavailable ? error.fault : null
    if (fault === null) throw error
    const { what, remedy } = fault
    throw new Refusal({
      code: 'database-refused',
      place: database,
      title: `The database cannot be used: ${what}.`,
      hint: `First ${remedy}, then start again.`,
    })
  }
}

/** Beyond loopback everybody on the network could start code here, so somebody must have made a key first. */
function refuseUnguarded({ settings, origins }: Config, engine: Engine): void {
  if (isLoopback(settings.host) || engine.settings.get('api-key').length > 0) return
  throw new Refusal({
    code: 'api-key-needed',
    place: origins.host,
    title: `Listening on ${settings.host} opens this server to other machines, and no API key exists yet.`,
    hint: 'Make one: mainspring key create NAME',
  })
}

async function listen(http: FastifyInstance, { settings, origins }: Config): Promise<void> {
  const { host, port } = settings
  try {
    await http.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new Refusal({
        code: 'port-taken',
        place: origins.port,
        title: `Port ${port} of ${host} is taken by another process.`,
        hint: 'Choose another with --port, or 0 for any.',
      })
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new Refusal({ code: 'address-refused', place: origins.host, title: `Cannot listen on ${host}, port ${port} (${code}).` })
    throw error
  }
}
