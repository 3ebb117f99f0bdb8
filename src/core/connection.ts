/** Where another system is, and who one is there. The fields and their address are Airflow's: `type://login:password@host:port/schema?extra=…`. */
export interface Connection {
  /** What is spoken there: `postgres`, `http`, `aws`. */
  type: string
  host?: string
  port?: number
  login?: string
  password?: string
  /** A database, or the protocol of an HTTP host. */
  schema?: string
  /** What its type needs beside. */
  extra?: Readonly<Record<string, unknown>>
}

const ADDRESS = /^([A-Za-z][\w+.-]*):\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?(\[[^\]/]*\]|[^:/?]*)(?::(\d{1,5}))?(?:\/([^?]*))?(?:\?(.*))?$/
/** Of the query: the whole of `extra` as JSON, where its members are no plain texts. */
const WHOLE_EXTRA = '__extra__'

/** Null: it is no such address. */
export function connectionOf(address: string): Connection | null {
  const [, type, login, password, host, port, schema, query] = ADDRESS.exec(address.trim()) ?? []
  if (type === undefined || (port !== undefined && Number(port) > 65_535)) return null
  try {
    const given = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : decodeURIComponent(text))
    const extra = query === undefined || query === '' ? undefined : extraOf(query)
    const all = {
      type: type.toLowerCase().replaceAll('-', '_'),
      host: given(host?.replace(/^\[(.*)\]$/, '$1')),
      port: port === undefined ? undefined : Number(port),
      login: given(login),
      password: given(password),
      schema: given(schema),
      extra,
    }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as Connection
  } catch {
    return null
  }
}

/** @throws SyntaxError, URIError, TypeError: it cannot be read. */
function extraOf(query: string): Record<string, unknown> {
  const all = Object.fromEntries(new URLSearchParams(query)) as Record<string, string>
  const whole = all[WHOLE_EXTRA]
  if (whole === undefined) return all
  const parsed: unknown = JSON.parse(whole)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new TypeError()
  return parsed as Record<string, unknown>
}

export function addressOf({ type, host = '', port, login, password, schema, extra = {} }: Connection): string {
  const who = login === undefined && password === undefined ? '' : `${escaped(login ?? '')}${password === undefined ? '' : `:${escaped(password)}`}@`
  const where = host.includes(':') && /^[\da-f:.]+$/i.test(host) ? `[${host}]` : escaped(host)
  const path = schema === undefined ? '' : `/${escaped(schema)}`
  const isPlain = Object.values(extra).every(value => typeof value === 'string')
  const query = new URLSearchParams(isPlain ? (extra as Record<string, string>) : { [WHOLE_EXTRA]: JSON.stringify(extra) }).toString()
  return `${type.replaceAll('_', '-')}://${who}${where}${port === undefined ? '' : `:${port}`}${path}${query === '' ? '' : `?${query}`}`
}

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** Words in a name that tell of a secret (Airflow: "Masking sensitive data"). */
const SENSITIVE = /access_?token|api_?key|authorization|pass_?phrase|passwd|password|private_?key|secret|token|keyfile_dict|service_account/i
export function isSensitive(name: string): boolean {
  return SENSITIVE.test(name)
}
