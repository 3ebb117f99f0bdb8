import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseCsv, readData } from './data.ts'

/**
 * Stands for an API of somebody else, `GET /airports/{iata}`, that lets so many requests pass in a second and answers others with 429 and Retry-After. At
 * every 25th request its quota is gone as well: others use it too.
 */
const QUOTA = 40
const WINDOW_MS = 1_000
const OTHERS_EVERY = 25

export interface AirportsApi {
  url: string
  /** Requests so far, and those that were refused. */
  counts: { requests: number; refused: number }
}

let running: Promise<AirportsApi> | null = null

/** The one of this process; it does not keep it alive. */
export function airportsApi(): Promise<AirportsApi> {
  running ??= start()
  return running
}

async function start(): Promise<AirportsApi> {
  const names = new Map(parseCsv(await readData('airports.csv')).map(({ iata = '', name = '' }) => [iata, name]))
  const counts = { requests: 0, refused: 0 }
  const passed: number[] = []
  const server: Server = createServer((request, response) => {
    const now = performance.now()
    while (passed.length > 0 && (passed[0] as number) <= now - WINDOW_MS) passed.shift()
    if (++counts.requests % OTHERS_EVERY === 0 || passed.length >= QUOTA) {
      counts.refused++
      return answer(response, 429, { error: 'too many requests' }, { 'retry-after': '1' })
    }
    passed.push(now)
    const iata = request.url?.split('/').at(-1) ?? ''
    const name = names.get(iata)
    return name === undefined ? answer(response, 404, { error: `no airport ${iata}` }) : answer(response, 200, { iata, name })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, counts }
}

function answer(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
