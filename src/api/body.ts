import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { BODY_BYTES_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'

/** Bytes of all bodies that are being read or answered: beyond it new ones are refused (E23), so that a flood of large ones cannot fill the memory. */
export const BODIES_BYTES_MAX = 128 * 1024 * 1024

/** Reads bodies as text and counts what they hold until their answers are out. */
export class Bodies {
  #bytes = 0
  readonly #bytesMax: number

  constructor(bytesMax = BODIES_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** Resolves with the text, and calls `hold` with the bytes that `release` is to be called with later. */
  read(request: IncomingMessage, hold: (bytes: number) => void): Promise<string> {
    const declared = Number(request.headers['content-length'] ?? 0)
    if (declared > BODY_BYTES_MAX) return Promise.reject(tooLarge(declared))
    if (this.#bytes + declared > this.#bytesMax) return Promise.reject(overloaded())
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const fail = (error: UserError) => {
        request.removeAllListeners('data')
        request.resume()
        reject(error)
      }
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        this.#bytes += chunk.length
        hold(chunk.length)
        chunks.push(chunk)
        if (bytes > BODY_BYTES_MAX) fail(tooLarge(bytes))
        else if (this.#bytes > this.#bytesMax) fail(overloaded())
      })
      request.once('end', () => {
        const whole = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
        if (isUtf8(whole)) resolve(whole.toString('utf8'))
        else reject(new UserError('invalid-json', { hint: 'the body is not UTF-8' }))
      })
      request.once('error', () => reject(new UserError('invalid-json', { hint: 'the body broke off' })))
      request.once('close', () => reject(new UserError('invalid-json', { hint: 'the body broke off' })))
    })
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }
}

function tooLarge(found: number): UserError {
  return new UserError('body-too-large', {
    at: '',
    found: `${found} bytes`,
    hint: `a body has at most ${BODY_BYTES_MAX} bytes; send less in one call`,
  })
}

function overloaded(): UserError {
  return new UserError('overloaded', { retryAfter: 1, hint: 'the bodies of other calls fill the memory that there is for them' })
}
