import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { type Code, type Problem, UserError } from '../core/errors.ts'
import type { LiveEvent, Peer } from '../engine/face.ts'
import { Unanswered, type Way } from './way.ts'
import { ANSWER_HEADER, ASK_PATH, FOLLOW_PATH, lines, textOf } from './wire.ts'

/** A node that is there accepts a connection within it. */
const CONNECT_MS = 1_000

/** Asks other nodes over HTTP, by the secret of the cluster. */
export class Peers implements Way {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #secret: () => string | null

  constructor(secret: () => string | null) {
    this.#secret = secret
  }

  async ask(node: Peer, method: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const response = await this.#post(node, `${ASK_PATH}${method}`, args, signal)
    const text = await read(response)
    if (response.statusCode !== 200) throw refusal(text)
    return text === '' ? undefined : JSON.parse(text)
  }

  async follow(node: Peer, namespace: string, run: string | null, signal: AbortSignal): Promise<AsyncIterable<LiveEvent>> {
    const response = await this.#post(node, FOLLOW_PATH, [namespace, run], signal)
    if (response.statusCode !== 200) throw refusal(await read(response))
    return events(response)
  }

  close(): void {
    this.#agent.destroy()
  }

  #post({ address }: Peer, path: string, args: readonly unknown[], signal: AbortSignal): Promise<IncomingMessage> {
    const secret = this.#secret()
    if (secret === null || address === null) return Promise.reject(new Unanswered())
    return new Promise((resolve, reject) => {
      const failed = (): void => reject(new Unanswered())
      const asking = request(`${address}${path}`, { method: 'POST', agent: this.#agent, signal, headers: { authorization: `Bearer ${secret}` } })
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
        if (socket.connecting) bound(asking, socket, failed)
      })
      asking.end(JSON.stringify(args))
    })
  }
}

function bound(asking: ClientRequest, socket: Socket, failed: () => void): void {
  const timer = setTimeout(() => {
    failed()
    asking.destroy()
  }, CONNECT_MS)
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer))
}

async function read(response: IncomingMessage): Promise<string> {
  try {
    return await textOf(response)
  } catch {
    throw new Unanswered()
  }
}

async function* events(response: IncomingMessage): AsyncGenerator<LiveEvent> {
  try {
    for await (const line of lines(response)) yield JSON.parse(line) as LiveEvent
  } finally {
    response.destroy()
  }
}

function refusal(text: string): UserError {
  const { code, ...facts } = JSON.parse(text) as Problem & { code: Code }
  return new UserError(code, facts)
}
