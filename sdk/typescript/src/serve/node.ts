import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Endpoint } from './endpoint.ts'

/** A request of `node:http`, and what frameworks on top of it may have made of its body. */
export type NodeRequest = IncomingMessage & { body?: unknown; rawBody?: unknown; originalUrl?: string }
export type NodeListener = (request: NodeRequest, response: ServerResponse) => Promise<void>

/** For `createServer`, Express, and API routes of the `(request, response)` form. */
export function nodeListener(endpoint: Endpoint): NodeListener {
  return async (request, response) => {
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(new Error('the server has closed the connection'))
    })
    const answer = await endpoint(await requestOf(request, gone.signal))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    await written(answer, response)
  }
}

async function requestOf(request: NodeRequest, signal: AbortSignal): Promise<Request> {
  const { method = 'GET', headers, originalUrl, url } = request
  const { host = 'localhost' } = headers
  const body = method === 'POST' ? { body: await bodyOf(request) } : {}
  const all = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]))
  return new Request(new URL(originalUrl ?? url ?? '/', `http://${host}`), { method, headers: all, signal, ...body })
}

/**
 * What came, to the byte. Where a framework has parsed it already, the same text again: whoever sends it writes JSON as JSON.stringify does, and what differs is
 * refused by its signature.
 */
async function bodyOf(request: NodeRequest): Promise<string> {
  const { rawBody, body } = request
  for (const given of [rawBody, body])
    if (typeof given === 'string' || given instanceof Uint8Array) return Buffer.from(given as Uint8Array).toString()
  if (request.readableEnded) return JSON.stringify(body) ?? ''
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

async function written(answer: Response, response: ServerResponse): Promise<void> {
  try {
    for await (const chunk of answer.body ?? []) {
      if (response.destroyed) break // which ends the answer, too
      if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    response.end()
  } catch {
    response.destroy()
  }
}
