import type { WireConnection, WireFound, WireVariable } from '@mainspring/sdk'
import type { Look } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { distanceText } from './words.ts'

/** `mainspring variable ls`. */
export function variablesTable(variables: readonly WireVariable[], look: Look): string {
  if (variables.length === 0) return 'No variable is set: mainspring variable set NAME VALUE'
  return table(
    [
      { title: 'variable', value: one => oneLine(one.name), widthMax: 60 },
      { title: 'value', value: one => shortValue(one), widthMax: 60 },
      { title: 'from', value: one => one.from },
      { title: 'set', value: one => setText(one, look) },
      { title: 'description', value: one => oneLine(one.description ?? '-'), widthMax: 60 },
    ],
    variables,
  )
}

/** `mainspring variable get`: its value alone, so that a script can take it. */
export function variableText({ name, secret, value }: WireVariable): string {
  if (secret) return `${oneLine(name)} is secret: only a worker that has a task is told.`
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

/** `mainspring connection ls`. */
export function connectionsTable(connections: readonly WireConnection[], look: Look): string {
  if (connections.length === 0) return 'No connection is set: mainspring connection set NAME --uri postgres://login:password@host:5432/schema'
  return table(
    [
      { title: 'connection', value: one => oneLine(one.name), widthMax: 60 },
      { title: 'address', value: one => oneLine(one.uri), widthMax: 100 },
      { title: 'from', value: one => one.from },
      { title: 'set', value: one => setText(one, look) },
      { title: 'description', value: one => oneLine(one.description ?? '-'), widthMax: 60 },
    ],
    connections,
  )
}

/** `mainspring connection get`. */
export function connectionText(connection: WireConnection, look: Look): string {
  const { name, type, host, port, login, hasPassword, schema, extra, description } = connection
  const told: (readonly [string, string])[] = [
    ['connection', oneLine(name)],
    ['type', oneLine(type)],
    ...(host === null ? [] : [['host', oneLine(host)] as const]),
    ...(port === null ? [] : [['port', String(port)] as const]),
    ...(login === null ? [] : [['login', oneLine(login)] as const]),
    ['password', hasPassword ? 'set' : 'none'],
    ...(schema === null ? [] : [['schema', oneLine(schema)] as const]),
    ...(extra === null ? [] : [['extra', JSON.stringify(extra)] as const]),
    ...(description === null ? [] : [['description', oneLine(description)] as const]),
    ['from', `${connection.from}${connection.set === null ? '' : `, set ${setText(connection, look)}`}`],
  ]
  return pairs(told)
}

function shortValue({ secret, value }: WireVariable): string {
  if (secret) return '(secret)'
  if (value === undefined) return '(long)'
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value))
}

function setText({ set }: WireFound, { now }: Look): string {
  if (set?.since == null) return '-'
  return `${distanceText(set.since, now)}${set.by === null ? '' : ` by ${oneLine(set.by)}`}`
}
