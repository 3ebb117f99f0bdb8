import { hash } from 'node:crypto'
import { UserError } from '../core/errors.ts'

/**
 * Cursors are opaque: the engine's own in base64url, with a sum over it and over what was listed (operation, namespace, filters). One that was cut,
 * changed, or taken from another list is refused as input instead of answering a page that means nothing. The sum has no secret: whoever forges one
 * gets a page of what they may read anyway.
 */
export function sealCursor(cursor: string | null, listed: unknown): string | null {
  return cursor === null ? null : `${Buffer.from(cursor).toString('base64url')}.${sumOf(cursor, listed)}`
}

/** @throws UserError `invalid-input` */
export function openCursor(sealed: string | undefined, listed: unknown): string | null {
  if (sealed === undefined) return null
  const [, text, sum] = /^([\w-]{0,4000})\.([\w-]{11})$/.exec(sealed) ?? []
  const cursor = text === undefined ? '' : Buffer.from(text, 'base64url').toString()
  if (text === undefined || sumOf(cursor, listed) !== sum)
    throw new UserError('invalid-input', { at: '/query/cursor', hint: 'a cursor is what `next` of a page said, given back with the same filters' })
  return cursor
}

function sumOf(cursor: string, listed: unknown): string {
  return hash('sha256', JSON.stringify([cursor, listed]), 'base64url').slice(0, 11)
}
