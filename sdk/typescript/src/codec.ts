import { types } from 'node:util'
import { DEPTH_MAX, PAYLOAD_BYTES_MAX } from './bounds.ts'
import { Unserialisable } from './errors.ts'
import { errorOf, failureOf } from './failure.ts'
import type { WireFailure } from './wire.ts'

/**
 * Values as they are kept: JSON, and what JSON lacks as an object with a tag.
 *
 * ```text
 * Date                     {"$type":"Date","value":"2026-11-24T10:00:00.000Z"}         an invalid Date: null
 * bigint                   {"$type":"BigInt","value":"12345678901234567890"}
 * Map, Set                 {"$type":"Map","value":[[key,value],…]}   {"$type":"Set","value":[…]}
 * URL                      {"$type":"URL","value":"https://example.org/"}
 * Uint8Array, Buffer       {"$type":"Bytes","value":"<base64>"}                        comes back as Uint8Array
 * Error                    {"$type":"Error","value":{"type","message","stack","code","cause"}}
 * NaN, ±Infinity, -0       {"$type":"Number","value":"NaN" | "Infinity" | "-Infinity" | "-0"}
 * an object with a $type   {"$type":"Object","value":{"$type":…}}
 * ```
 * Plain JSON stays as it is, byte for byte. As in JSON, `undefined` is left out of objects and is null in arrays, and `toJSON` is asked where there is one.
 * A tag that is not in this table is left alone: it is data of somebody else's.
 */
export interface Tagged {
  $type: 'Date' | 'BigInt' | 'Map' | 'Set' | 'URL' | 'Bytes' | 'Error' | 'Number' | 'Object'
  value: unknown
}

/**
 * JSON text of a value; undefined for undefined.
 * @throws Unserialisable with the place below `at`: a function, a symbol, a circle, an instance of a class with methods; too deep, or over `bytesMax`, which is 1 MiB.
 */
export function encode(value: unknown, at = '', bytesMax = PAYLOAD_BYTES_MAX): string | undefined {
  if (value === undefined) return undefined
  const text = JSON.stringify(tag(value, at))
  if (text.length > bytesMax / 3 && Buffer.byteLength(text) > bytesMax)
    throw new Unserialisable(`The value is ${Buffer.byteLength(text)} bytes of JSON; ${bytesMax} are possible.`, {
      at,
      hint: 'keep large data elsewhere (a file, a bucket) and pass its address',
    })
  return text
}

/** The value of a JSON text that `encode`, or anybody's JSON library, has written. */
export function decode(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return mayBeTagged(text) ? untag(value) : value
}

/** False when `untag` has nothing to do in what this JSON text says. */
export function mayBeTagged(text: string): boolean {
  return text.includes('$type') || text.includes('\\u0024')
}

/** What `JSON.stringify` writes in the tagged form: the value itself where it is plain JSON, else a copy. */
export function tag(value: unknown, at = ''): unknown {
  return isPlain(value, 0) ? value : tagged(value, at, [])
}

/** Undoes `tag` on what `JSON.parse` gave, in place. */
export function untag(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = untag(value[index])
    return value
  }
  const record = value as Record<string, unknown>
  if (typeof record.$type === 'string' && Object.keys(record).length === 2 && 'value' in record) {
    const found = revived(record.$type, record.value)
    if (found !== undefined) return found.value
  }
  for (const key of Object.keys(record)) {
    const member = record[key]
    if (typeof member === 'object' && member !== null) set(record, key, untag(member))
  }
  return record
}

/** True when JSON.stringify writes it as it should be: the scan that makes plain values cheap. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0)
    case 'object': {
      if (value === null) return true
      if (depth > DEPTH_MAX) return false
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index++) if (!isPlain(value[index], depth + 1)) return false
        return (value as { toJSON?: unknown }).toJSON === undefined
      }
      const prototype = Object.getPrototypeOf(value)
      if (prototype !== Object.prototype && prototype !== null) return false
      for (const key in value) if (key === '$type' || !isPlain((value as Record<string, unknown>)[key], depth + 1)) return false
      return true
    }
    default:
      return false
  }
}

/** `path` holds the objects around `value`, so that a circle is found where it closes. */
function tagged(value: unknown, at: string, path: unknown[]): unknown {
  if (typeof value === 'number') return isPlain(value, 0) ? value : box('Number', Object.is(value, -0) ? '-0' : String(value))
  if (typeof value === 'bigint') return box('BigInt', String(value))
  if (typeof value === 'function') throw refused('a function', at, 'keep data only')
  if (typeof value === 'symbol') throw refused('a symbol', at, 'use a string')
  if (typeof value !== 'object' || value === null) return value
  if (path.includes(value)) throw refused('a circle: an object that contains itself', at, 'pass a part of it, or an id')
  if (path.length > DEPTH_MAX) throw refused(`nested deeper than ${DEPTH_MAX} levels`, at, 'flatten it')
  path.push(value)
  const form = object(value, at, path)
  path.pop()
  return form
}

function object(value: object, at: string, path: unknown[]): unknown {
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? null : box('Date', value.toISOString())
  if (types.isMap(value)) return box('Map', pairs(value, at, path))
  if (types.isSet(value)) return box('Set', items([...value], at, path))
  if (types.isUint8Array(value)) return box('Bytes', Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'))
  if (value instanceof URL) return box('URL', value.href)
  if (types.isNativeError(value)) return box('Error', failureOf(value))
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return tagged(toJSON.call(value, ''), at, path)
  if (Array.isArray(value)) return items(value, at, path)
  if (types.isPromise(value)) throw refused('a promise', at, 'await it')
  if (types.isBoxedPrimitive(value)) return tagged(value.valueOf(), at, path)
  if (hasMethods(value)) throw refused(`an instance of ${value.constructor?.name || 'a class'}`, at, 'pass its data, or give it a toJSON method')
  return members(value as Record<string, unknown>, at, path)
}

function members(value: Record<string, unknown>, at: string, path: unknown[]): unknown {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const member = value[key]
    if (member !== undefined) set(copy, key, tagged(member, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, path))
  }
  return Object.hasOwn(copy, '$type') ? box('Object', copy) : copy
}

function items(values: readonly unknown[], at: string, path: unknown[]): unknown[] {
  return Array.from(values, (item, index) => (item === undefined ? null : tagged(item, `${at}/${index}`, path)))
}

function pairs(map: Map<unknown, unknown>, at: string, path: unknown[]): unknown[] {
  return Array.from(map, (pair, index) => items(pair, `${at}/${index}`, path))
}

/** Rows of some database drivers are instances of a class without any method: data. */
function hasMethods(value: object): boolean {
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) || types.isRegExp(value)) return true
  for (let prototype = Object.getPrototypeOf(value); prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    if (Object.getPrototypeOf(prototype) === null) return false // Object.prototype, of this realm or another
    if (Reflect.ownKeys(prototype).some(key => key !== 'constructor')) return true
  }
  return false
}

function box($type: Tagged['$type'], value: unknown): Tagged {
  return { $type, value }
}

function refused(what: string, at: string, hint: string): Unserialisable {
  return new Unserialisable(`This cannot be kept${at === '' ? '' : `, at ${at}`}: ${what}.`, { at, hint })
}

/** Undefined when the value does not fit the tag: then it is not one of ours. */
function revived($type: string, value: unknown): { value: unknown } | undefined {
  switch ($type) {
    case 'Date': {
      const date = typeof value === 'string' ? new Date(value) : undefined
      return date && !Number.isNaN(date.getTime()) ? { value: date } : undefined
    }
    case 'BigInt':
      return typeof value === 'string' && /^-?\d+$/.test(value) ? { value: BigInt(value) } : undefined
    case 'Number':
      return value === 'NaN' || value === 'Infinity' || value === '-Infinity' || value === '-0' ? { value: Number(value) } : undefined
    case 'URL':
      return typeof value === 'string' && URL.canParse(value) ? { value: new URL(value) } : undefined
    case 'Bytes':
      return typeof value === 'string' ? { value: new Uint8Array(Buffer.from(value, 'base64')) } : undefined
    case 'Map':
      return Array.isArray(value) && value.every(pair => Array.isArray(pair) && pair.length === 2)
        ? { value: new Map(untag(value) as [unknown, unknown][]) }
        : undefined
    case 'Set':
      return Array.isArray(value) ? { value: new Set(untag(value) as unknown[]) } : undefined
    case 'Error':
      return isFailure(value) ? { value: errorOf(value) } : undefined
    case 'Object':
      return isRecord(value) ? { value: unescaped(value) } : undefined
    default:
      return undefined
  }
}

/** The escape of one object: its own `$type` is data, its members are values again. */
function unescaped(record: Record<string, unknown>): unknown {
  for (const key of Object.keys(record)) set(record, key, untag(record[key]))
  return record
}

function isFailure(value: unknown): value is WireFailure {
  if (!isRecord(value) || typeof value.type !== 'string' || typeof value.message !== 'string') return false
  if (value.errors !== undefined && !(Array.isArray(value.errors) && value.errors.every(isFailure))) return false
  return value.cause === undefined || isFailure(value.cause)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON may have a member `__proto__`; an assignment would change the object's prototype. */
function set(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true })
  else record[key] = value
}
