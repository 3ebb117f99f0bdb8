import { StringDecoder } from 'node:string_decoder'
import type { JobContext } from '@mainspring/sdk'

/** Bytes of a stream as a result keeps them: the first and the last half of `limit`. Memory is bounded by `limit`, however much comes. */
export class Kept {
  readonly #headMax: number
  readonly #tailMax: number
  readonly #head: Buffer[] = []
  #headBytes = 0
  /** A ring: the oldest byte is at `total % tailMax` once it is full. */
  #ring: Buffer | null = null
  #tailBytes = 0

  constructor(limit: number) {
    this.#headMax = Math.ceil(limit / 2)
    this.#tailMax = Math.floor(limit / 2)
  }

  get truncated(): boolean {
    return this.#tailBytes > this.#tailMax
  }

  add(chunk: Buffer): void {
    const room = this.#headMax - this.#headBytes
    if (room > 0) {
      const part = Buffer.from(chunk.subarray(0, room)) // a copy: the chunk may be a small part of a large buffer
      this.#head.push(part)
      this.#headBytes += part.length
    }
    if (chunk.length > room) this.#addToRing(room > 0 ? chunk.subarray(room) : chunk)
  }

  /** What is kept, or less of it: `limit` bytes. */
  text(limit: number = Number.POSITIVE_INFINITY): { text: string; truncated: boolean } {
    const head = Buffer.concat(this.#head)
    const tail = this.#tail()
    const total = head.length + this.#tailBytes
    if (!this.truncated && total <= limit) return { text: Buffer.concat([head, tail]).toString(), truncated: false }
    const [headMax, tailMax] =
      this.truncated && head.length + tail.length <= limit ? [head.length, tail.length] : [Math.ceil(limit / 2), Math.floor(limit / 2)]
    const all = this.truncated ? null : Buffer.concat([head, tail])
    const first = wholeStart((all ?? head).subarray(0, headMax))
    const last = wholeEnd((all ?? tail).subarray(Math.max(0, (all ?? tail).length - tailMax)))
    return { text: `${first}\n… ${total - headMax - tailMax} bytes are left out here …\n${last}`, truncated: true }
  }

  #addToRing(bytes: Buffer): void {
    const size = this.#tailMax
    if (size > 0) {
      this.#ring ??= Buffer.allocUnsafe(size)
      const kept = bytes.subarray(Math.max(0, bytes.length - size))
      const at = (this.#tailBytes + bytes.length - kept.length) % size
      const before = kept.copy(this.#ring, at)
      if (before < kept.length) kept.copy(this.#ring, 0, before)
    }
    this.#tailBytes += bytes.length
  }

  #tail(): Buffer {
    if (this.#ring === null) return Buffer.alloc(0)
    if (this.#tailBytes <= this.#tailMax) return this.#ring.subarray(0, this.#tailBytes)
    const at = this.#tailBytes % this.#tailMax
    return Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, at)])
  }
}

/** Without a character that the cut has split. */
function wholeStart(bytes: Buffer): string {
  return new StringDecoder('utf8').write(bytes)
}
function wholeEnd(bytes: Buffer): string {
  let from = 0
  while (from < 3 && from < bytes.length && ((bytes[from] as number) & 0xc0) === 0x80) from++
  return bytes.subarray(from).toString()
}

export const LOG_LINES_MAX = 10_000
const LOG_BYTES_MAX = 8 * 1024 * 1024
/** A longer line is shown in pieces. */
const LINE_LENGTH_MAX = 8 * 1024

/** Output as log lines, live: stdout as info, stderr as warn. Both together 10,000 lines and 8 MiB; then a line says that no more are shown. */
export class LogLines {
  readonly #ctx: JobContext
  #lines = 0
  #bytes = 0

  constructor(ctx: JobContext) {
    this.#ctx = ctx
  }

  get full(): boolean {
    return this.#lines > LOG_LINES_MAX
  }

  of(level: 'info' | 'warn'): { add(chunk: Buffer): void; end(): void } {
    const decoder = new StringDecoder('utf8')
    let rest = ''
    const cut = (): void => {
      const lines = rest.split('\n')
      rest = lines.pop() as string
      for (const line of lines) this.#say(level, line.endsWith('\r') ? line.slice(0, -1) : line)
      if (rest.length > LINE_LENGTH_MAX) {
        this.#say(level, rest)
        rest = ''
      }
    }
    return {
      add: chunk => {
        if (this.full) return
        rest += decoder.write(chunk)
        cut()
      },
      end: () => {
        rest += decoder.end()
        cut()
        if (rest !== '') this.#say(level, rest)
        rest = ''
      },
    }
  }

  #say(level: 'info' | 'warn', line: string): void {
    for (let from = 0; from === 0 || from < line.length; from += LINE_LENGTH_MAX) {
      if (this.full) return
      if (this.#lines === LOG_LINES_MAX || this.#bytes > LOG_BYTES_MAX) {
        this.#lines = LOG_LINES_MAX + 1
        this.#ctx.log.warn('no more of its output is shown here; the result has the beginning and the end')
        return
      }
      const piece = line.slice(from, from + LINE_LENGTH_MAX)
      this.#lines++
      this.#bytes += piece.length
      this.#ctx.log[level](piece)
    }
  }
}
