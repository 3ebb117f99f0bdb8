/** Uniform in [0, 1). */
export type Random = () => number

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A fresh id: 26 characters of Crockford's base32, lower case, time-ordered (a UUIDv7 to a database). Call keys and worker ids are such ids,
 * and the runs that a call starts take their time from its key.
 */
export function newId(nowMs: number, random: Random = Math.random): string {
  const version = (7 << 16) | (bits(random, 12) << 4) | (0b10 << 2) | bits(random, 2)
  return (
    characters(Math.floor(nowMs / 2 ** 20), 6) +
    characters(nowMs % 2 ** 20, 4) +
    characters(version, 4) +
    characters(bits(random, 20), 4) +
    characters(bits(random, 20), 4) +
    characters(bits(random, 20), 4)
  )
}

function bits(random: Random, count: number): number {
  return Math.floor(random() * 2 ** count)
}

function characters(number: number, count: number): string {
  let text = ''
  for (let shift = (count - 1) * 5; shift >= 0; shift -= 5) text += ALPHABET[(number >>> shift) & 31]
  return text
}
