import { connect, createServer, type Socket } from 'node:net'
import { afterAll } from 'vitest'
import { TEST_URL } from './testing.ts'

/** A TCP proxy before PostgreSQL, for tests: it loses what it is told to lose. */
export interface LossyProxy {
  /** The URL of the database, by way of the proxy. */
  through(url: string): string
  /**
   * - `questions`: what a client says next does not reach the server, and both are cut off.
   * - `answers`: what the server says next does not reach the client, which is cut off; the server never learns.
   */
  lose(what: 'questions' | 'answers'): void
  /** Cuts all clients off; the server never learns. */
  cut(): void
}

export async function lossyProxy(): Promise<LossyProxy> {
  const target = new URL(TEST_URL)
  let losing: 'questions' | 'answers' | null = null
  const clients = new Set<Socket>()
  const servers = new Set<Socket>()
  const listener = createServer(client => {
    const server = connect(Number(target.port || 5432), target.hostname)
    clients.add(client)
    servers.add(server)
    client.on('data', data => {
      if (losing !== 'questions') return server.write(data)
      losing = null
      client.destroy()
      server.destroy()
    })
    server.on('data', data => {
      if (losing !== 'answers') return client.write(data)
      losing = null
      client.destroy()
    })
    server.on('close', () => client.destroy())
    client.on('close', () => clients.delete(client))
    for (const socket of [client, server]) socket.on('error', () => {})
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    for (const socket of [...clients, ...servers]) socket.destroy()
    listener.close()
  })
  const { port } = listener.address() as { port: number }
  return {
    through(url) {
      const by = new URL(url)
      by.host = `127.0.0.1:${port}`
      return by.href
    },
    lose(what) {
      losing = what
    },
    cut() {
      for (const client of clients) client.destroy()
    },
  }
}
