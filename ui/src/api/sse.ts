/** Server-sent events over fetch: EventSource cannot send a key. */
export interface ServerEvent {
  id: string | null
  data: string
}

/** Reads events until the stream ends. `onBytes` hears of everything, heartbeats too. */
export async function* readEvents(body: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<ServerEvent[]> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onBytes()
      rest += decoder.decode(value, { stream: true })
      const blocks = rest.split('\n\n')
      rest = blocks.pop() as string
      const events = blocks.map(parse).filter(event => event !== null)
      if (events.length > 0) yield events
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function parse(block: string): ServerEvent | null {
  let id: string | null = null
  let data = ''
  for (const line of block.split('\n')) {
    if (line.startsWith('data:')) data += line.slice(5).trimStart()
    else if (line.startsWith('id:')) id = line.slice(3).trim()
  }
  return data === '' ? null : { id, data }
}
