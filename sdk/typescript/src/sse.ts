/** One server-sent event. `id` is the last one that the stream named. */
export interface ServerSentEvent {
  id: string | null
  event: string
  data: string
}

/**
 * Reads a stream of server-sent events (WHATWG HTML, 9.2.6): lines end in LF, CR or CRLF, a blank line dispatches, a line that begins with a colon is a sign
 * of life. An event without data is not dispatched, one that is cut off neither. More than 32 Mi characters without an end are an error.
 */
export async function* serverSentEvents(chunks: AsyncIterable<Buffer | Uint8Array>): AsyncGenerator<ServerSentEvent, void, void> {
  const decoder = new TextDecoder()
  let rest = ''
  let id: string | null = null
  let event = ''
  let data: string[] = []
  let size = 0
  for await (const chunk of chunks) {
    const text = rest + decoder.decode(chunk, { stream: true })
    // A CR at the very end may be the first half of a CRLF: it waits for the next chunk.
    const whole = text.endsWith('\r') ? text.length - 1 : text.length
    const lines = text.slice(0, whole).split(/\r\n|\n|\r/)
    rest = (lines.pop() as string) + text.slice(whole)
    if (size + rest.length > EVENT_LENGTH_MAX) throw new Error(`an event of more than ${EVENT_LENGTH_MAX} characters`)
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, event: event || 'message', data: data.join('\n') }
        event = ''
        data = []
        size = 0
        continue
      }
      const colon = line.indexOf(':')
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
      if (field === 'data') data.push(value)
      else if (field === 'event') event = value
      else if (field === 'id' && !value.includes('\0')) id = value
      size += line.length
    }
  }
}

const EVENT_LENGTH_MAX = 32 * 1024 * 1024
