import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { UserError } from '../core/errors.ts'
import type { Instant } from '../core/time.ts'
import type { Engine } from '../engine/face.ts'
import { formatInstant } from './instants.ts'

/**
 * API keys: `msk_` and 32 random bytes, shown once. The store keeps their SHA-256: a fast hash is right for a secret of 256 random bits, which no
 * dictionary holds. They are settings (E21), so that a key that is removed is refused by every node at once.
 */
const KIND = 'api-key'
const KEY = /^msk_[\w-]{43}$/
const KEYS_MAX = 1_000

export function createKey(engine: Engine, name: string, now: Instant): Promise<{ name: string; key: string; createdAt: string }> {
  return withKeys(engine, async keys => {
    if (keys.some(key => key.name === name))
      throw new UserError('key-exists', {
        at: '/name',
        found: name,
        hint: 'remove it first or choose another name',
      })
    if (keys.length >= KEYS_MAX) throw new UserError('too-many-items', { at: '', found: keys.length, hint: `at most ${KEYS_MAX} API keys are kept` })
    const key = `msk_${randomBytes(32).toString('base64url')}`
    const createdAt = formatInstant(now)
    await engine.settings.put(KIND, '', name, JSON.stringify({ hash: hashOf(key).toString('hex'), createdAt }))
    return { name, key, createdAt }
  })
}

export function listKeys(engine: Engine): { name: string; createdAt: string }[] {
  return engine.settings.get(KIND).map(({ name, value, changedAt }) => ({ name, createdAt: parse(value)?.createdAt ?? formatInstant(changedAt) }))
}

export async function removeKey(engine: Engine, name: string): Promise<void> {
  if (!engine.settings.get(KIND).some(key => key.name === name))
    throw new UserError('not-found', { at: '/path/name', found: name, hint: 'there is no API key of this name' })
  await engine.settings.put(KIND, '', name, null)
}

/** Creations go one after the other, so that two of the same name cannot both find it free. */
const creating = new WeakMap<Engine, Promise<unknown>>()
function withKeys<T>(engine: Engine, act: (keys: { name: string }[]) => Promise<T>): Promise<T> {
  const before = creating.get(engine) ?? Promise.resolve()
  const result = before.then(() => act(engine.settings.get(KIND)))
  creating.set(
    engine,
    result.catch(() => undefined),
  )
  return result
}

const NO_KEY = 'send the header Authorization: Bearer msk_…; make a key with `mainspring key create NAME` on the server'

/**
 * The name of the key that an `Authorization` header carries. Every hash is compared, and in constant time, so that the time tells nothing of them.
 * @throws UserError `unauthenticated`
 */
export function authenticate(engine: Engine, header: string | undefined): string {
  const [, secret] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? []
  if (secret === undefined) throw new UserError('unauthenticated', { at: '/header/authorization', hint: NO_KEY })
  let name: string | null = null
  if (KEY.test(secret)) {
    const given = hashOf(secret)
    for (const key of engine.settings.get(KIND)) {
      const kept = hashKept(key.value)
      if (kept !== null && timingSafeEqual(given, kept)) name = key.name
    }
  }
  if (name === null) throw new UserError('unauthenticated', { at: '/header/authorization', title: 'This API key is not known.', hint: NO_KEY })
  return name
}

function hashOf(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

/** Parsed once: settings are few and their texts live as long as they stand. */
const hashes = new Map<string, Buffer | null>()
function hashKept(value: string): Buffer | null {
  const known = hashes.get(value)
  if (known !== undefined) return known
  const hex = parse(value)?.hash
  const kept = typeof hex === 'string' && /^[0-9a-f]{64}$/.test(hex) ? Buffer.from(hex, 'hex') : null
  if (hashes.size >= 2 * KEYS_MAX) hashes.clear()
  hashes.set(value, kept)
  return kept
}

function parse(value: string): { hash?: string; createdAt?: string } | null {
  try {
    return JSON.parse(value)
  } catch {
    return null
  }
}

/** Bound to loopback, the API is open to whoever has an account on the machine; bound elsewhere, each call needs a key. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

/**
 * Keeps web pages out of an open API. A name of theirs that resolves to 127.0.0.1 (DNS rebinding) shows in `Host`, a request from their page in `Origin`.
 * @throws UserError `forbidden`
 */
export function refuseForeignPages(headers: { host?: string | undefined; origin?: string | string[] | undefined }, origins: readonly string[]): void {
  const host = headers.host ?? ''
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host)?.[1] ?? ''
  if (!isLoopback(name))
    throw new UserError('forbidden', {
      title: 'This server answers on this machine only.',
      at: '/header/host',
      found: host.slice(0, 100),
      hint: 'call it as localhost or 127.0.0.1, or bind it to another address, which asks for API keys',
    })
  const { origin } = headers
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}` || origins.includes(String(origin))) return
  throw new UserError('forbidden', {
    title: 'Pages of other origins may not call this server.',
    at: '/header/origin',
    found: String(origin).slice(0, 100),
    hint: 'bind the server to another address, which asks for API keys, or call it from its own origin',
  })
}
