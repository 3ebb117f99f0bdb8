import { type Client, type Clock, systemClock } from '@mainspring/sdk'
import { type Allowed, addressPolicy } from '../http/addresses.ts'
import { resolveName, type Wire } from '../http/exchange.ts'
import { type EndpointTarget, type Health, PushedEndpoint } from './pushed.ts'

export type { EndpointTarget, Health } from './pushed.ts'

export interface EndpointsOptions {
  clientOf(namespace: string): Client
  /** All that are known now, and those of them that this node sends work to. Asked once a second. */
  list(): readonly { target: EndpointTarget; health: Health | null; isOurs: boolean }[]
  /** Keeps it for others to see. */
  report(namespace: string, name: string, health: Health): Promise<void>
  log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, facts: Record<string, unknown>) => void
  /** Addresses beside public ones that they may be at. */
  allow?: Allowed
  /** Certificates to trust, PEM. Default: Node's own. */
  ca?: string
  clock?: Clock
}

const LOOK_MS = 1_000

/** Sends work to endpoints, each of which is one worker. What they are is looked at once a second: they come, change and go while it runs. */
export function startEndpoints(options: EndpointsOptions): { stop(): Promise<void> } {
  const { clientOf, list, report, log, clock = systemClock } = options
  const wire: Wire = { policy: addressPolicy(options.allow), resolve: resolveName, ca: options.ca }
  const running = new Map<string, { like: string; endpoint: PushedEndpoint }>()
  const ending = new Set<Promise<void>>()

  function end(key: string): void {
    const ended = running
      .get(key)
      ?.endpoint.stop()
      .finally(() => ending.delete(ended as Promise<void>))
    if (ended !== undefined) ending.add(ended)
    running.delete(key)
  }

  function begin({ target, health }: ReturnType<typeof list>[number]): PushedEndpoint {
    const { namespace, name } = target
    const tell = (news: Health): Promise<void> => report(namespace, name, news)
    return new PushedEndpoint(target, health, { client: clientOf(namespace), wire, clock, random: Math.random, log, report: tell })
  }

  function look(): void {
    const ours = new Map<string, ReturnType<typeof list>[number]>(
      list().flatMap(one => (one.isOurs ? [[`${one.target.namespace}\n${one.target.name}`, one] as const] : [])),
    )
    for (const [key, { like }] of running) if (like !== JSON.stringify(ours.get(key)?.target)) end(key)
    for (const [key, one] of ours) if (!running.has(key)) running.set(key, { like: JSON.stringify(one.target), endpoint: begin(one) })
  }

  let cancel = (): void => {}
  const again = (): void => {
    look()
    cancel = clock.after(LOOK_MS, again)
  }
  again()
  return {
    async stop() {
      cancel()
      for (const key of [...running.keys()]) end(key)
      await Promise.all(ending)
    },
  }
}
