import type { Client } from '@mainspring/sdk'
import {
  type AnyJob,
  type AssetFacts,
  type BundleContext,
  decode,
  errorOf,
  type JobContext,
  RateLimited,
  Snooze,
  type WireDefinition,
  type WireDelivery,
} from '@mainspring/sdk'
import type { Ask, Description, History, Result, Saying } from '@mainspring/sdk/serve'
import { type Code, type RemoteWorkflow, withVerdict } from '@mainspring/sdk/worker'
import { AttemptFailed } from '../attempt.ts'
import { type Answered, NotBegun } from './post.ts'
import { fieldsOf, LiveNames, RemoteFlow, tagged } from './remote-flow.ts'

/** What has not begun goes back to its queue for so long, where others may have it. */
const AWAY_MS = 5_000

export type Post = (ask: Ask, signal: AbortSignal, once: boolean) => Promise<Answered>

/** The jobs of an endpoint, for a worker that has none of their code: a call of a handler is a request. */
export function proxiesOf({ definitions, steps }: Description, client: Client, post: Post): AnyJob[] {
  const queued = new Set(steps)
  return definitions.map(definition => proxyOf(definition, queued.has(definition.name) ? historyOf(client) : null, post))
}

function proxyOf(definition: WireDefinition, history: ((ctx: JobContext) => Promise<History>) | null, post: Post): AnyJob {
  const { kind, name, version, options } = definition
  const { batch } = options
  const single = async (_: unknown, ctx: JobContext): Promise<unknown> => {
    const told = history === null ? {} : { history: await history(ctx) }
    const [result] = await carried([ctx], told, post, ctx.signal)
    return outcomeOf(ctx, result)
  }
  const bundle = async (_: unknown, { items, signal }: BundleContext): Promise<unknown[]> => {
    const results = await carried(items, {}, post, signal)
    return results.map((result, index) => {
      try {
        return outcomeOf(items[index] as JobContext, result)
      } catch (error) {
        return items[index]?.fail(error)
      }
    })
  }
  const proxy = { name, version, definition, options: batch === undefined ? {} : { batch }, handler: batch === undefined ? single : bundle }
  if (kind === 'dag') return { ...proxy, tasks: [] } as unknown as AnyJob
  if (kind === 'job') return proxy as unknown as AnyJob
  const names = new LiveNames()
  const flowOf = (code: Code, base: number): RemoteFlow => new RemoteFlow(code, base, (ask, signal) => post(ask, signal, false), names)
  return { ...proxy, flowOf } as unknown as RemoteWorkflow
}

/** Runs tasks there, and carries what is said of them on; answers how each ended that has. */
async function carried(items: readonly JobContext[], told: { history?: History }, post: Post, signal: AbortSignal): Promise<(Result | undefined)[]> {
  const tasks = items.map(taskOf)
  const results: (Result | undefined)[] = items.map(() => undefined)
  const once = items.some(({ attempts }) => attempts === 1)
  const { sayings } = await post({ is: 'run', tasks, ...told }, signal, once).catch(error => {
    throw error instanceof NotBegun ? new Snooze(AWAY_MS) : error
  })
  try {
    for await (const saying of sayings) {
      if (saying.is === 'ended') results[saying.task] = saying.result
      else if ('task' in saying) carry(items[saying.task] as JobContext, saying)
    }
  } catch (error) {
    if (signal.aborted || results.every(result => result === undefined)) throw error
  }
  return results
}

function carry(ctx: JobContext, saying: Saying): void {
  switch (saying.is) {
    case 'log':
      return ctx.log[saying.level](saying.message, fieldsOf(saying.fields))
    case 'alive':
      return ctx.heartbeat()
    case 'progress':
      return ctx.progress(saying.progress.value, saying.progress.message)
    case 'checkpoint':
      return void ctx.checkpoint.save(decode(JSON.stringify(saying.checkpoint))).catch(() => {})
  }
}

/** Its values were decoded where they lie. */
function taskOf(ctx: JobContext): WireDelivery {
  const { delivery, input } = ctx as JobContext & { delivery: WireDelivery; input: unknown }
  return { ...delivery, input: tagged(input), metadata: tagged(ctx.metadata), checkpoint: tagged(ctx.checkpoint.value) }
}

/** What a handler would have returned or thrown, and said of its outlets and of how far it has come. */
function outcomeOf(ctx: Pick<JobContext, 'asset' | 'setWatermark'>, result: Result | undefined): unknown {
  if (result === undefined)
    throw new AttemptFailed('EndpointFailed', 'endpoint-broke-off', 'The answer of the endpoint broke off before this run had ended.')
  const { is, output, failure, retry, delayMs = 0, slow } = result
  if (is === 'completed') {
    for (const { asset, ...facts } of result.assets ?? []) ctx.asset(asset, decode(JSON.stringify(facts)) as AssetFacts)
    if (result.watermark !== undefined) ctx.setWatermark(decode(JSON.stringify(result.watermark)))
    return output === undefined ? undefined : decode(JSON.stringify(output))
  }
  if (is === 'snoozed') throw slow === true ? new RateLimited({ retryAfter: delayMs }) : new Snooze(delayMs)
  if (failure === undefined) throw new AttemptFailed('EndpointFailed', 'endpoint-stopped', `The endpoint says that it was ${is}.`)
  throw withVerdict(errorOf(failure), { ...(retry !== undefined && { retry }), ...(result.delayMs !== undefined && { delayMs }) })
}

/** A queued step needs what its workflow's run has behind it. */
function historyOf(client: Client): (ctx: JobContext) => Promise<History> {
  return async ctx => {
    const { run } = (ctx as JobContext & { input: { run: string } }).input
    const { input, metadata, tags } = await client.handle(run).get()
    const events = await client.handle(run).history({ journal: true })
    return { run, input: tagged(input), metadata: tagged(metadata), tags: tags ?? {}, events }
  }
}
