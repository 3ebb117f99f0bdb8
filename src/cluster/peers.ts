import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { type Code, type Problem, UserError } from '../core/errors.ts'
import { type Answered, type Asked, type Frame, Unanswered } from './door.ts'
import { ANSWER_HEADER, DISPATCH_PATH, lines, STREAM_PATH } from './wire.ts'

/** A node that is there accepts a connection within it. */
const CONNECT_MS = 1_000

/** Asks other nodes, by the secret of the cluster. Rejects with `Unanswered` where the call or its answer is lost. */
export class Peers {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #secret: () => string | null

  constructor(secret: () => string | null) {
    this.#secret = secret
  }

  async dispatch(address: string, operation: string, asked: Asked, signal: AbortSignal): Promise<Answered> {
    const response = await this.#ask(`${address}${DISPATCH_PATH}${operation}`, asked, signal)
    const body = await bodyOf(response)
    const { 'content-type': contentType, 'retry-after': retryAfter } = response.headers
    return {
      status: response.statusCode as number,
      body,
      ...(contentType !== undefined && { contentType }),
      ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }),
    }
  }

  async *frames(address: string, stream: string, asked: Asked, signal: AbortSignal): AsyncGenerator<Frame, void, void> {
    const response = await this.#ask(`${address}${STREAM_PATH}${stream}`, asked, signal)
    if (response.statusCode !== 200) throw refusal(await bodyOf(response))
    try {
      for await (const line of lines(response)) yield JSON.parse(line) as Frame
    } catch {
      if (!signal.aborted) throw new Unanswered(true)
    } finally {
      response.destroy()
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #ask(url: string, { signal: _, body = '', ...asked }: Asked, signal: AbortSignal): Promise<IncomingMessage> {
    const secret = this.#secret()
    if (secret === null) return Promise.reject(new Unanswered(false))
    return new Promise((resolve, reject) => {
      let sent = false
      const failed = (): void => reject(new Unanswered(sent))
      const asking = request(url, { method: 'POST', agent: this.#agent, signal, headers: { authorization: `Bearer ${secret}` } })
      asking.once('error', failed)
      asking.once('response', response => {
        response.once('error', failed)
        // Only what the node itself answered counts: the listener may not know this secret, or another program answer there by now.
        if (response.headers[ANSWER_HEADER] === undefined) {
          response.destroy()
          return failed()
        }
        resolve(response)
      })
      asking.once('socket', socket => {
        // A socket that is kept open may be closed at the other end by now: whether the call arrived is not known.
        if (!socket.connecting) sent = true
        else
          bound(asking, socket, failed, () => {
            sent = true
          })
      })
      // The body goes behind what belongs to it: it may be large, and is never parsed here.
      asking.end(`${JSON.stringify(asked)}\n${body}`)
    })
  }
}

function bound(asking: ClientRequest, socket: Socket, failed: () => void, connected: () => void): void {
  const timer = setTimeout(() => {
    failed()
    asking.destroy()
  }, CONNECT_MS)
  socket.once('connect', () => {
    clearTimeout(timer)
    connected()
  })
  socket.once('close', () => clearTimeout(timer))
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  try {
    for await (const part of response) parts.push(part as Buffer)
  } catch {
    throw new Unanswered(true)
  }
  return Buffer.concat(parts).toString()
}

function refusal(body: string): UserError {
  const { type: _, code, ...facts } = JSON.parse(body) as Problem & { type: string; code: Code }
  return new UserError(code, facts)
}
