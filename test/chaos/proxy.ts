import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { statement } from '../../src/store/postgres/pipeline.ts'

/** Which way bytes do not get through: what was asked, what was answered, or neither. */
export type Way = 'there' | 'back' | 'both'

/**
 * What becomes of a COMMIT whose connection is reset as it goes through:
 * - `lost`: it does not arrive.
 * - `unanswered`: it arrives.
 * - a number: it arrives so many milliseconds after the reset.
 */
export type Reset = 'lost' | 'unanswered' | number

interface Pair {
  client: Socket
  target: Socket
}

/** Once a connection has prepared it, a statement goes by its name alone. */
const COMMIT = new RegExp(`commit|${statement('commit').name}`, 'i')

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
  readonly #resets: Reset[] = []

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

  /** The next COMMITs, each with the reset of its connection. */
  resetAtCommit(...resets: Reset[]): void {
    this.#resets.push(...resets)
  }

  /** Resets that no COMMIT has met yet. */
  get resetsLeft(): number {
    return this.#resets.length
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
    this.#resets.length = 0
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
    let isReset = false
    const end = (): void => {
      this.#pairs.delete(pair)
      client.destroy()
      if (!isReset) target.destroy()
    }
    for (const socket of [client, target]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
    const there = this.#passing(target)
    const back = this.#passing(client)
    client.on('data', part => {
      const reset = this.#resets.length > 0 && COMMIT.test(part.toString('latin1')) ? this.#resets.shift() : undefined
      if (reset === undefined) return there(part)
      // Whoever asked hears no more of it; the database may.
      isReset = true
      client.resetAndDestroy()
      if (reset === 'lost') target.destroy()
      else setTimeout(() => target.end(part), reset === 'unanswered' ? 0 : reset)
    })
    target.on('data', part => isReset || back(part))
    this.#flow()
  }

  /** Each part as late as the proxy is slow, and none before the one before it. */
  #passing(to: Socket): (part: Buffer) => void {
    const late: { part: Buffer; at: number }[] = []
    const write = (): void => {
      for (const now = performance.now(); late[0] !== undefined && late[0].at <= now; late.shift()) if (!to.destroyed) to.write(late[0].part)
      if (late[0] !== undefined) setTimeout(write, Math.ceil(late[0].at - performance.now()))
    }
    return part => {
      late.push({ part, at: performance.now() + this.#delayMs })
      if (late.length === 1) write()
    }
  }

  /** A socket that is not read keeps the bytes back, in order, and its peer sees nothing. */
  #flow(): void {
    for (const { client, target } of this.#pairs) {
      client[this.#held.there ? 'pause' : 'resume']()
      target[this.#held.back ? 'pause' : 'resume']()
    }
  }
}
