import { createHash } from 'node:crypto'

/** Numbers that follow from a text: the same text gives the same numbers for ever. Seeded when it is first asked, which most code never does. */
export function seededRandom(text: string): () => number {
  let next: (() => number) | null = null
  return () => {
    next ??= seeded(text)
    return next()
  }
}

/** sfc32 (Doty-Humphrey, PractRand), seeded by SHA-256. */
function seeded(text: string): () => number {
  const seed = createHash('sha256').update(text).digest()
  let [a, b, c, d] = [seed.readInt32LE(0), seed.readInt32LE(4), seed.readInt32LE(8), 1]
  return () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return (sum >>> 0) / 4294967296
  }
}

/** A UUID of version 4 (RFC 9562) of such numbers. */
export function seededUuid(random: () => number): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(random() * 256))
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.map(byte => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
