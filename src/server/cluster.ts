import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { repeatable } from '../api/api.ts'
import { problemAnswer } from '../api/problem.ts'
import type { Door } from '../cluster/door.ts'
import { type Listener, listen } from '../cluster/listener.ts'
import { Peers } from '../cluster/peers.ts'
import { relay } from '../cluster/relay.ts'
import { systemClock } from '../engine/clock.ts'
import type { Engine } from '../engine/face.ts'
import { isLoopback } from './config.ts'
import { Refusal } from './refusal.ts'

/** The setting that keeps what nodes show one another: whoever reads the database is of the cluster. */
const SECRET_SETTING = 'cluster-secret'
const LOOK_AGAIN_MS = 200

/** A node's place among others on one store: where they reach it, and its way to them. */
export interface Cluster {
  readonly address: string
  /** How its calls are answered: here, or by the node that serves. */
  relay(local: Door): Door
  /** Once its engine is there. */
  joined(engine: Engine, local: Door): void
  close(): Promise<void>
}

/** @throws Refusal: the address cannot be listened on. */
export async function openCluster({ host, clusterAddress }: { host: string; clusterAddress: string | null }): Promise<Cluster> {
  const here: { engine: Engine | null; door: Door | null } = { engine: null, door: null }
  const secret = (): string | null => here.engine?.settings.get(SECRET_SETTING)[0]?.value ?? null
  const peers = new Peers(secret)
  const listener = await listening({ ...placeOf(host, clusterAddress), secret, door: () => here.door })
  let closed = false
  return {
    address: listener.address,
    relay: local =>
      relay(local, {
        standing: { serves: () => here.engine?.serves() ?? false, owner: () => here.engine?.owner() ?? null },
        way: peers,
        clock: systemClock,
        repeats: (operation, { callKey }) => callKey !== undefined || repeatable(operation),
        refused: error => problemAnswer(error.problem),
      }),
    joined(engine, door) {
      Object.assign(here, { engine, door })
      const makeSecret = (): void => {
        if (closed || secret() !== null) return
        if (engine.serves()) engine.settings.put(SECRET_SETTING, '', 'secret', randomBytes(32).toString('base64url')).catch(() => {})
        systemClock.after(LOOK_AGAIN_MS, makeSecret)
      }
      makeSecret()
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
