import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { BODY_BYTES_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'

/** Bytes of all bodies that are being read or answered: beyond it new ones are refused (E23), so that a flood of large ones cannot fill the memory. */
export const BODIES_BYTES_MAX = 128 * 1024 * 1024

const DROPPED_BYTES_MAX = 4 * BODY_BYTES_MAX

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
    if (declared > BODY_BYTES_MAX) return refuse(request, tooLarge(declared))
    if (this.#bytes + declared > this.#bytesMax) return refuse(request, overloaded())
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
      request.once('close', () => {
        if (!request.complete) reject(new UserError('invalid-json', { hint: 'the body broke off' }))
      })
    })
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }
}

/** The rest of a refused body is read and dropped, for a client that still writes would never see the answer; within a bound, for it may go on for ever. */
function refuse(request: IncomingMessage, error: UserError): Promise<never> {
  let left = DROPPED_BYTES_MAX
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) request.destroy()
  })
  return new Promise((_, reject) => {
    request.once('end', () => reject(error))
    request.once('close', () => reject(error))
    request.once('error', () => reject(error))
  })
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
