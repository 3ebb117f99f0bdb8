import { isClosed } from '../core/run.ts'
import type { Engine, LiveEvent } from '../engine/face.ts'
import type { Frame, StreamCall } from './events.ts'
import { LiveBuffer, readLastEventId } from './live-buffer.ts'
import { checkedParams, resolveRun } from './operation.ts'
import { after as afterQuery, chunkPage, chunksOf } from './streams.ts'

const PAGE = 500

/**
 * A stream of a run that is followed: what is there, then what is written, each chunk once, to its end. The ids of frames are the numbers of chunks, so that a
 * client goes on behind the last that it had. Another round of reading follows where something was missed, and once nothing more can be written.
 */
export async function* followChunks(engine: Engine, call: StreamCall): AsyncGenerator<Frame, void, void> {
  const lastEventId = readLastEventId(call.lastEventId)
  const { namespace, name } = checkedParams(call.params) as { namespace: string; name: string }
  let sent = lastEventId ?? afterOf(call)
  const run = await resolveRun(engine, call.params)
  const buffer = new LiveBuffer<LiveEvent>(call.signal)
  const unsubscribe = await engine.subscribe(namespace, run, event => {
    const kept = ofStream(event, name)
    if (kept !== null) buffer.push(kept)
  })
  const frame = ({ n, text }: { n: number; text: string }): Frame => {
    sent = n
    return { id: n, text: `{"is":"chunk",${text.slice(1)}` }
  }
  try {
    for (let isFirst = true; ; isFirst = false) {
      let page = await chunkPage(engine, namespace, run, name, sent, PAGE)
      // Whoever has all of a stream that has ended need not come again.
      if (isFirst && lastEventId !== null && page.closed && page.chunks.length === 0) {
        yield { id: sent, text: null, over: true }
        return
      }
      if (isFirst) yield { id: null, text: null }
      for (; ; page = await chunkPage(engine, namespace, run, name, sent, PAGE)) {
        yield* page.chunks.map(frame)
        if (page.next === null) break
      }
      if (page.closed) {
        yield { id: sent < 0 ? null : sent, text: '{"is":"end"}' }
        return
      }
      for (let missed = false; !missed; ) {
        const event = await buffer.take()
        if (event === null) return
        missed = event.is !== 'chunks'
        for (const row of event.is === 'chunks' ? event.rows : []) {
          missed ||= row.last - row.count > sent
          if (!missed) yield* chunksOf(row, sent).map(frame)
        }
      }
    }
  } finally {
    unsubscribe()
  }
}

function afterOf({ query }: StreamCall): number {
  const given = query?.after
  return given === undefined ? -1 : afterQuery.read([given].flat(), '/query/after')
}

/** What of a run's events matters to who follows a stream: its chunks, and that it may have ended. */
function ofStream(event: LiveEvent, name: string): LiveEvent | null {
  switch (event.is) {
    case 'chunks': {
      const rows = event.rows.filter(({ stream }) => stream === name)
      return rows.length === 0 ? null : { ...event, rows }
    }
    case 'run':
      return isClosed(event.run.state) || event.events.some(({ is, stream }) => is === 'stream_closed' && stream === name) ? event : null
    default:
      return event.is === 'lagged' ? event : null
  }
}
