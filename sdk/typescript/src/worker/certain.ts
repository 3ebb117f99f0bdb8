import { waitMs } from '../calls.ts'
import type { Client } from '../client.ts'
import { delayed } from '../clock.ts'
import type { WireDelivery, WireHeartbeat, WireHeld } from '../wire.ts'

/** Of a lease: so old may a word of the server be when a handler begins. What is left is enough for the first beat, and for its answer. */
const PART_OF_LEASE = 1 / 3

export interface Certain {
  tasks: WireDelivery[]
  /** When the server was asked that said so, by the worker's monotonic clock: their leases last from then on. */
  askedAt: number
}

/**
 * The tasks of a poll's answer that are this worker's. An answer may have been on its way for longer than a lease: by now its tasks may be others', and a handler
 * that began would be one more than a limit allows. That cannot be seen from here, for a poll also waits for work; all that is known is when it was sent. If that
 * is too long ago, the server is asked by a beat. What it does not answer for as long as a lease is dropped: it will be lost by its lease's end, and given again.
 */
export async function certain(client: Client, worker: string, given: WireDelivery[], polledAt: number, signal: AbortSignal): Promise<Certain> {
  const { clock, connection, namespace, random } = client
  const leaseMs = Math.min(...given.map(task => task.leaseMs))
  const cameAt = clock.monotonic()
  let tasks = given
  let askedAt = polledAt
  for (let failures = 0; tasks.length > 0 && clock.monotonic() - askedAt > leaseMs * PART_OF_LEASE && !signal.aborted; ) {
    const sentAt = clock.monotonic()
    if (sentAt - cameAt > leaseMs) return { tasks: [], askedAt }
    const body: WireHeartbeat = { worker, beats: tasks.map(({ run, task, attempt, delivery }) => ({ run, task, attempt, delivery })) }
    try {
      const answer = await connection.call('tasks.heartbeat', { params: { namespace }, body: JSON.stringify(body), signal })
      const { beats } = JSON.parse(answer) as WireHeld
      tasks = tasks.filter((_, index) => beats[index] !== 'lost')
      askedAt = sentAt
    } catch (error) {
      await delayed(clock, waitMs(error, failures++, random), signal).catch(() => {})
    }
  }
  return { tasks, askedAt }
}
