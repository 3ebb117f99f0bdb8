/** Primary result codes (sqlite.org/rescode.html). */
export const SQLITE = {
  BUSY: 5,
  LOCKED: 6,
  READ_ONLY: 8,
  IO_ERROR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANNOT_OPEN: 14,
  TOO_BIG: 18,
  CONSTRAINT: 19,
  MISMATCH: 20,
} as const

/** SQLite's primary result code, or null when the error is not SQLite's. */
export function primaryCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : null
}
