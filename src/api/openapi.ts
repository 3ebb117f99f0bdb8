import type { TSchema } from 'typebox'
import { CODES } from '../core/errors.ts'
import { LiveEvent, Problem } from './answers.ts'
import { eventsFrom, STREAM_PATHS } from './events.ts'
import { DOWNLOADS } from './files.ts'
import type { Operation } from './operation.ts'
import { after, StreamEvent } from './streams.ts'

export interface OpenApi {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  security: object[]
  paths: Record<string, Record<string, object>>
  components: { schemas: Record<string, object>; securitySchemes: object }
}

/** The API's description, from the same table that serves it: it cannot say anything else. Schemas with a title become components. */
export function openApi(operations: readonly Operation[], version: string): OpenApi {
  const components = new Components()
  const problem = { 'application/problem+json': { schema: components.schema(Problem) } }
  const paths: OpenApi['paths'] = {}
  const add = (path: string, method: string, operation: object) => {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  for (const operation of operations) {
    const responses: Record<string, object> = {
      default: { description: `A problem (RFC 9457); its code is one of ${Object.keys(CODES).join(', ')}`, content: problem },
    }
    const type = operation.contentType ?? 'application/json'
    for (const [status, schema] of Object.entries(operation.answers))
      responses[status] = { description: DESCRIPTIONS[status] ?? 'Done', content: { [type]: { schema: components.schema(schema) } } }
    add(operation.path, operation.method, {
      operationId: operation.name,
      tags: [operation.name.split('.')[0]],
      summary: operation.summary,
      parameters: [...pathParameters(operation.path), ...queryParameters(operation, components), ...(operation.method === 'GET' ? [] : [CALL_KEY])],
      ...(operation.body && {
        requestBody: { required: !operation.body.optional, content: { 'application/json': { schema: components.schema(operation.body.schema) } } },
      }),
      responses,
    })
  }
  for (const [name, path] of Object.entries(STREAM_PATHS)) {
    const ofChunks = name === 'runs.stream'
    const data = ofChunks ? 'StreamEvent' : 'LiveEvent'
    add(path, 'get', {
      operationId: name,
      tags: ['events'],
      summary: `${ofChunks ? 'What is written to a stream of a run' : 'Live changes'}, as server-sent events; the data of each is a ${data}`,
      parameters: [...pathParameters(path), ...(ofChunks ? [AFTER] : name === 'runs.events' ? [FROM] : []), LAST_EVENT_ID],
      responses: {
        200: {
          description: 'Events as they are committed',
          content: { 'text/event-stream': { schema: { type: 'string', description: `see ${data}` } } },
        },
        204: { description: 'The run is closed, and all of its events were had' },
        default: { description: 'A problem (RFC 9457)', content: problem },
      },
    })
  }
  for (const [name, path] of Object.entries(DOWNLOADS))
    add(path, 'get', {
      operationId: name,
      tags: ['runs'],
      summary: name === 'runs.file' ? 'The bytes of a file that a run has stored' : 'What a run gave, as JSON, however large',
      parameters: pathParameters(path),
      responses: {
        200: { description: 'Piece by piece', content: { [name === 'runs.file' ? 'application/octet-stream' : 'application/json']: { schema: {} } } },
        default: { description: 'A problem (RFC 9457)', content: problem },
      },
    })
  components.schema(LiveEvent)
  components.schema(StreamEvent)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mainspring',
      version,
      description:
        'Times are ISO 8601 in UTC, durations milliseconds or text such as "90s". Payloads (input, output, checkpoint, metadata) are any JSON and come back as they were written.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Bound to loopback the server asks for no key, hence the empty alternative.
    security: [{ key: [] }, {}],
    paths,
    components: {
      schemas: components.all,
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key, msk_…; not needed on loopback' } },
    },
  }
}

const DESCRIPTIONS: Record<string, string> = { 200: 'Done', 201: 'Made' }
const CALL_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Repeats the call without repeating its effect',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}
const AFTER = { name: 'after', in: 'query', schema: after.schema }
const FROM = {
  name: 'from',
  in: 'query',
  description: 'The number of the first event that is told; -1: the last that there is',
  schema: eventsFrom.schema,
}
const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The number of the last event of the run that was had',
  schema: { type: 'integer' },
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    ...(name === 'run' ? { description: 'A run’s id, or any ending of it that only one run has' } : {}),
    schema: { type: 'string' },
  }))
}

function queryParameters(operation: Operation, components: Components): object[] {
  return Object.entries(operation.query).map(([name, { schema, repeatable }]) => ({
    name,
    in: 'query',
    required: false,
    ...(repeatable
      ? { style: 'form', explode: true, schema: { type: 'array', items: components.schema(schema) } }
      : { schema: components.schema(schema) }),
  }))
}

class Components {
  readonly all: Record<string, object> = {}

  /** The schema as plain JSON, with references in the place of titled ones. */
  schema(schema: TSchema): object {
    return this.#hoist(JSON.parse(JSON.stringify(schema))) as object
  }

  #hoist(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(item => this.#hoist(item))
    if (typeof value !== 'object' || value === null) return value
    const schema = value as Record<string, unknown>
    if (typeof schema.$ref === 'string') {
      for (const definition of Object.values((schema.$defs ?? {}) as Record<string, object>)) this.#hoist(definition)
      return { $ref: `#/components/schemas/${schema.$ref}` }
    }
    const title = typeof schema.title === 'string' && /^\w+$/.test(schema.title) ? schema.title : null
    const known = title !== null && Object.hasOwn(this.all, title)
    if (title !== null && !known) this.all[title] = {}
    if (!known) {
      const { $id: _, ...rest } = schema
      const hoisted = Object.fromEntries(Object.entries(rest).map(([name, member]) => [name, this.#hoist(member)]))
      if (title === null) return hoisted
      this.all[title] = hoisted
    }
    return { $ref: `#/components/schemas/${title}` }
  }
}
