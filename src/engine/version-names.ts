const HASH = /^[0-9a-f]{64}$/
const HASH_SHOWN = 7

/** A hash as people tell hashes apart; a name as it is. */
export function shortVersion(version: string | null): string {
  return version !== null && HASH.test(version) ? version.slice(0, HASH_SHOWN) : String(version)
}
