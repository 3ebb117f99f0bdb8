import type { FastifyInstance } from 'fastify'
import { UserError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import type { Instant } from '../core/time.ts'
import type { Engine } from '../engine/face.ts'
import type { Metrics } from '../observability/metrics.ts'
import { activity } from './activity.ts'
import { type HttpOptions, httpApp } from './app.ts'
import { applying } from './apply.ts'
import { approvals } from './approvals.ts'
import { artifacts } from './artifacts.ts'
import { assets } from './assets.ts'
import { isLoopback } from './auth.ts'
import { batches } from './batches.ts'
import { dags } from './dags.ts'
import { definitions } from './definitions.ts'
import { endpoints } from './endpoints.ts'
import { openStream, type StreamCall, type StreamName } from './events.ts'
import { files } from './files.ts'
import { forks } from './forks.ts'
import { keys } from './keys.ts'
import { limits } from './limits.ts'
import { nodes } from './nodes.ts'
import { type OpenApi, openApi } from './openapi.ts'
import type { Context, Operation, OperationCall } from './operation.ts'
import { type Answer, type ErrorLog, errorAnswer, problemAnswer } from './problem.ts'
import { queues } from './queues.ts'
import { retention } from './retention.ts'
import { runs } from './runs.ts'
import { schedules } from './schedules.ts'
import { type ServerFacts, server, UNKNOWN_SERVER } from './server.ts'
import { runStreams } from './streams.ts'
import { summary } from './summary.ts'
import { tasks } from './tasks.ts'
import { variables } from './variables/operations.ts'
import { type VariableOptions, Variables } from './variables/sources.ts'
import { versions } from './versions.ts'
import { workers } from './workers.ts'
import { workflowMessages } from './workflow-messages.ts'

/** Every operation there is: the routes, `/openapi.json` and `dispatch` are made from it. */
export const OPERATIONS: readonly Operation[] = [
  ...runs,
  ...forks,
  ...definitions,
  ...versions,
  ...dags,
  ...queues,
  ...limits,
  ...workers,
  ...endpoints,
  ...nodes,
  ...summary,
  ...server,
  ...activity,
  ...tasks,
  ...workflowMessages,
  ...runStreams,
  ...artifacts,
  ...files,
  ...keys,
  ...schedules,
  ...batches,
  ...approvals,
  ...assets,
  ...retention,
  ...variables,
  ...applying,
]
const TABLE = new Map(OPERATIONS.map(operation => [operation.name, operation]))

export interface ApiOptions {
  /** Where unexpected errors go, under the id that the caller is told. A pino logger fits. */
  log?: ErrorLog
  metrics?: Metrics
  /** What the server says of itself. */
  facts?: ServerFacts
  /** Where variables and connections are looked for beside the database, and what opens secrets. */
  variables?: VariableOptions
  /** Shown in `/openapi.json`. */
  version?: string
  now?: () => Instant
  newId?: () => string
}

/** The native API over an engine: in the same process by `dispatch` and `stream`, over HTTP by `http`. Both check the same and answer the same text. */
export interface Api {
  readonly engine: Engine
  /** Never rejects: what is refused is answered as a problem, with its status. */
  dispatch(operation: string, call: OperationCall): Promise<Answer>
  /** Live events as JSON.parse gives them. Throws `UserError` at the first `next` if there is nothing to follow. */
  stream(name: StreamName, call: StreamCall): AsyncIterable<unknown>
  openApi(): OpenApi
  /** A server that is ready to `listen`, at exactly the address that it is told here: whether keys are asked for depends on it. */
  http(options: HttpOptions): FastifyInstance
}

export function createApi(engine: Engine, options: ApiOptions = {}): Api {
  const now = options.now ?? Date.now
  const context: Context = {
    engine,
    now,
    newId: options.newId ?? (() => newId(now(), Math.random)),
    facts: options.facts ?? { ...UNKNOWN_SERVER, version: options.version ?? UNKNOWN_SERVER.version, startedAt: now() },
    listening: { bind: null, asksForKeys: false },
    variables: new Variables(engine, options.variables ?? {}, now),
  }
  const log = options.log ?? SILENT
  let description: OpenApi | null = null
  const api: Api = {
    engine,
    async dispatch(name, call) {
      const operation = TABLE.get(name)
      if (operation === undefined) return problemAnswer(new UserError('not-found', { found: name.slice(0, 100) }).problem)
      try {
        return await operation.run(context, call)
      } catch (error) {
        return errorAnswer(error, log, () => ({ id: context.newId(), operation: name }))
      }
    },
    async *stream(name, call) {
      for await (const frame of openStream(engine, name, call)) if (frame.text !== null) yield JSON.parse(frame.text) as unknown
    },
    openApi: () => (description ??= openApi(OPERATIONS, options.version ?? '0.0.0')),
    http(httpOptions) {
      context.listening = { bind: httpOptions.bind, asksForKeys: !isLoopback(httpOptions.bind) }
      return httpApp({ ...api, metrics: options.metrics }, OPERATIONS, context, log, httpOptions)
    },
  }
  return api
}

const SILENT: ErrorLog = { error: () => undefined }
