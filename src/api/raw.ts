import { PAYLOAD_BYTES_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import { jsonError } from './json.ts'

/**
 * Payloads are opaque: what a user sent as `input` or `output` is kept and given back byte for byte, though JSON.parse would round
 * 12345678901234567890, make 1e400 infinite and drop a duplicate key. So their source text is cut out before the rest is parsed.
 *
 * A place says where they are: `'raw'` a payload, an object its members that matter, `[place]` each item of an array.
 * `{ runs: [{ input: 'raw' }] }` is the pointer `/runs/<any>/input`.
 */
export type Place = 'raw' | { readonly [member: string]: Place } | readonly [Place]

/** The body as JSON.parse gives it, but with the number `n` in the place of each payload, which is `payloads[n]`. */
export interface Split {
  value: unknown
  payloads: string[]
}

/** Objects and arrays within each other, payloads left out: nothing that the API takes needs more, and a check may recurse. */
export const DEPTH_MAX = 64

/** @throws UserError `invalid-json`, `payload-too-large`, or `invalid-input` for what is nested too deeply. */
export function splitPayloads(text: string, place: Place | null): Split {
  const cutter = new Cutter(text)
  cutter.value(cutter.space(0), place)
  try {
    for (const payload of cutter.payloads) JSON.parse(payload)
    const value: unknown = JSON.parse(cutter.rest())
    checkSizes(cutter)
    return { value, payloads: cutter.payloads }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw invalidJson(text)
  }
}

function checkSizes(cutter: Cutter): void {
  for (const [index, payload] of cutter.payloads.entries()) {
    // A UTF-16 unit is 3 bytes of UTF-8 at most, so most payloads need not be counted.
    if (payload.length * 3 <= PAYLOAD_BYTES_MAX) continue
    const bytes = Buffer.byteLength(payload)
    if (bytes > PAYLOAD_BYTES_MAX)
      throw new UserError('payload-too-large', {
        at: pointerAt(cutter.text, cutter.starts[index] as number),
        found: `${bytes} bytes`,
        hint: `a payload has at most ${PAYLOAD_BYTES_MAX} bytes; keep larger data elsewhere and pass its address`,
      })
  }
}

function invalidJson(text: string): UserError {
  const error = jsonError(text) ?? { position: 0, expected: 'JSON' }
  const before = text.slice(0, error.position)
  const line = before.split('\n').length
  const column = error.position - before.lastIndexOf('\n')
  const found = text.slice(error.position, error.position + 20)
  return new UserError('invalid-json', {
    found: found === '' ? 'the end of the body' : found,
    hint: `line ${line}, column ${column}: expected ${error.expected}`,
    data: { position: error.position, line, column },
  })
}

const QUOTE = 0x22
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

/**
 * Walks JSON text once and cuts payloads out. It need not judge the text: each payload is parsed by itself, and the rest with a number where the payload
 * was, set off by spaces so that it cannot grow together with its neighbours; if all of these are valid, then so is the whole. It must only end, at any text.
 */
class Cutter {
  readonly payloads: string[] = []
  readonly starts: number[] = []
  readonly text: string
  #rest = ''
  /** What lies before is in `#rest`. */
  #kept = 0
  /** The first backslash at or after the place that was last looked at: most texts have none, and their strings end at the next quote. */
  #backslash = -1
  /** The string passed over last has escapes in it. */
  #escaped = false

  constructor(text: string) {
    this.text = text
  }

  rest(): string {
    return this.#kept === 0 ? this.text : this.#rest + this.text.slice(this.#kept)
  }

  space(from: number): number {
    let at = from
    for (;;) {
      const code = this.text.charCodeAt(at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
      at++
    }
  }

  /** Passes over the value that begins at `at`; answers where it ends. */
  value(at: number, place: Place | null): number {
    if (place === null) return this.#skip(at, DEPTH_MAX)
    if (place === 'raw') return this.#cut(at)
    const code = this.text.charCodeAt(at)
    if (code === OPEN_ARRAY && Array.isArray(place)) return this.#items(at, place[0] as Place)
    if (code === OPEN_OBJECT && !Array.isArray(place)) return this.#members(at, place as { [member: string]: Place })
    return this.#skip(at, DEPTH_MAX)
  }

  #cut(at: number): number {
    const end = this.#skip(at, Number.POSITIVE_INFINITY)
    this.#rest += `${this.text.slice(this.#kept, at)} ${this.payloads.length} `
    this.#kept = end
    this.payloads.push(this.text.slice(at, end))
    this.starts.push(at)
    return end
  }

  #items(open: number, place: Place): number {
    let at = this.space(open + 1)
    if (this.text.charCodeAt(at) === CLOSE_ARRAY) return at + 1
    for (;;) {
      at = this.space(this.value(at, place))
      const code = this.text.charCodeAt(at)
      if (code === CLOSE_ARRAY) return at + 1
      if (code !== COMMA) return this.#lost()
      at = this.space(at + 1)
    }
  }

  #members(open: number, places: { readonly [member: string]: Place }): number {
    let at = this.space(open + 1)
    if (this.text.charCodeAt(at) === CLOSE_OBJECT) return at + 1
    for (;;) {
      if (this.text.charCodeAt(at) !== QUOTE) return this.#lost()
      const nameEnd = this.#string(at)
      const place = this.#placeOf(at, nameEnd, places)
      at = this.space(nameEnd)
      if (this.text.charCodeAt(at) !== COLON) return this.#lost()
      at = this.space(this.value(this.space(at + 1), place))
      const code = this.text.charCodeAt(at)
      if (code === CLOSE_OBJECT) return at + 1
      if (code !== COMMA) return this.#lost()
      at = this.space(at + 1)
    }
  }

  /** The place of the member whose quoted name is at `start` to `end`; names may be written with escapes. */
  #placeOf(start: number, end: number, places: { readonly [member: string]: Place }): Place | null {
    const name = this.#escaped ? decoded(this.text.slice(start, end)) : null
    for (const member in places) {
      if (name === null ? end - start - 2 === member.length && this.text.startsWith(member, start + 1) : name === member)
        return places[member] as Place
    }
    return null
  }

  /** Passes over any value without looking at its members. */
  #skip(start: number, depthMax: number): number {
    const first = this.text.charCodeAt(start)
    if (first === QUOTE) return this.#string(start)
    if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return this.#scalar(start)
    let depth = 0
    for (let at = start; at < this.text.length; ) {
      const code = this.text.charCodeAt(at)
      if (code === QUOTE) {
        at = this.#string(at)
        continue
      }
      at++
      if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
        depth++
        if (depth > depthMax)
          throw new UserError('invalid-input', { hint: `objects and arrays are nested deeper than ${depthMax} at position ${at}` })
      } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
        depth--
        if (depth === 0) return at
      }
    }
    return this.#lost()
  }

  #scalar(start: number): number {
    for (let at = start; at < this.text.length; at++) {
      const code = this.text.charCodeAt(at)
      if (code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || code <= 0x20) return at
    }
    return this.text.length
  }

  /** Passes over a string that begins at `start`. Each `indexOf` starts where the one before ended, so that no text is looked at twice. */
  #string(start: number): number {
    const { text } = this
    let end = text.indexOf('"', start + 1)
    if (this.#backslash <= start) this.#backslash = indexOrEnd(text, '\\', start + 1)
    this.#escaped = end >= 0 && this.#backslash < end
    while (end >= 0 && this.#backslash < end) {
      const next = this.#backslash + 2
      if (end < next) end = text.indexOf('"', next)
      this.#backslash = indexOrEnd(text, '\\', next)
    }
    return end < 0 ? this.#lost() : end + 1
  }

  /** The text is not JSON: ends the walk, and JSON.parse of the rest tells. */
  #lost(): never {
    throw invalidJson(this.text)
  }
}

function indexOrEnd(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at < 0 ? Number.POSITIVE_INFINITY : at
}

function decoded(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return null
  }
}

/** The JSON pointer of the value that begins at `position` of a valid text. */
function pointerAt(text: string, position: number): string {
  const path: (string | number)[] = []
  const cutter = new Cutter(text)
  let name = ''
  for (let at = 0; at < position; ) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = cutter.value(at, null)
      name = text.slice(at, end)
      at = end
      continue
    }
    if (code === COLON) path[path.length - 1] = decoded(name) ?? ''
    else if (code === OPEN_OBJECT) path.push('')
    else if (code === OPEN_ARRAY) path.push(0)
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) path.pop()
    else if (code === COMMA && typeof path.at(-1) === 'number') path[path.length - 1] = (path.at(-1) as number) + 1
    at++
  }
  return path.map(step => `/${escapePointer(String(step))}`).join('')
}

export function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1')
}
