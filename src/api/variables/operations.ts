import { type Static, Type } from 'typebox'
import { addressOf, type Connection, connectionOf, isSensitive } from '../../core/connection.ts'
import { UserError } from '../../core/errors.ts'
import { Empty, SetBy } from '../answers.ts'
import { type Operation, operation } from '../operation.ts'
import { closed, count, list, Name, Note, Payload, ref, SECRET_MASK } from '../schemas.ts'
import { setJson } from '../views.ts'
import { type ConnectionFound, type Kind, type Variable, withAddress } from './sources.ts'

const NAMESPACE = '/v1/namespaces/{namespace}'
const VALUE_BYTES_MAX = 64 * 1024
/** Of a value in a list, as JSON: a longer one is told alone. */
const LISTED_LENGTH_MAX = 200
const LOOKUPS_MAX = 100

/** As a template can name it. */
const TOLD_NAME = /^[A-Za-z0-9_](?:[\w.-]{0,198}[A-Za-z0-9_])?$/
const NAME_HINT = 'expected letters, digits, dots, dashes and underscores, 200 at most, such as warehouse_password'

const orNull = <S extends Parameters<typeof Type.Optional>[0]>(schema: S) => Type.Union([schema, Type.Null()])
const text = (maxLength: number, description: string) => Type.String({ maxLength, description: `${description}, of at most ${maxLength} characters` })

export const VariableSet = closed(
  { value: Payload, secret: Type.Optional(Type.Boolean()), description: Type.Optional(Note) },
  { title: 'VariableSet', description: 'value: any JSON; secret: it is encrypted, and shown to nobody but workers that have a task' },
)
const fields = {
  type: Type.Optional(Type.String({ pattern: '^[A-Za-z][\\w+.-]{0,99}$', description: 'what is spoken there, such as postgres or http' })),
  host: Type.Optional(text(1_000, 'a host')),
  port: Type.Optional(count(0, 65_535)),
  login: Type.Optional(text(1_000, 'a login')),
  password: Type.Optional(text(10_000, 'a password')),
  schema: Type.Optional(text(1_000, 'a schema')),
  extra: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'an object: what the type needs beside' })),
}
export const ConnectionSet = closed(
  { uri: Type.Optional(text(10_000, 'an address such as postgres://login:password@host:5432/schema')), ...fields, description: Type.Optional(Note) },
  { title: 'ConnectionSet', description: 'uri, or its fields; a password and an extra are encrypted' },
)
export const Lookup = closed(
  {
    worker: Name,
    ...ref,
    variables: Type.Optional(list(Name, LOOKUPS_MAX)),
    connections: Type.Optional(list(Name, LOOKUPS_MAX)),
  },
  { title: 'Lookup' },
)

const told = {
  from: Type.Enum(['environment', 'file', 'database'], { description: 'where it was found: of the first of these that has it' }),
  description: orNull(Type.String()),
  set: orNull(SetBy),
}
const VariableView = Type.Object(
  {
    name: Type.String(),
    secret: Type.Boolean({ description: 'its value is never shown' }),
    value: Type.Optional(Type.Unknown({ description: 'absent: it is secret, or too long for a list' })),
    ...told,
  },
  { title: 'Variable' },
)
export const VariableList = Type.Object({ variables: Type.Array(VariableView) }, { title: 'Variables' })
const ConnectionView = Type.Object(
  {
    name: Type.String(),
    type: Type.String(),
    host: orNull(Type.String()),
    port: orNull(Type.Integer()),
    login: orNull(Type.String()),
    hasPassword: Type.Boolean(),
    schema: orNull(Type.String()),
    extra: orNull(Type.Record(Type.String(), Type.Unknown(), { description: `what is secret by its name is ${SECRET_MASK}` })),
    uri: Type.String({ description: `without what is secret: that is ${SECRET_MASK}` }),
    ...told,
  },
  { title: 'Connection' },
)
export const ConnectionList = Type.Object({ connections: Type.Array(ConnectionView) }, { title: 'Connections' })
export const Looked = Type.Object(
  {
    variables: Type.Record(Type.String(), Type.Unknown()),
    connections: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())),
  },
  { title: 'LookedUp' },
)
const Rotated = Type.Object(
  { sealed: Type.Integer({ description: 'encrypted anew' }), kept: Type.Integer({ description: 'were encrypted with the first key already' }) },
  { title: 'Rotated' },
)

export const variables: Operation[] = [
  operation({
    name: 'variables.list',
    method: 'GET',
    path: `${NAMESPACE}/variables`,
    summary: 'List the variables of a namespace, by name; what is secret is not shown',
    answers: { 200: VariableList },
    handle({ context, params: { namespace } }) {
      const names = context.variables.names('variable', namespace)
      return JSON.stringify({ variables: names.map(name => listed(variableJson(name, context.variables.require('variable', namespace, name, '')))) })
    },
  }),
  operation({
    name: 'variables.get',
    method: 'GET',
    path: `${NAMESPACE}/variables/{name}`,
    summary: 'A variable, without its value where it is secret',
    answers: { 200: VariableView },
    handle: ({ context, params: { namespace, name } }) =>
      JSON.stringify(variableJson(name, context.variables.require('variable', namespace, name, '/path/name'))),
  }),
  operation({
    name: 'variables.set',
    method: 'PUT',
    path: `${NAMESPACE}/variables/{name}`,
    summary: 'Set a variable; tasks that are handed out from then on get it',
    body: { schema: VariableSet, raw: { value: 'raw' } },
    answers: { 200: VariableView },
    async handle({ context, params: { namespace, name }, body: { value, secret = false, description = null }, payloads, by }) {
      checkName(name)
      const json = payloads[value as number] as string
      refuseLarge(json, '/value')
      await context.variables.setVariable(namespace, name, { value: JSON.parse(json), secret, description }, by)
      return JSON.stringify(variableJson(name, context.variables.require('variable', namespace, name, '/path/name')))
    },
  }),
  removal('variable', 'Remove a variable from the database'),
  operation({
    name: 'connections.list',
    method: 'GET',
    path: `${NAMESPACE}/connections`,
    summary: 'List the connections of a namespace, by name; passwords are not shown',
    answers: { 200: ConnectionList },
    handle({ context, params: { namespace } }) {
      const names = context.variables.names('connection', namespace)
      return JSON.stringify({ connections: names.map(name => connectionJson(name, context.variables.require('connection', namespace, name, ''))) })
    },
  }),
  operation({
    name: 'connections.get',
    method: 'GET',
    path: `${NAMESPACE}/connections/{name}`,
    summary: 'A connection, without its password',
    answers: { 200: ConnectionView },
    handle: ({ context, params: { namespace, name } }) =>
      JSON.stringify(connectionJson(name, context.variables.require('connection', namespace, name, '/path/name'))),
  }),
  operation({
    name: 'connections.set',
    method: 'PUT',
    path: `${NAMESPACE}/connections/{name}`,
    summary: `Set a connection, whole; ${SECRET_MASK} for a password, or in extra, keeps what is there`,
    body: { schema: ConnectionSet },
    answers: { 200: ConnectionView },
    async handle({ context, params: { namespace, name }, body, by }) {
      checkName(name)
      refuseLarge(JSON.stringify(body), '')
      const before = context.variables.names('connection', namespace).includes(name) ? context.variables.connection(namespace, name) : null
      const connection = withKept(connectionFor(body), before?.connection ?? null)
      await context.variables.setConnection(namespace, name, connection, body.description ?? null, by)
      return JSON.stringify(connectionJson(name, context.variables.require('connection', namespace, name, '/path/name')))
    },
  }),
  removal('connection', 'Remove a connection from the database'),
  operation({
    name: 'tasks.lookup',
    method: 'POST',
    path: `${NAMESPACE}/tasks/lookup`,
    summary: 'Variables and connections for a worker, secrets included, as long as it has the task that it names',
    body: { schema: Lookup },
    answers: { 200: Looked },
    async handle({ context, engine, params: { namespace }, body }) {
      const { worker, run, task, attempt, delivery, variables = [], connections = [] } = body
      const [held] = await engine.tasks.heartbeat(namespace, worker, [{ run, task, attempt, delivery }])
      if (held === undefined || held === 'lost')
        throw new UserError('task-not-held', { at: '/delivery', found: delivery, hint: 'the worker does not have this task, or no longer' })
      const found = variables.map((name, n) => [name, context.variables.require('variable', namespace, name, `/variables/${n}`).value] as const)
      const places = connections.map(
        (name, n) => [name, withAddress(context.variables.require('connection', namespace, name, `/connections/${n}`).connection)] as const,
      )
      return JSON.stringify({ variables: Object.fromEntries(found), connections: Object.fromEntries(places) })
    },
  }),
  operation({
    name: 'secrets.rotate',
    method: 'POST',
    path: '/v1/secrets/rotate',
    summary: 'Encrypt every secret, of all namespaces, with the first key of this node',
    answers: { 200: Rotated },
    handle: async ({ context }) => JSON.stringify(await context.variables.rotate()),
  }),
]

function removal(kind: Kind, summary: string): Operation {
  return operation({
    name: `${kind}s.remove`,
    method: 'DELETE',
    path: `${NAMESPACE}/${kind}s/{name}`,
    summary,
    answers: { 200: Empty },
    async handle({ context, params: { namespace, name } }) {
      await context.variables.remove(kind, namespace, name)
      return '{}'
    },
  })
}

function checkName(name: string): void {
  if (!TOLD_NAME.test(name)) throw new UserError('invalid-input', { at: '/path/name', found: name.slice(0, 100), hint: NAME_HINT })
}

function refuseLarge(json: string, at: string): void {
  const bytes = Buffer.byteLength(json)
  if (bytes > VALUE_BYTES_MAX)
    throw new UserError('payload-too-large', {
      at,
      found: bytes,
      hint: `at most ${VALUE_BYTES_MAX} bytes of JSON: keep large data elsewhere, and its address here`,
    })
}

function connectionFor({ uri, description: _, ...given }: Static<typeof ConnectionSet>): Connection {
  if (uri !== undefined) {
    const also = Object.keys(given)[0]
    if (also !== undefined) throw new UserError('invalid-option', { at: `/${also}`, hint: 'give the uri, or its fields' })
    const connection = connectionOf(uri)
    if (connection === null)
      throw new UserError('invalid-option', {
        at: '/uri',
        hint: 'expected type://login:password@host:port/schema?name=value, what is special percent-encoded',
      })
    return connection
  }
  if (given.type === undefined)
    throw new UserError('invalid-option', { at: '/type', hint: 'say what is spoken there, such as postgres, or give a uri' })
  return given as Connection
}

/** What was shown masked comes back so, and stays as it is. */
function withKept(connection: Connection, before: Connection | null): Connection {
  const { password, extra } = connection
  const kept = (at: string, value: unknown): unknown => {
    if (value === undefined) throw new UserError('invalid-option', { at, found: SECRET_MASK, hint: 'nothing is kept that this could stand for' })
    return value
  }
  return {
    ...connection,
    ...(password === SECRET_MASK && { password: kept('/password', before?.password) as string }),
    ...(extra !== undefined && {
      extra: Object.fromEntries(
        Object.entries(extra).map(([name, value]) => [name, value === SECRET_MASK ? kept(`/extra/${name}`, before?.extra?.[name]) : value]),
      ),
    }),
  }
}

type VariableJson = { value?: unknown } & Record<string, unknown>

function variableJson(name: string, { value, secret, ...rest }: Variable): VariableJson {
  return { name, secret, ...(!secret && { value }), ...toldJson(rest) }
}

function listed(variable: VariableJson): VariableJson {
  const { value, ...rest } = variable
  return value !== undefined && JSON.stringify(value).length > LISTED_LENGTH_MAX ? rest : variable
}

function connectionJson(name: string, { connection, ...rest }: ConnectionFound): object {
  const { type, host = null, port = null, login = null, password, schema = null, extra } = connection
  const shown =
    extra === undefined ? undefined : Object.fromEntries(Object.entries(extra).map(([at, value]) => [at, isSensitive(at) ? SECRET_MASK : value]))
  const masked = { ...connection, ...(password !== undefined && { password: SECRET_MASK }), ...(shown !== undefined && { extra: shown }) }
  return {
    name,
    ...{ type, host, port, login, hasPassword: password !== undefined, schema, extra: shown ?? null },
    uri: addressOf(masked).replaceAll(encodeURIComponent(SECRET_MASK), SECRET_MASK),
    ...toldJson(rest),
  }
}

function toldJson({ from, description, set }: Pick<Variable, 'from' | 'description' | 'set'>): object {
  return { from, description, set: set && setJson(set) }
}
