import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { UserError } from '../../core/errors.ts'

/** 32 bytes, and what tells it from others. The first of a node's keys seals; any of them opens. */
export interface SecretKey {
  id: string
  bytes: Buffer
}

const KEY = /^[\w-]{43}$/
const IV_BYTES = 12
const TAG_BYTES = 16

export function newSecretKey(): string {
  return randomBytes(32).toString('base64url')
}

/** Null: it is no key. */
export function secretKeyOf(text: string): SecretKey | null {
  if (!KEY.test(text)) return null
  const bytes = Buffer.from(text, 'base64url')
  return { id: createHash('sha256').update('mainspring key id').update(bytes).digest('hex').slice(0, 8), bytes }
}

/**
 * AES-256-GCM, as `id.iv.text` with the id of the key. `place` (namespace, kind, name) is sealed with it, so that a secret that is put elsewhere in the database
 * does not open there.
 */
export function seal(keys: readonly SecretKey[], place: string, text: string): string {
  const [key] = keys
  if (key === undefined) throw new UserError('secret-key-needed', { at: '', hint: KEY_HINT })
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${key.id}.${iv.toString('base64url')}.${sealed.toString('base64url')}`
}
const KEY_HINT = 'make one with `mainspring secret key`, and start every node with it as MAINSPRING_SECRET_KEY'

/** @throws UserError `secret-unreadable` */
export function open(keys: readonly SecretKey[], place: string, sealed: string): string {
  const [id = '', iv = '', text = ''] = sealed.split('.')
  const key = keys.find(one => one.id === id)
  if (key === undefined)
    throw new UserError('secret-unreadable', {
      found: place,
      hint: `it was sealed with the key ${id}, which this node does not have: MAINSPRING_SECRET_KEY`,
    })
  try {
    const bytes = Buffer.from(text, 'base64url')
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(iv, 'base64url'), { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    throw new UserError('secret-unreadable', { found: place, hint: 'what is kept of it was changed: set it anew' })
  }
}

export function sealedBy(sealed: string): string {
  return sealed.slice(0, sealed.indexOf('.'))
}
