import { createHash } from 'node:crypto'

const WORDS_MAX = 4
const LENGTH_MAX = 40
/** Crockford's, as in ids: no letters that look like digits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Of a line without a name: first words of its command, and a hash of all that makes it another one. Where it stands does not count. */
export function nameOf(command: string, identity: string): string {
  const slug = command
    .split(/\s+/)
    .map(word => word.replace(/^.*\/(?=.)/, '').replace(/[^A-Za-z0-9]+/g, '-'))
    .map(word => word.replace(/^-+|-+$/g, '').toLowerCase())
    .filter(word => word !== '')
    .slice(0, WORDS_MAX)
    .join('-')
    .slice(0, LENGTH_MAX)
    .replace(/-+$/, '')
  return `${slug || 'command'}-${hashOf(identity)}`
}

function hashOf(text: string): string {
  return [...createHash('sha256').update(text).digest().subarray(0, 6)].map(byte => ALPHABET[byte & 31]).join('')
}

/** `# name: backup`. A sentence behind it is prose. */
export function nameInComment(text: string): string | null {
  return /^\s*name:\s*([A-Za-z0-9][A-Za-z0-9._-]{0,199})\s*$/i.exec(text)?.[1] ?? null
}
