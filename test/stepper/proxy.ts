import { EventEmitter } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Rewrite } from './plants.ts'

/**
 * A proxy before PostgreSQL that lets a client's statements through one at a time, when it is told to. The client knows nothing of it: it sends its transaction
 * as it always does, in one go.
 *
 * A step is a statement, together with those before it that meet nobody (`alone`). BEGIN and the settings are one step: where the isolation is above
 * READ COMMITTED they take the snapshot; where it is not, they meet nobody either.
 */
export class StepProxy {
  readonly port: number
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  /** Something came from the client or from the server. */
  readonly happened = new EventEmitter()
  stepping = false
  /** A transaction is one step. */
  whole = false
  /** Of a claim, each statement is a step that other claims and renewals could meet. */
  fine = false

  private constructor(server: Server, target: URL, rewrite: Rewrite, alone: Alone) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', client => {
      const connection = new Connection(client, connect(Number(target.port || 5432), target.hostname), this, rewrite, alone)
      this.#connections.add(connection)
      client.on('close', () => this.#connections.delete(connection))
    })
  }

  static async before(url: string, rewrite: Rewrite, alone: Alone): Promise<StepProxy> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new StepProxy(server, new URL(url), rewrite, alone)
  }

  through(url: string): string {
    const by = new URL(url)
    by.host = `127.0.0.1:${this.port}`
    return by.href
  }

  /** What the next step would do, or null while the client has said nothing. */
  get next(): string | null {
    return this.#waiting()?.next ?? null
  }

  /** Its server process, while a step is under way. */
  get busy(): number | null {
    return [...this.#connections].find(({ busy }) => busy)?.pid ?? null
  }

  /** Of the connection with a transaction under way, or null. */
  get inTransaction(): number | null {
    return [...this.#connections].find(({ inTransaction }) => inTransaction)?.pid ?? null
  }

  step(): void {
    this.#waiting()?.step()
  }

  /** Lets through what waits, and all that comes. */
  letGo(): void {
    this.stepping = false
    for (const connection of this.#connections) connection.letGo()
  }

  close(): void {
    for (const connection of this.#connections) connection.end()
    this.#server.close()
  }

  #waiting(): Connection | undefined {
    return [...this.#connections].find(({ next }) => next !== null)
  }
}

/** Whether a statement meets nobody, so that it makes no difference when it is executed. */
export type Alone = (statement: string, fine: boolean) => boolean

interface Unit {
  bytes: Buffer[]
  /** The statements that it executes. */
  statements: string[]
  isWhole: boolean
  /** It ends its pipeline. */
  isLast: boolean
}

const FLUSH = Buffer.from([0x48, 0, 0, 0, 4])

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
class Connection {
  pid = 0
  busy = false
  inTransaction = false
  readonly #proxy: StepProxy
  readonly #client: Socket
  readonly #server: Socket
  readonly #rewrite: Rewrite
  readonly #prepared = new Map<string, string>()
  readonly #units: Unit[] = []
  #said: Buffer = Buffer.alloc(0)
  #answered: Buffer = Buffer.alloc(0)
  #begun = false
  #bound = ''
  /** Answers that the step under way still waits for. */
  #left = 0
  #isLast = false
  /** After an error the server skips what is sent, up to the end of the pipeline. */
  #skipping = false
  readonly #alone: Alone

  constructor(client: Socket, server: Socket, proxy: StepProxy, rewrite: Rewrite, alone: Alone) {
    this.#client = client
    this.#server = server
    this.#proxy = proxy
    this.#rewrite = rewrite
    this.#alone = alone
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => this.end())
      socket.on('close', () => this.end())
    }
    client.on('data', data => this.#hear(data))
    server.on('data', data => this.#answer(data))
  }

  get next(): string | null {
    const [unit] = this.#units
    return unit?.isWhole && !this.busy ? unit.statements.join('; ') : null
  }

  step(): void {
    const unit = this.#units.shift() as Unit
    this.busy = true
    this.inTransaction = true
    this.#left = unit.statements.length
    this.#isLast = unit.isLast
    this.#server.write(Buffer.concat([...unit.bytes, FLUSH]))
  }

  letGo(): void {
    for (const { bytes } of this.#units.splice(0)) this.#server.write(Buffer.concat(bytes))
  }

  end(): void {
    this.#client.destroy()
    this.#server.destroy()
    this.busy = false
    this.inTransaction = false
    this.#units.length = 0
    this.#proxy.happened.emit('now')
  }

  #hear(data: Buffer): void {
    this.#said = Buffer.concat([this.#said, data])
    for (;;) {
      const head = this.#begun ? 1 : 0
      if (this.#said.length < head + 4) break
      const length = head + this.#said.readInt32BE(head)
      if (this.#said.length < length) break
      const message = this.#said.subarray(0, length)
      this.#said = this.#said.subarray(length)
      if (this.#begun) this.#message(String.fromCharCode(message[0] as number), message)
      else this.#server.write(message)
      this.#begun = true
    }
    this.#proxy.happened.emit('now')
  }

  #message(type: string, message: Buffer): void {
    const sent = type === 'P' ? this.#parse(message) : message
    if (type === 'B') this.#bound = textAt(message, textAt(message, 5).end).text
    if (type === 'X' || type === 'Q' || type === 'p' || this.#skipping || !(this.#proxy.stepping || this.#units.length > 0)) {
      this.#server.write(sent)
      if (type === 'S') this.#skipping = false
      return
    }
    const last = this.#units.at(-1)
    if (type === 'S') {
      if (last === undefined) this.#server.write(sent)
      else {
        last.bytes.push(sent)
        last.isWhole = true
        last.isLast = true
      }
      return
    }
    const unit = last === undefined || last.isWhole ? { bytes: [], statements: [], isWhole: false, isLast: false } : last
    if (unit !== last) this.#units.push(unit)
    unit.bytes.push(sent)
    if (type !== 'E') return
    const statement = this.#prepared.get(this.#bound) as string
    unit.statements.push(statement)
    unit.isWhole = !this.#proxy.whole && !this.#alone(statement, this.#proxy.fine)
  }

  #parse(message: Buffer): Buffer {
    const name = textAt(message, 5)
    const sql = textAt(message, name.end)
    const text = this.#rewrite(sql.text)
    this.#prepared.set(name.text, text)
    const body = Buffer.concat([Buffer.from(`${name.text}\0${text}\0`), message.subarray(sql.end)])
    const head = Buffer.alloc(5)
    head.write('P')
    head.writeInt32BE(4 + body.length, 1)
    return Buffer.concat([head, body])
  }

  #answer(data: Buffer): void {
    this.#answered = Buffer.concat([this.#answered, data])
    while (this.#answered.length >= 5) {
      const length = 1 + this.#answered.readInt32BE(1)
      if (this.#answered.length < length) break
      this.#heard(String.fromCharCode(this.#answered[0] as number), this.#answered.subarray(0, length))
      this.#answered = this.#answered.subarray(length)
    }
    this.#client.write(data)
    this.#proxy.happened.emit('now')
  }

  #heard(type: string, message: Buffer): void {
    if (type === 'K') this.pid = message.readInt32BE(5)
    if (type === 'Z') this.inTransaction = false
    if (!this.busy) return
    if (type === 'C') this.#left--
    if (type === 'E') {
      this.#left = 0
      const skipped = this.#units.splice(0)
      for (const { bytes } of skipped) this.#server.write(Buffer.concat(bytes))
      this.#skipping = !this.#isLast && !skipped.some(({ isLast }) => isLast)
    }
    if (this.#left === 0) this.busy = false
  }
}

/** A text up to its zero, and where the next one begins. */
function textAt(message: Buffer, from: number): { text: string; end: number } {
  const end = message.indexOf(0, from)
  return { text: message.toString('utf8', from, end), end: end + 1 }
}
