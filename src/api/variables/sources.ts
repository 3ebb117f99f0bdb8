import { addressOf, type Connection, connectionOf, isSensitive } from '../../core/connection.ts'
import { UserError } from '../../core/errors.ts'
import type { Instant } from '../../core/time.ts'
import type { Engine } from '../../engine/face.ts'
import { nearest } from '../check.ts'
import { maskOf } from './mask.ts'
import { open, type SecretKey, seal, sealedBy } from './vault.ts'

/** Where a variable or a connection was found: the first of these that has it counts. */
export type From = 'environment' | 'file' | 'database'
export interface Variable {
  value: unknown
  secret: boolean
  from: From
  description: string | null
  set: { by: string | null; since: Instant } | null
}
export interface ConnectionFound extends Omit<Variable, 'value' | 'secret'> {
  connection: Connection
}
/** What a node is started with. A file is for all namespaces, and so is the environment. */
export interface VariableOptions {
  environment?: Readonly<Record<string, string | undefined>>
  file?: { variables: Readonly<Record<string, unknown>>; connections: Readonly<Record<string, Connection>> }
  keys?: readonly SecretKey[]
}

/** Of each, in a namespace. */
export const VARIABLES_MAX = 1_000
const VARIABLE_SETTING = 'variable'
const CONNECTION_SETTING = 'connection'
export type Kind = typeof VARIABLE_SETTING | typeof CONNECTION_SETTING
/** A second at most until another node masks a secret that is new. */
const MASK_MS = 1_000
const NAMESPACES_MASKED_MAX = 1_000

/** As a setting keeps it; `sealed`: what is secret of it. */
interface Kept {
  value?: unknown
  connection?: Connection
  sealed?: string
  description: string | null
  by: string | null
  since: Instant
}
export type NewVariable = Pick<Variable, 'value' | 'secret' | 'description'>

/**
 * Variables and connections of a node: the environment (`MAINSPRING_VAR_NAME`, `MAINSPRING_CONN_NAME`), the file that it was started with, and the database,
 * where they are settings (E21). What is secret is sealed there, and leaves a node for a worker that has a task alone.
 */
export class Variables {
  readonly #engine: Engine
  readonly #options: Required<VariableOptions>
  readonly #now: () => Instant
  readonly #masks = new Map<string, { until: Instant; rows: readonly string[]; mask: ((text: string) => string) | null }>()
  /** Of a sealed text. */
  readonly #opened = new Map<string, string>()

  constructor(engine: Engine, options: VariableOptions, now: () => Instant) {
    this.#engine = engine
    this.#options = { environment: {}, file: { variables: {}, connections: {} }, keys: [], ...options }
    this.#now = now
  }

  /** @throws UserError `secret-unreadable` */
  variable(namespace: string, name: string): Variable | null {
    const { environment, file } = this.#options
    const exported = environment[`${VARIABLE_PREFIX}${upper(name)}`]
    if (exported !== undefined) return { ...given(name, 'environment'), value: textOrJson(exported) }
    if (Object.hasOwn(file.variables, name)) return { ...given(name, 'file'), value: file.variables[name] }
    const kept = this.#kept(VARIABLE_SETTING, namespace, name)
    if (kept === null) return null
    const { sealed, value } = kept
    const secret = sealed !== undefined
    return { value: secret ? JSON.parse(this.#open(VARIABLE_SETTING, namespace, name, sealed)) : value, secret, ...saidOf(kept) }
  }

  /** @throws UserError `secret-unreadable` */
  connection(namespace: string, name: string): ConnectionFound | null {
    const { environment, file } = this.#options
    const exported = environment[`${CONNECTION_PREFIX}${upper(name)}`]
    if (exported !== undefined) {
      const connection = connectionFrom(exported)
      if (connection === null)
        throw new UserError('invalid-option', {
          at: `${CONNECTION_PREFIX}${upper(name)}`,
          hint: 'expected an address such as postgres://login:password@host:5432/schema, or the same as a JSON object, in the environment of the server',
        })
      return { ...from('environment'), connection }
    }
    const written = Object.hasOwn(file.connections, name) ? file.connections[name] : undefined
    if (written !== undefined) return { ...from('file'), connection: written }
    const kept = this.#kept(CONNECTION_SETTING, namespace, name)
    if (kept?.connection === undefined) return null
    const sealed = kept.sealed === undefined ? {} : JSON.parse(this.#open(CONNECTION_SETTING, namespace, name, kept.sealed))
    return { connection: { ...kept.connection, ...sealed }, ...saidOf(kept) }
  }

  /** @throws UserError `variable-not-found`, `connection-not-found` */
  require(kind: 'variable', namespace: string, name: string, at: string): Variable
  require(kind: 'connection', namespace: string, name: string, at: string): ConnectionFound
  require(kind: Kind, namespace: string, name: string, at: string): Variable | ConnectionFound {
    const found = kind === 'variable' ? this.variable(namespace, name) : this.connection(namespace, name)
    if (found !== null) return found
    const near = nearest(name, this.names(kind, namespace))
    throw new UserError(`${kind}-not-found`, {
      at,
      found: name,
      hint: near === null ? `set it with: mainspring ${kind} set ${name} …` : `did you mean ${near}?`,
    })
  }

  names(kind: Kind, namespace: string): string[] {
    const { environment, file } = this.#options
    const prefix = kind === VARIABLE_SETTING ? VARIABLE_PREFIX : CONNECTION_PREFIX
    const kept = this.#rows(kind, namespace).map(row => row.name)
    const written = Object.keys(kind === VARIABLE_SETTING ? file.variables : file.connections)
    const known = new Set([...kept, ...written].map(upper))
    const exported = Object.keys(environment)
      .filter(name => name.startsWith(prefix) && name.length > prefix.length)
      .map(name => name.slice(prefix.length))
    // One that only the environment has is told in the way that most are written.
    return [...new Set([...kept, ...written, ...exported.filter(name => !known.has(name)).map(name => name.toLowerCase())])].sort()
  }

  /** @throws UserError `secret-key-needed`, `too-many-items` */
  async setVariable(namespace: string, name: string, { value, secret, description }: NewVariable, by: string | null): Promise<void> {
    const text = JSON.stringify(value)
    const said = secret ? { sealed: this.#seal(VARIABLE_SETTING, namespace, name, text) } : { value }
    await this.#put(VARIABLE_SETTING, namespace, name, { ...said, description, by, since: this.#now() })
  }

  /** @throws UserError `secret-key-needed`, `too-many-items` */
  async setConnection(namespace: string, name: string, connection: Connection, description: string | null, by: string | null): Promise<void> {
    const { password, extra, ...plain } = connection
    const secret = { ...(password !== undefined && { password }), ...(extra !== undefined && { extra }) }
    const isSecret = Object.keys(secret).length > 0
    await this.#put(CONNECTION_SETTING, namespace, name, {
      connection: plain,
      ...(isSecret && { sealed: this.#seal(CONNECTION_SETTING, namespace, name, JSON.stringify(secret)) }),
      description,
      by,
      since: this.#now(),
    })
  }

  /** Only what the database has can be removed. @throws UserError `variable-not-found`, `connection-not-found`, `invalid-option` */
  async remove(kind: Kind, namespace: string, name: string): Promise<void> {
    if (this.#kept(kind, namespace, name) !== null) return this.#engine.settings.put(kind, namespace, name, null)
    const found = this.require(kind as 'variable', namespace, name, '/path/name')
    throw new UserError('invalid-option', { at: '/path/name', found: name, hint: `it is of the ${found.from} of the server, and is changed there` })
  }

  /** Everything sealed, of all namespaces, is sealed with the first key. @throws UserError `secret-key-needed`, `secret-unreadable` */
  async rotate(): Promise<{ sealed: number; kept: number }> {
    const { keys } = this.#options
    const done = { sealed: 0, kept: 0 }
    for (const kind of [VARIABLE_SETTING, CONNECTION_SETTING] as const)
      for (const { namespace, name, value } of this.#engine.settings.get(kind)) {
        const kept = JSON.parse(value) as Kept
        if (kept.sealed === undefined) continue
        if (sealedBy(kept.sealed) === keys[0]?.id) done.kept++
        else {
          const sealed = this.#seal(kind, namespace, name, this.#open(kind, namespace, name, kept.sealed))
          await this.#engine.settings.put(kind, namespace, name, JSON.stringify({ ...kept, sealed }))
          done.sealed++
        }
      }
    return done
  }

  /** Takes what is secret out of a text; null: nothing is. */
  mask(namespace: string): ((text: string) => string) | null {
    const now = this.#now()
    const known = this.#masks.get(namespace)
    if (known !== undefined && known.until > now && known.until <= now + MASK_MS) return known.mask
    const rows = [VARIABLE_SETTING, CONNECTION_SETTING].flatMap(kind => this.#rows(kind as Kind, namespace).map(({ value }) => value))
    const isSame = known !== undefined && known.rows.length === rows.length && rows.every((row, n) => row === known.rows[n])
    const mask = isSame ? known.mask : maskOf(this.#secrets(namespace))
    if (this.#masks.size > NAMESPACES_MASKED_MAX) this.#masks.clear()
    this.#masks.set(namespace, { until: now + MASK_MS, rows, mask })
    return mask
  }

  #secrets(namespace: string): unknown[] {
    const secrets: unknown[] = []
    const reading = (read: () => void): void => {
      try {
        read()
      } catch (error) {
        // What this node cannot read it cannot give to anybody either.
        if (!(error instanceof UserError)) throw error
      }
    }
    for (const name of this.names(VARIABLE_SETTING, namespace))
      reading(() => {
        const found = this.variable(namespace, name)
        if (found?.secret) secrets.push(found.value)
      })
    for (const name of this.names(CONNECTION_SETTING, namespace))
      reading(() => {
        const { password, extra = {} } = this.connection(namespace, name)?.connection ?? {}
        secrets.push(password, ...Object.entries(extra).flatMap(([member, value]) => (isSensitive(member) ? [value] : [])))
      })
    return secrets
  }

  #rows(kind: Kind, namespace: string): { name: string; value: string }[] {
    return this.#engine.settings.get(kind).filter(row => row.namespace === namespace)
  }

  #kept(kind: Kind, namespace: string, name: string): Kept | null {
    const row = this.#rows(kind, namespace).find(one => one.name === name)
    return row === undefined ? null : (JSON.parse(row.value) as Kept)
  }

  async #put(kind: Kind, namespace: string, name: string, kept: Kept): Promise<void> {
    const rows = this.#rows(kind, namespace)
    if (rows.length >= VARIABLES_MAX && !rows.some(row => row.name === name))
      throw new UserError('too-many-items', { at: '/path/name', found: rows.length, hint: `a namespace has at most ${VARIABLES_MAX} ${kind}s` })
    await this.#engine.settings.put(kind, namespace, name, JSON.stringify(kept))
    this.#masks.delete(namespace)
  }

  #seal(kind: Kind, namespace: string, name: string, text: string): string {
    return seal(this.#options.keys, placeOf(kind, namespace, name), text)
  }

  #open(kind: Kind, namespace: string, name: string, sealed: string): string {
    const place = placeOf(kind, namespace, name)
    const known = this.#opened.get(`${place} ${sealed}`)
    if (known !== undefined) return known
    const text = open(this.#options.keys, place, sealed)
    if (this.#opened.size >= 2 * VARIABLES_MAX) this.#opened.clear()
    this.#opened.set(`${place} ${sealed}`, text)
    return text
  }
}

/** A connection as a worker gets it: with its address. */
export function withAddress(connection: Connection): Connection & { uri: string } {
  return { ...connection, uri: addressOf(connection) }
}

/** An address, or a JSON object of the fields; null: neither. */
export function connectionFrom(text: string): Connection | null {
  if (!text.trimStart().startsWith('{')) return connectionOf(text)
  const found = textOrJson(text)
  if (typeof found !== 'object' || found === null) return null
  const { conn_type, type = conn_type, ...rest } = found as Record<string, unknown>
  return typeof type === 'string' ? ({ type, ...rest } as Connection) : null
}

const VARIABLE_PREFIX = 'MAINSPRING_VAR_'
const CONNECTION_PREFIX = 'MAINSPRING_CONN_'

function upper(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}

function given(name: string, source: 'environment' | 'file'): Omit<Variable, 'value'> {
  return { secret: isSensitive(name), ...from(source) }
}
function from(source: 'environment' | 'file'): Pick<Variable, 'from' | 'description' | 'set'> {
  return { from: source, description: null, set: null }
}
function saidOf({ description, by, since }: Kept): Pick<Variable, 'from' | 'description' | 'set'> {
  return { from: 'database', description, set: { by, since } }
}

/** What stands in an environment is a text, save an object or a list. */
function textOrJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function placeOf(kind: Kind, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`
}
