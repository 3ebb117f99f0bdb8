import { mayPass, waitMs } from './calls.ts'
import type { Client } from './client.ts'
import { delayed } from './clock.ts'
import { untag } from './codec.ts'
import { getRun, isClosed } from './runs.ts'
import type { LiveEvent, WireHistory } from './wire.ts'

/** A run's live events to its end. Where the stream breaks off or lags, what was missed is read from the history, so that no change is missed or told twice. */
export async function* runEvents(client: Client, run: string, signal?: AbortSignal): AsyncGenerator<LiveEvent, void, void> {
  let last = -1
  const params = { namespace: client.namespace, run }
  for (let failures = 0; ; ) {
    signal?.throwIfAborted()
    let failed: unknown
    try {
      const resume = last < 0 ? {} : { lastEventId: String(last) }
      for await (const event of client.connection.stream('runs.events', { params, ...resume, ...(signal && { signal }) })) {
        failures = 0
        const fresh = event.is === 'lagged' ? await missed(client, run, last) : event
        if (fresh.is !== 'run') {
          yield fresh
          continue
        }
        if (fresh.sequence <= last) continue
        last = fresh.sequence
        yield decoded(fresh)
        if (isClosed(fresh.run.state)) return
      }
    } catch (error) {
      if (signal?.aborted || !mayPass(error)) throw error
      failed = error
    }
    const caughtUp = await missed(client, run, last)
    if (caughtUp.sequence > last) {
      last = caughtUp.sequence
      yield decoded(caughtUp)
    }
    if (isClosed(caughtUp.run.state)) return
    await delayed(client.clock, waitMs(failed, failures++, client.random), signal)
  }
}

type RunEvent = LiveEvent & { is: 'run' }

async function missed(client: Client, run: string, last: number): Promise<RunEvent> {
  const { events } = await client.call<WireHistory>('runs.history', { run })
  const { input: _i, output, checkpoint: _c, metadata: _m, worker: _w, options: _o, streams: _s, ...summary } = await getRun(client, run)
  return { is: 'run', run: summary, events: events.slice(last + 1), sequence: events.length - 1, output }
}

function decoded(event: RunEvent): RunEvent {
  return event.output === undefined ? event : { ...event, output: untag(event.output) }
}
