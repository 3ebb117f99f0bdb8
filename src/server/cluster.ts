import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { type ClusterEngine, clusterEngine } from '../cluster/engine.ts'
import { type Listener, listen } from '../cluster/listener.ts'
import { Peers } from '../cluster/peers.ts'
import { systemClock } from '../engine/clock.ts'
import type { Engine } from '../engine/face.ts'
import { isLoopback } from './config.ts'
import type { Logger } from './log.ts'
import { Refusal } from './refusal.ts'

/** The setting that keeps what nodes show one another: whoever reads the database is of the cluster. */
const SECRET_SETTING = 'cluster-secret'
const LOOK_AGAIN_MS = 200

/** A node's place among others on one store: where they reach it, and its way to them. */
export interface Cluster {
  readonly address: string
  /** The engine of all nodes, over that of this one. */
  join(local: Engine): Engine
  close(): Promise<void>
}

interface ClusterOptions {
  host: string
  clusterAddress: string | null
  log: Logger
}

/** @throws Refusal: the address cannot be listened on. */
export async function openCluster({ host, clusterAddress, log }: ClusterOptions): Promise<Cluster> {
  const here: { local: Engine | null; node: ClusterEngine | null } = { local: null, node: null }
  const secret = (): string | null => here.local?.settings.get(SECRET_SETTING)[0]?.value ?? null
  const peers = new Peers(secret)
  const listener = await listening({
    ...placeOf(host, clusterAddress),
    secret,
    node: () => here.node,
    failed: (error, method) => log.error({ err: error, method }, 'what another node asked for went wrong'),
  })
  let closed = false
  return {
    address: listener.address,
    join(local) {
      const node = clusterEngine(local, { way: peers, clock: systemClock, random: Math.random })
      Object.assign(here, { local, node })
      const makeSecret = (): void => {
        if (closed || secret() !== null) return
        if (local.places.holds(0)) local.settings.put(SECRET_SETTING, '', 'secret', randomBytes(32).toString('base64url')).catch(() => {})
        systemClock.after(LOOK_AGAIN_MS, makeSecret)
      }
      makeSecret()
      return node.engine
    },
    close() {
      closed = true
      peers.close()
      return listener.close()
    },
  }
}

/** Where it listens for others, and what they call it. Beside a server that is reached on this machine alone, so are its nodes. */
function placeOf(host: string, clusterAddress: string | null): { host: string; port: number; advertised: string } {
  if (clusterAddress === null) {
    const advertised = isLoopback(host) ? '127.0.0.1' : host === '0.0.0.0' || host === '::' ? ownAddress() : host
    return { host: isLoopback(host) ? '127.0.0.1' : host, port: 0, advertised }
  }
  const [, advertised, port] = /^(.*):(\d+)$/.exec(clusterAddress) as unknown as [string, string, string]
  return { host: isLoopback(advertised) ? '127.0.0.1' : '0.0.0.0', port: Number(port), advertised }
}

function ownAddress(): string {
  const found = Object.values(networkInterfaces())
    .flat()
    .find(address => address !== undefined && !address.internal && address.family === 'IPv4')
  return found?.address ?? '127.0.0.1'
}

async function listening(options: Parameters<typeof listen>[0]): Promise<Listener> {
  try {
    return await listen(options)
  } catch (error) {
    const { host, port } = options
    throw new Refusal({
      code: 'address-refused',
      place: '--cluster-address',
      title: `Cannot listen for other nodes on ${host}, port ${port} (${(error as NodeJS.ErrnoException).code}).`,
    })
  }
}
