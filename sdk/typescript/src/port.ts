import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { EVENTS_BUFFERED_MAX } from './bounds.ts'
import { RequestRefused, Unreachable } from './errors.ts'
import type { Call, Connection, LiveEvent, OperationName, StreamName, WireProblem } from './wire.ts'

/**
 * A connection to an engine in another thread, over a MessagePort. Each side gathers what one turn of its event loop has to say and posts it as one list:
 *
 * ```text
 * asks     ['call', id, operation, call]  ['stream', id, name, call]  ['cancel', id]  ['open', port]  ['close']
 * answers  ['answer', id, text]  ['event', id, event]  ['end', id]  ['refused', id, problem]  ['unreachable', id, message]
 * ```
 * An id is a number of the asker's. `cancel` ends a call or a stream; its answer, if one comes, is dropped. `open` brings a further port to serve, for a thread
 * that wants a connection of its own. A stream that its reader does not keep up with drops events and says `{ is: 'lagged' }`.
 */
export type PortAsk =
  | ['call', number, OperationName, PortCall]
  | ['stream', number, StreamName, PortCall & { lastEventId?: string }]
  | ['cancel', number]
  | ['open', MessagePort]
  | ['close']
export type PortAnswer =
  | ['answer', number, string]
  | ['event', number, LiveEvent]
  | ['end', number]
  | ['refused', number, WireProblem]
  | ['unreachable', number, string]
type PortCall = Omit<Call, 'signal'>

/** The asking side. The port belongs to it from now on; it keeps the process alive only while something is asked. */
export function portConnection(port: MessagePort): Connection {
  const open = new Map<number, (answer: PortAnswer) => void>()
  const post = gathered<PortAsk>(port)
  let ids = 0
  let closed = false
  port.on('message', (answers: PortAnswer[]) => {
    for (const answer of answers) open.get(answer[1])?.(answer)
  })
  port.on('close', () => {
    closed = true
    for (const [id, settle] of open) settle(['unreachable', id, 'the engine has closed the port'])
  })
  port.unref()

  function ask(id: number, listener: (answer: PortAnswer) => void): void {
    if (open.size === 0) port.ref()
    open.set(id, listener)
  }
  function done(id: number): void {
    if (open.delete(id) && open.size === 0) port.unref()
  }

  return {
    call: (operation, { signal, ...call }) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        if (closed) return reject(new Unreachable(ADDRESS, new Error('the port is closed')))
        const id = ids++
        const aborted = (): void => {
          done(id)
          post(['cancel', id])
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', aborted, { once: true })
        ask(id, answer => {
          done(id)
          signal?.removeEventListener('abort', aborted)
          if (answer[0] === 'answer') resolve(answer[2])
          else reject(errorOf(answer))
        })
        post(['call', id, operation, call])
      }),
    async *stream(name, { signal, ...call }): AsyncGenerator<LiveEvent, void, void> {
      signal?.throwIfAborted()
      if (closed) throw new Unreachable(ADDRESS, new Error('the port is closed'))
      const id = ids++
      const events: LiveEvent[] = []
      let end: PortAnswer | null = null
      let wake = (): void => {}
      const aborted = (): void => wake()
      signal?.addEventListener('abort', aborted, { once: true })
      ask(id, answer => {
        if (answer[0] !== 'event') end = answer
        else if (events.length < EVENTS_BUFFERED_MAX) events.push(answer[2])
        else events[EVENTS_BUFFERED_MAX - 1] = { is: 'lagged' }
        wake()
      })
      post(['stream', id, name, call])
      try {
        for (;;) {
          signal?.throwIfAborted()
          const event = events.shift()
          if (event) yield event
          else if (end) {
            if ((end as PortAnswer)[0] === 'end') return
            throw errorOf(end)
          } else await new Promise<void>(resolve => (wake = resolve))
        }
      } finally {
        signal?.removeEventListener('abort', aborted)
        done(id)
        if (!end && !closed) post(['cancel', id])
      }
    },
    address() {
      const { port1, port2 } = new MessageChannel()
      post(['open', port1])
      return { is: 'port', port: port2 }
    },
    async close() {
      if (closed) return
      closed = true
      for (const [id, settle] of open) settle(['unreachable', id, 'this connection was closed'])
      port.postMessage([['close']])
      port.close()
    },
  }
}

/** What is served: a `Connection`, or anything whose refusals carry a `problem`. */
export type Served = Pick<Connection, 'call' | 'stream'>

/** The answering side: serves the port, and those that it is sent, until they close. Answers how to stop. */
export function servePort(port: MessagePort, served: Served): () => void {
  const post = gathered<PortAnswer>(port)
  const open = new Map<number, AbortController>()
  const further: (() => void)[] = []

  async function answer(id: number, call: PortCall, ask: (call: Call) => Promise<void>): Promise<void> {
    const stop = new AbortController()
    open.set(id, stop)
    try {
      await ask({ ...call, signal: stop.signal })
    } catch (error) {
      if (!stop.signal.aborted) post(failed(id, error))
    } finally {
      open.delete(id)
    }
  }

  function take(ask: PortAsk): void {
    switch (ask[0]) {
      case 'call':
        void answer(ask[1], ask[3], async call => post(['answer', ask[1], await served.call(ask[2], call)]))
        return
      case 'stream':
        void answer(ask[1], ask[3], async call => {
          for await (const event of served.stream(ask[2], call)) post(['event', ask[1], event])
          post(['end', ask[1]])
        })
        return
      case 'cancel':
        open.get(ask[1])?.abort()
        return
      case 'open':
        further.push(servePort(ask[1], served))
        return
      case 'close':
        port.close()
    }
  }

  port.on('message', (asks: PortAsk[]) => asks.forEach(take))
  port.on('close', () => {
    for (const stop of open.values()) stop.abort()
  })
  return () => {
    for (const stop of further) stop()
    port.close()
  }
}

const ADDRESS = 'the engine in this process'

/** Posts what came together in one turn as one message: a message costs some µs, whatever is in it. */
function gathered<Message extends PortAsk | PortAnswer>(port: MessagePort): (message: Message) => void {
  let messages: Message[] = []
  return message => {
    messages.push(message)
    if (messages.length > 1) return
    queueMicrotask(() => {
      const all = messages
      messages = []
      const ports = all.flatMap(one => (one[0] === 'open' ? [one[1]] : []))
      port.postMessage(all, ports)
    })
  }
}

function failed(id: number, error: unknown): PortAnswer {
  const { problem } = error as { problem?: Omit<WireProblem, 'type'> & { type?: string } }
  if (problem !== undefined) return ['refused', id, JSON.parse(JSON.stringify({ type: 'about:blank', ...problem })) as WireProblem]
  return ['unreachable', id, error instanceof Error ? error.message : String(error)]
}

function errorOf(answer: PortAnswer): Error {
  if (answer[0] === 'refused') return new RequestRefused(answer[2])
  return new Unreachable(ADDRESS, new Error(answer[0] === 'unreachable' ? answer[2] : 'it ended'))
}
