import { EVENTS_PAGE_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { RunId } from '../core/ids.ts'
import { isClosed, type RunState } from '../core/run.ts'
import type { Engine, LiveEvent } from '../engine/face.ts'
import { LiveBuffer, readLastEventId, textOf } from './live-buffer.ts'
import { between, checkedParams, type OperationCall, resolveRun } from './operation.ts'
import type { LogRow } from './rows.ts'
import { followChunks } from './stream-events.ts'
import { liveEventText } from './views.ts'

/**
 * Live changes. The stream of a run replays what was before, goes on live without a gap or a double, and ends behind the run's last event; its ids are
 * the numbers of events, so that a client that comes again with `Last-Event-ID` gets the rest; `from` begins later than with the first. Log lines have no ids of their own: after a reconnection
 * those of the last minute before come again, and `delivery` and `n` tell which are known. The stream of a namespace is live only.
 *
 * A client that reads too slowly gets `lagged`: of a run, what it missed is read and sent behind it; of a namespace, it must read anew.
 */
export interface Frame {
  /** The SSE id: the number of the last event that was sent, or null. */
  id: number | null
  /** JSON text of a `LiveEvent`; null: the first frame, which says that the stream is open. */
  text: string | null
  /** The run is closed and the client has had all of it. */
  over?: boolean
}
export interface StreamCall extends OperationCall {
  lastEventId?: string
}
export type StreamName = 'runs.events' | 'runs.stream' | 'events'
export const STREAM_PATHS: Record<StreamName, string> = {
  'runs.events': '/v1/namespaces/{namespace}/runs/{run}/events',
  'runs.stream': '/v1/namespaces/{namespace}/runs/{run}/streams/{name}/events',
  events: '/v1/namespaces/{namespace}/events',
}

export async function* openStream(engine: Engine, name: string, call: StreamCall): AsyncGenerator<Frame, void, void> {
  if (name === 'events') yield* namespaceStream(engine, call)
  else if (name === 'runs.events') yield* runStream(engine, call)
  else if (name === 'runs.stream') yield* followChunks(engine, call)
  else throw new UserError('not-found', { found: name.slice(0, 100) })
}

async function* namespaceStream(engine: Engine, call: StreamCall): AsyncGenerator<Frame, void, void> {
  const { namespace } = checkedParams(call.params)
  const buffer = new LiveBuffer(call.signal)
  const unsubscribe = await engine.subscribe(namespace as string, null, event => event.is !== 'chunks' && buffer.push(event))
  try {
    yield { id: null, text: null }
    for (let event = await buffer.take(); event !== null; event = await buffer.take()) yield { id: null, text: textOf(event) }
  } finally {
    unsubscribe()
  }
}

async function* runStream(engine: Engine, call: StreamCall): AsyncGenerator<Frame, void, void> {
  const lastEventId = readLastEventId(call.lastEventId)
  const namespace = call.params.namespace as string
  const id = await resolveRun(engine, call.params)
  const asked = fromOf(call)
  const buffer = new LiveBuffer(call.signal)
  const unsubscribe = await engine.subscribe(namespace, id, event => event.is !== 'chunks' && buffer.push(event))
  const logs = new LogReplay(engine, namespace, id)
  try {
    // Of a long history no more is read than is told.
    const { from, total, events: known } = await engine.runs.events(namespace, id, lastEventId ?? asked, 1)
    let sent = lastEventId ?? Math.min(from, total) - 1
    if (lastEventId !== null)
      logs.since = ((known.length > 0 ? known : (await engine.runs.events(namespace, id, -1, 1)).events)[0]?.at ?? 0) - LOG_OVERLAP_MS
    if (lastEventId !== null && lastEventId >= total - 1 && isClosed((await engine.runs.get(namespace, id)).state)) {
      yield { id: lastEventId, text: null, over: true }
      return
    }
    yield { id: null, text: null }
    // Each round reads what was before and then goes on live; another one follows only when the client lagged behind.
    for (;;) {
      for await (const text of logs.replay()) yield { id: null, text }
      let run = await engine.runs.get(namespace, id)
      const { events, total: count } = await engine.runs.events(namespace, id, sent + 1, Number.POSITIVE_INFINITY)
      // It closed between the two reads: what is told with its last event is that it is closed.
      if (isClosed(events[events.length - 1]?.is as RunState)) run = await engine.runs.get(namespace, id)
      const open = !isClosed(run.state)
      if (!open) for (const lines of buffer.logs()) yield* logs.live(id, lines)
      const output = open ? {} : { output: run.output }
      const caughtUp: LiveEvent = { is: 'run', run, events, sequence: count - 1, ...output }
      sent = Math.max(sent, count - 1)
      yield { id: sent, text: liveEventText(caughtUp) }
      if (!open) return
      live: for (;;) {
        const event = await buffer.take()
        if (event === null) return
        switch (event.is) {
          case 'lagged':
            yield { id: null, text: textOf(event) }
            break live
          case 'log':
            yield* logs.live(id, event.lines)
            break
          case 'run': {
            const first = event.sequence - event.events.length + 1
            if (first > sent + 1) break live
            const fresh = event.events.slice(sent + 1 - first)
            const closes = isClosed(event.run.state)
            // Read from the history before its release came: known, unless it is what ends the stream.
            if (fresh.length === 0 && event.events.length > 0 && !closes) break
            sent = Math.max(sent, event.sequence)
            yield { id: sent, text: fresh.length === event.events.length ? textOf(event) : liveEventText({ ...event, events: fresh }) }
            if (closes) return
          }
        }
      }
    }
  } finally {
    unsubscribe()
  }
}

/** Of a run: the number of the first event that is told; below 0 it is counted from the end. `Last-Event-ID` goes before it. */
export const eventsFrom = between(-EVENTS_PAGE_MAX, 999_999_999, 0)

function fromOf({ query }: StreamCall): number {
  const given = query?.from
  return given === undefined ? 0 : eventsFrom.read([given].flat(), '/query/from')
}

/** Lines of the last minute before the last event come again on a reconnection: clocks of workers differ. */
const LOG_OVERLAP_MS = 60_000
const LOG_PAGE = 500
/** Lines remembered as sent, so that none comes twice where reading and live overlap: far more than are committed in between. */
const LINES_REMEMBERED_MAX = 2_000

/** The log lines of one run: first those that are kept, page by page, then live ones. */
class LogReplay {
  since = Number.NEGATIVE_INFINITY
  /** The page that was read last begins behind it: where another round goes on. */
  #after: string | null = null
  readonly #sent = new Set<string>()
  readonly #engine: Engine
  readonly #namespace: string
  readonly #run: RunId

  constructor(engine: Engine, namespace: string, run: RunId) {
    this.#engine = engine
    this.#namespace = namespace
    this.#run = run
  }

  async *replay(): AsyncGenerator<string> {
    for (;;) {
      const page = await this.#engine.runs.logs(this.#namespace, this.#run, { after: this.#after, limit: LOG_PAGE })
      const lines = this.#fresh(page.rows.filter(line => line.at >= this.since))
      if (lines.length > 0) yield liveEventText({ is: 'log', run: this.#run, lines })
      if (page.next === null) return
      this.#after = page.next
    }
  }

  *live(run: RunId, lines: readonly LogRow[]): Generator<Frame> {
    const fresh = this.#fresh(lines)
    if (fresh.length > 0) yield { id: null, text: liveEventText({ is: 'log', run, lines: fresh }) }
  }

  #fresh(lines: readonly LogRow[]): LogRow[] {
    return lines.filter(line => {
      const key = `${line.delivery} ${line.n}`
      if (this.#sent.has(key)) return false
      this.#sent.add(key)
      if (this.#sent.size > LINES_REMEMBERED_MAX) this.#sent.delete(this.#sent.values().next().value as string)
      return true
    })
  }
}
