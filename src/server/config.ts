import { dirname, isAbsolute, resolve } from 'node:path'
import { durationMs } from '../core/time.ts'
import { readConfigFile } from './config-file.ts'
import { nearest } from './nearest.ts'
import { Refusal } from './refusal.ts'

/** What can be configured. A production node needs none of it. */
export interface Settings {
  /** Where everything is kept: a path or `sqlite:FILE`, `postgres://…`, or `memory:`. */
  database: string
  /** Address to listen on. Beyond loopback an API key must exist. */
  host: string
  /** 0: any free port. */
  port: number
  /** Where all addresses of the server begin, such as `/jobs`. Null: at the root. */
  basePath: string | null
  namespace: string
  /** The key that calls carry; not needed on loopback. */
  apiKey: string | null
  /** The server that the other commands talk to; several nodes of a cluster are separated by commas. */
  url: string
  logLevel: LogLevel
  /** A worker that is silent for so long has lost its tasks. */
  leaseMs: number
  /** The built-in executors `shell` and `http` run in the server. Also on when one of the next two, or `smtp`, is set. */
  executors: 'on' | 'off'
  /** Commands that runs of `shell` may start: `all`, or programs separated by commas. Null: none. */
  allowShell: string | null
  /** What runs of `http` may reach beside public addresses: `any`, or ranges, addresses and names separated by commas. Null: nothing. */
  allowHttp: string | null
  /** Where other nodes on the same database reach this one, as `host:port`. Null: on its own host, any free port. */
  clusterAddress: string | null
  /** PostgreSQL databases whose outboxes the server takes over, separated by commas. Null: only that of its own database, where it is one. */
  outbox: string | null
  /** Where targets of `http` reach `/v1/callbacks/…`. Null: the server's own address. */
  callbackBase: string | null
  /** Keys that encrypt secrets, the newest first, separated by commas, or `file:PATH`. Null: secrets are refused. */
  secretKey: string | null
  /** A YAML or JSON file of variables and connections. Null: none. */
  variables: string | null
  /** The mail server that sends notifications; null: none is sent by e-mail. */
  smtp: string | null
  /** Their sender. Null: the user of `smtp` where that is an address, else `mainspring@` its host. */
  emailFrom: string | null
}
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface Config {
  readonly settings: Settings
  /** Where each value came from, for people: `--port`, `MAINSPRING_PORT`, `mainspring.yaml:3:1`, `default`. */
  readonly origins: { readonly [Name in SettingName]: string }
}
export type SettingName = keyof Settings

/** Where a value was found, and how its text becomes one. */
interface Setting<Value> {
  /** Name in mainspring.yaml, and of the flag after `--` in kebab case. */
  readonly key: string
  readonly flag: string
  readonly environment: string
  readonly about: string
  readonly secret?: true
  /** What is meant, for the refusal. */
  readonly meant: string
  /** Null: not a value of this setting. `directory` is where relative paths start. */
  read(text: string, directory: string): Value | null
}
type SettingTable = { readonly [Name in SettingName]: Setting<NonNullable<Settings[Name]>> }

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/

export const SETTINGS: SettingTable = {
  database: {
    key: 'database',
    flag: '--database <where>',
    environment: 'MAINSPRING_DATABASE',
    about: 'a path, sqlite:FILE, postgres://… or memory:',
    meant: 'a path, sqlite:FILE, postgres://… or memory:',
    read: readDatabase,
  },
  host: {
    key: 'host',
    flag: '--host <address>',
    environment: 'MAINSPRING_HOST',
    about: 'address to listen on',
    meant: 'an address or a host name',
    read: text => (/^[A-Za-z0-9.:_-]+$/.test(text) ? text : null),
  },
  port: {
    key: 'port',
    flag: '--port <number>',
    environment: 'MAINSPRING_PORT',
    about: 'port to listen on, 0 for any',
    meant: 'a whole number from 0 to 65535',
    read: text => (/^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : null),
  },
  namespace: {
    key: 'namespace',
    flag: '--namespace <name>',
    environment: 'MAINSPRING_NAMESPACE',
    about: 'namespace that commands act in',
    meant: 'letters, digits, dots, dashes and underscores, 200 at most',
    read: text => (NAME.test(text) ? text : null),
  },
  apiKey: {
    key: 'apiKey',
    flag: '--api-key <key>',
    environment: 'MAINSPRING_API_KEY',
    about: 'key that calls carry',
    secret: true,
    meant: 'a key as "mainspring key create" prints it',
    read: text => (/^\S+$/.test(text) ? text : null),
  },
  url: {
    key: 'url',
    flag: '--url <address>',
    environment: 'MAINSPRING_URL',
    about: 'server that commands talk to',
    meant: 'an address such as http://127.0.0.1:7575, or several separated by commas',
    read: readUrls,
  },
  logLevel: {
    key: 'logLevel',
    flag: '--log-level <level>',
    environment: 'MAINSPRING_LOG_LEVEL',
    about: `${LOG_LEVELS.join(', ')}`,
    meant: `one of ${LOG_LEVELS.join(', ')}`,
    read: text => LOG_LEVELS.find(level => level === text) ?? null,
  },
  leaseMs: {
    key: 'lease',
    flag: '--lease <duration>',
    environment: 'MAINSPRING_LEASE',
    about: 'silence after which a worker has lost its tasks',
    meant: 'a duration from 1s to 1h, such as 15s',
    read: readLease,
  },
  executors: {
    key: 'executors',
    flag: '--executors <on-or-off>',
    environment: 'MAINSPRING_EXECUTORS',
    about: 'run shell and http work in the server',
    meant: 'on or off',
    read: text => (/^(on|true)$/.test(text) ? 'on' : /^(off|false)$/.test(text) ? 'off' : null),
  },
  allowShell: {
    key: 'allowShell',
    flag: '--allow-shell <commands>',
    environment: 'MAINSPRING_ALLOW_SHELL',
    about: 'commands for shell: all, or programs, separated by commas',
    meant: 'all, or programs separated by commas',
    read: readList,
  },
  allowHttp: {
    key: 'allowHttp',
    flag: '--allow-http <addresses>',
    environment: 'MAINSPRING_ALLOW_HTTP',
    about: 'private addresses for http: any, or ranges and names',
    meant: 'any, or ranges, addresses and names separated by commas',
    read: readList,
  },
  clusterAddress: {
    key: 'clusterAddress',
    flag: '--cluster-address <host:port>',
    environment: 'MAINSPRING_CLUSTER_ADDRESS',
    about: 'where other nodes reach this one',
    meant: 'a host and a port, such as 10.0.0.7:7576',
    read: text => (/^[A-Za-z0-9._-]+:\d{1,5}$/.test(text) ? text : null),
  },
  callbackBase: {
    key: 'callbackBase',
    flag: '--callback-base <address>',
    environment: 'MAINSPRING_CALLBACK_BASE',
    about: 'where targets of http reach this server',
    meant: 'an address such as https://jobs.example.org',
    read: readUrl,
  },
  smtp: {
    key: 'smtp',
    flag: '--smtp <address>',
    environment: 'MAINSPRING_SMTP',
    about: 'mail server for notifications',
    secret: true,
    meant: 'an address such as smtps://user:password@mail.example.org, or smtp://mail.example.org:587',
    read: text => (/^smtps?:\/\/[^\s/]+/.test(text) && URL.canParse(text) ? text : null),
  },
  emailFrom: {
    key: 'emailFrom',
    flag: '--email-from <address>',
    environment: 'MAINSPRING_EMAIL_FROM',
    about: 'sender of notifications',
    meant: 'an address such as jobs@example.org, or "Jobs <jobs@example.org>"',
    read: text => (/^[^\p{Cc}]*[^\s@<>]+@[^\s@<>]+>?$/u.test(text) ? text : null),
  },
  outbox: {
    key: 'outbox',
    flag: '--outbox <databases>',
    environment: 'MAINSPRING_OUTBOX',
    about: 'PostgreSQL databases whose outboxes are taken over',
    meant: 'one or more addresses such as postgres://user:password@host/database, separated by commas',
    read: text => (text.split(',').every(item => isPostgresUrl(item.trim())) ? text : null),
  },
  secretKey: {
    key: 'secretKey',
    flag: '--secret-key <keys>',
    environment: 'MAINSPRING_SECRET_KEY',
    about: 'keys that encrypt secrets, the newest first, or file:PATH',
    secret: true,
    meant: 'one or more keys as "mainspring secret key" prints them, separated by commas, or file: and a path',
    read: readKeys,
  },
  variables: {
    key: 'variables',
    flag: '--variables <file>',
    environment: 'MAINSPRING_VARIABLES',
    about: 'YAML or JSON file of variables and connections',
    meant: 'a path',
    read: (text, directory) => (text === '' ? null : resolve(directory, text)),
  },
  basePath: {
    key: 'basePath',
    flag: '--base-path <path>',
    environment: 'MAINSPRING_BASE_PATH',
    about: 'path below which the server answers',
    meant: 'a path such as /jobs',
    read: text => (/^(\/[\w.~-]+)+\/?$/.test(text) ? text.replace(/\/$/, '') : null),
  },
}
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

export interface ConfigSources {
  /** Values of flags by setting; absent or undefined: not given. */
  flags?: { readonly [Name in SettingName]?: string | undefined }
  environment?: Readonly<Record<string, string | undefined>>
  /** Where `mainspring.yaml` is looked for, and where relative paths of flags and variables start. */
  directory?: string
  /** Another file in its place; it must exist. */
  file?: string | undefined
  /** Other defaults: `dev` keeps a database of its own, and commands find the dev session of their directory. */
  defaults?: { readonly [Name in SettingName]?: { value: string; origin: string } }
}

/**
 * Flags over `MAINSPRING_*` over `mainspring.yaml` over defaults.
 * @throws Refusal naming the place of the first value or key that cannot be right.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const directory = sources.directory ?? process.cwd()
  const file = readConfigFile(directory, sources.file, fileKeys())
  const defaults = { ...DEFAULTS, ...sources.defaults }
  const found = new Map<SettingName, Found>()
  for (const name of SETTING_NAMES) {
    const value = layers(name, sources, directory, file, defaults).find(layer => layer !== null)
    if (value) found.set(name, value)
  }
  const settings: Record<string, unknown> = {}
  const origins: Record<string, string> = {}
  for (const name of SETTING_NAMES) {
    const layer = found.get(name)
    settings[name] = layer ? read(name, layer) : null
    origins[name] = layer?.origin ?? 'not set'
  }
  if (settings.url === null) {
    settings.url = urlOf(settings.host as string, settings.port as number, settings.basePath as string | null)
    origins.url = 'host and port'
  }
  return { settings: settings as unknown as Settings, origins: origins as unknown as Config['origins'] }
}

/** What to call a node that listens on this host and port. */
export function urlOf(host: string, port: number, basePath: string | null = null): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}${basePath ?? ''}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

const DEFAULTS: NonNullable<ConfigSources['defaults']> = {
  database: { value: '.mainspring/mainspring.db', origin: 'default' },
  host: { value: '127.0.0.1', origin: 'default' },
  port: { value: '7575', origin: 'default' },
  namespace: { value: 'default', origin: 'default' },
  logLevel: { value: 'info', origin: 'default' },
  leaseMs: { value: '15s', origin: 'default' },
  executors: { value: 'off', origin: 'default' },
}

interface Found {
  text: string
  origin: string
  directory: string
}

/** From the strongest layer to the weakest. */
function layers(
  name: SettingName,
  sources: ConfigSources,
  directory: string,
  file: ReturnType<typeof readConfigFile>,
  defaults: NonNullable<ConfigSources['defaults']>,
): (Found | null)[] {
  const { key, flag, environment } = SETTINGS[name]
  const flagged = sources.flags?.[name]
  const exported = sources.environment?.[environment]
  const written = file?.values.get(key)
  const fallback = defaults[name]
  return [
    flagged === undefined ? null : { text: flagged, origin: flag.split(' ')[0] as string, directory },
    exported === undefined || exported === '' ? null : { text: exported, origin: environment, directory },
    written && file ? { text: written.text, origin: written.place, directory: dirname(file.path) } : null,
    fallback ? { text: fallback.value, origin: fallback.origin, directory } : null,
  ]
}

function read(name: SettingName, { text, origin, directory }: Found): unknown {
  const setting = SETTINGS[name]
  const value = setting.read(text, directory)
  if (value !== null) return value
  const found = setting.secret ? '' : ` found ${JSON.stringify(text)},`
  const guess = name === 'logLevel' ? nearest(text, LOG_LEVELS) : null
  throw new Refusal({
    code: 'config-invalid',
    place: origin,
    title: `${setting.key}:${found} expected ${setting.meant}.`,
    ...(guess && { hint: `Did you mean ${guess}?` }),
  })
}

function fileKeys(): string[] {
  return SETTING_NAMES.map(name => SETTINGS[name].key)
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text)
}

export function readDatabase(text: string, directory: string): string | null {
  if (text === 'memory:' || isPostgresUrl(text)) return text
  const path = text.startsWith('sqlite:') ? text.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '') : text
  if (path === '' || /^[a-z][a-z0-9+.-]+:/i.test(path)) return null
  return isAbsolute(path) ? path : resolve(directory, path)
}

/** Several are separated by commas. */
function readUrls(text: string): string | null {
  const urls = text.split(',').map(one => readUrl(one.trim()))
  return urls.includes(null) ? null : urls.join(',')
}

function readUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return null
  return url.href.replace(/\/+$/, '')
}

function readList(text: string): string | null {
  return text.split(',').every(item => item.trim() !== '') ? text : null
}

function readKeys(text: string, directory: string): string | null {
  if (text.startsWith('file:') && text.length > 'file:'.length) return `file:${resolve(directory, text.slice('file:'.length))}`
  return text.split(',').every(key => /^[\w-]{43}$/.test(key.trim())) ? text : null
}

function readLease(text: string): number | null {
  try {
    const ms = durationMs(/^\d+$/.test(text) ? Number(text) : text, 'lease')
    return ms >= 1_000 && ms <= 3_600_000 ? ms : null
  } catch {
    return null
  }
}
