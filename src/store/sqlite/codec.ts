/** A text that UTF-8 cannot hold: half of a surrogate pair. Stored, it would silently become another text. */
export class UnstorableText extends Error {
  override readonly name = 'UnstorableText'
}

const NOTHING = 0xffffffff
/** Room for a number or a length: what `reserve` leaves is never less. */
const MARGIN = 16

/**
 * Writes one message into one buffer that is then transferred to another thread: 1.7 µs a row against 4.1 for a structured clone.
 * Numbers are doubles, null is NaN; texts are UTF-8 behind their length; words are texts that repeat, written once and then named by a number.
 */
export class MessageWriter {
  #bytes: Buffer
  #view: DataView
  #offset = 0
  readonly #words = new Map<string, number>()

  /** `expectedBytes`: a good guess saves copying. */
  constructor(expectedBytes = 4096) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(expectedBytes, MARGIN))
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#offset
  }

  /** The message; the writer must not be used any more. Longer than the message, since cutting it would copy. */
  finish(): ArrayBuffer {
    return this.#bytes.buffer as ArrayBuffer
  }

  count(value: number): void {
    this.#reserve(0)
    this.#view.setUint32(this.#offset, value, true)
    this.#offset += 4
  }

  number(value: number | null): void {
    this.#reserve(0)
    this.#view.setFloat64(this.#offset, value ?? Number.NaN, true)
    this.#offset += 8
  }

  text(value: string | null): void {
    if (value === null) {
      this.count(NOTHING)
      return
    }
    if (!value.isWellFormed())
      throw new UnstorableText(`A text holds half of a surrogate pair, which UTF-8 cannot hold: ${JSON.stringify(value.slice(0, 100))}`)
    this.#reserve(value.length * 3)
    const length = this.#bytes.write(value, this.#offset + 4)
    this.#view.setUint32(this.#offset, length, true)
    this.#offset += 4 + length
  }

  /** A text that likely repeats within the message. */
  word(value: string): void {
    const known = this.#words.get(value)
    this.count(known ?? this.#words.size)
    if (known !== undefined) return
    this.#words.set(value, this.#words.size)
    this.text(value)
  }

  /** UTF-8 bytes as they are: what `text` writes. */
  bytes(value: Uint8Array | null): void {
    if (value === null) {
      this.count(NOTHING)
      return
    }
    this.#reserve(value.length)
    this.#view.setUint32(this.#offset, value.length, true)
    this.#bytes.set(value, this.#offset + 4)
    this.#offset += 4 + value.length
  }

  #reserve(bytes: number): void {
    const needed = this.#offset + bytes + MARGIN
    if (needed <= this.#bytes.length) return
    const before = this.#bytes
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(needed, before.length * 2))
    this.#view = new DataView(this.#bytes.buffer)
    before.copy(this.#bytes, 0, 0, this.#offset)
  }
}

/** Reads what `MessageWriter` wrote, in the same order. */
export class MessageReader {
  readonly #bytes: Buffer
  readonly #view: DataView
  #offset = 0
  readonly #words: string[] = []

  constructor(message: ArrayBuffer) {
    this.#bytes = Buffer.from(message)
    this.#view = new DataView(message)
  }

  count(): number {
    const value = this.#view.getUint32(this.#offset, true)
    this.#offset += 4
    return value
  }

  number(): number {
    const value = this.#view.getFloat64(this.#offset, true)
    this.#offset += 8
    return value
  }

  numberOrNull(): number | null {
    const value = this.number()
    return Number.isNaN(value) ? null : value
  }

  text(): string {
    return this.textOrNull() as string
  }

  textOrNull(): string | null {
    const length = this.count()
    if (length === NOTHING) return null
    const start = this.#offset
    this.#offset += length
    return this.#bytes.toString('utf8', start, this.#offset)
  }

  word(): string {
    const index = this.count()
    if (index === this.#words.length) this.#words.push(this.text())
    return this.#words[index] as string
  }

  /** The bytes of a text: a view into the message, valid as long as the message is. */
  bytesOrNull(): Uint8Array | null {
    const length = this.count()
    if (length === NOTHING) return null
    const start = this.#offset
    this.#offset += length
    return this.#bytes.subarray(start, this.#offset)
  }
}

/** A message that was read gives its memory back at once: to a collector it is a small object, and a thread that rests does not collect. */
export function release(message: ArrayBuffer): void {
  message.transfer(0)
}
