import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Which way bytes do not get through: what was asked, what was answered, or neither. */
export type Way = 'there' | 'back' | 'both'

interface Pair {
  client: Socket
  target: Socket
}

/**
 * A TCP proxy that is told how to fail: bytes are kept back and no connection notices (a partition), connections are reset, each part arrives late, or a
 * connection is reset as a COMMIT goes through it.
 */
export class TcpProxy {
  readonly #server: Server
  #target: { host: string; port: number }
  readonly #pairs = new Set<Pair>()
  readonly #held = { there: false, back: false }
  #delayMs = 0
  #resets = 0
  /** How many connections were reset at a COMMIT. */
  resetsDone = 0

  private constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server
    this.#target = target
    server.on('connection', client => this.#connected(client))
  }

  static async listen(
    target: { host: string; port: number },
    at: { host: string; port: number } = { host: '127.0.0.1', port: 0 },
  ): Promise<TcpProxy> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(at.port, at.host, resolve)
    })
    return new TcpProxy(server, target)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Nothing gets through this way until it is healed: new connections wait as well. */
  partition(way: Way): void {
    for (const one of ['there', 'back'] as const) if (way === one || way === 'both') this.#held[one] = true
    this.#flow()
  }

  slow(ms: number): void {
    this.#delayMs = ms
  }

  /** The next so many COMMITs arrive, and their answers do not: the connection is reset. */
  resetAtCommit(count: number): void {
    this.#resets = count
  }

  /** From now on it leads there; what is open is reset. */
  lead(target: { host: string; port: number }): void {
    this.#target = target
    this.reset()
  }

  reset(): void {
    for (const { client, target } of this.#pairs) {
      client.resetAndDestroy()
      target.destroy()
    }
  }

  heal(): void {
    this.#held.there = false
    this.#held.back = false
    this.#delayMs = 0
    this.#resets = 0
    this.#flow()
  }

  close(): Promise<void> {
    this.reset()
    return new Promise(resolve => this.#server.close(() => resolve()))
  }

  #connected(client: Socket): void {
    const target = connect(this.#target)
    const pair = { client, target }
    this.#pairs.add(pair)
    const end = (): void => {
      this.#pairs.delete(pair)
      client.destroy()
      target.destroy()
    }
    for (const socket of [client, target]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
    client.on('data', part => {
      const isCommit = this.#resets > 0 && /commit/i.test(part.toString('latin1'))
      this.#pass(target, part)
      if (!isCommit) return
      this.#resets--
      this.resetsDone++
      // The database has it; whoever asked does not hear of it.
      setTimeout(() => {
        client.resetAndDestroy()
        target.end()
      }, 2)
    })
    target.on('data', part => this.#pass(client, part))
    this.#flow()
  }

  #pass(to: Socket, part: Buffer): void {
    if (this.#delayMs === 0) to.write(part)
    else setTimeout(() => to.destroyed || to.write(part), this.#delayMs)
  }

  /** A socket that is not read keeps the bytes back, in order, and its peer sees nothing. */
  #flow(): void {
    for (const { client, target } of this.#pairs) {
      client[this.#held.there ? 'pause' : 'resume']()
      target[this.#held.back ? 'pause' : 'resume']()
    }
  }
}
