/**
 * Ids: 16 bytes, time-ordered, random, with a 16-bit slot that says where the actor lives (E9).
 *
 * ```text
 * byte   0 1 2 3 4 5 | 6 7     | 8       | 9 10 | 11 … 15
 *        milliseconds| 7 + rand| 10 + rand| slot | rand
 * ```
 * It is a valid UUIDv7 (RFC 9562, section 5.7). People see it as 26 characters of Crockford's base32, lower case, and short as its last five.
 */
export type RunId = string
/** A run, and later a schedule or a batch operation: everything that is a durable actor. */
export type ActorId = string
export type TaskId = string
export type DeliveryId = string
export type AnswerId = string
export type WorkerId = string
export type NodeId = string
export type LaneId = string
export type ClaimId = string
export type BatchId = string
export type CommandId = string
export type HoldId = string
export type MailId = string

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const CODES = Uint8Array.from(ALPHABET, character => character.charCodeAt(0))
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]))
export const ID_LENGTH = 26
const ID_PATTERN = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/
export const SHORT_ID_LENGTH = 5

/** Uniform in [0, 1). */
export type Random = () => number

export function isId(text: string): boolean {
  return ID_PATTERN.test(text)
}

/** What people read and type: the last five characters. Any unambiguous ending of an id is accepted in its place. */
export function shortId(id: string): string {
  return id.slice(-SHORT_ID_LENGTH)
}

/** A fresh id in `slot` (0 to 65535); without one, in a random slot. */
export function newId(nowMs: number, random: Random, slot = Math.floor(random() * 65536)): string {
  return encode(nowMs, Math.floor(random() * 2 ** 18), slot, Math.floor(random() * 2 ** 20), Math.floor(random() * 2 ** 20))
}

/**
 * The id of the `index`th run of a call (E9): the same call gives the same ids, so a repeated call finds its runs without a row of its own.
 * A call key that begins with an id lends its time, so that the runs sort where they belong; any other key gives a time of its own hash.
 * Those of one call sort by their index.
 */
export function callRunId(callKey: string, index: number, slot = slotOfKey(callKey)): string {
  const [a, b] = hash53(`${callKey}\n${index}`)
  const time = isId(callKey.slice(0, ID_LENGTH)) ? timeOf(callKey) : a % 2 ** 40
  return encode(time, index % 2 ** 18, slot, Math.floor(a / 2 ** 20) % 2 ** 20, Math.floor(b / 2 ** 20) % 2 ** 20)
}

/** The slot where all that shares `key` meets. */
export function slotOfKey(key: string): number {
  return hash53(key)[0] % 65536
}

/** The slot that an id carries. */
export function slotOf(id: string): number {
  let bits = 0
  for (let index = 14; index <= 17; index++) bits = bits * 32 + value(id, index)
  return bits % 65536
}

/** The part of an id: the high byte of its slot. A shard is a range of parts. */
export function partOf(id: string): number {
  return slotOf(id) >>> 8
}

/** The part where a limited resource has its home (E17). */
export function partOfResource({ namespace, limit, key }: { namespace: string; limit: string; key: string }): number {
  return slotOfKey(`${namespace}\n${limit}\n${key}`) >>> 8
}

/** The shard of a part, of so many. */
export function shardOf(part: number, shards: number): number {
  return Math.floor((part * shards) / 256)
}

/** Milliseconds since the epoch at which the id was made, by its maker's clock. */
export function timeOf(id: string): number {
  let ms = 0
  for (let index = 0; index < 10; index++) ms = ms * 32 + value(id, index)
  return ms
}

/** Two 53-bit hashes of a text (cyrb53 with two seeds): for spreading keys, not for secrets. */
export function hash53(text: string): [number, number] {
  let h1 = 0xdeadbeef
  let h2 = 0x41c6ce57
  let h3 = 0x9e3779b9
  let h4 = 0x85ebca6b
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    h1 = Math.imul(h1 ^ code, 2654435761)
    h2 = Math.imul(h2 ^ code, 1597334677)
    h3 = Math.imul(h3 ^ code, 3266489909)
    h4 = Math.imul(h4 ^ code, 668265263)
  }
  return [mix(h1, h2), mix(h3, h4)]
}

function mix(high: number, low: number): number {
  const a = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  const b = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}

function value(id: string, index: number): number {
  return VALUES.get(id[index] as string) as number
}

/**
 * 128 bits as 26 characters, two zero bits first: 48 of time, 4 of version, 12 random, 2 of variant, 6 random, 16 of slot, 40 random.
 * Characters 0 to 9 are exactly the time (50 bits), 10 to 13 are version, random and variant (20 bits: 4 + 12 + 2 + 2), then 6 - 2 random, slot and the rest.
 */
function encode(timeMs: number, random18: number, slot: number, high20: number, low20: number): string {
  const high = Math.floor(timeMs / 2 ** 20)
  const low = timeMs % 2 ** 20
  const upper = (7 << 16) | ((random18 >>> 6) << 4) | (0b10 << 2) | ((random18 >>> 4) & 3) // 4 version, 12 random, 2 variant, 2 random
  const middle = ((random18 & 15) << 16) | slot // 4 random, 16 slot
  // One text at once: 26 that are joined cost ten times the memory.
  return String.fromCharCode(
    code(high, 25),
    code(high, 20),
    code(high, 15),
    code(high, 10),
    code(high, 5),
    code(high, 0),
    code(low, 15),
    code(low, 10),
    code(low, 5),
    code(low, 0),
    code(upper, 15),
    code(upper, 10),
    code(upper, 5),
    code(upper, 0),
    code(middle, 15),
    code(middle, 10),
    code(middle, 5),
    code(middle, 0),
    code(high20, 15),
    code(high20, 10),
    code(high20, 5),
    code(high20, 0),
    code(low20, 15),
    code(low20, 10),
    code(low20, 5),
    code(low20, 0),
  )
}

function code(bits: number, shift: number): number {
  return CODES[(bits >>> shift) & 31] as number
}
