import { fileURLToPath } from 'node:url'
import * as check from './checks.ts'
import type { BundleContext, JobContext } from './context.ts'
import { currentClient } from './current.ts'
import type { Duration } from './duration.ts'
import { InvalidOption } from './errors.ts'
import type { RunHandle } from './handle.ts'
import type { JobOptions, StartOptions } from './options.ts'
import { definingFile } from './place.ts'
import { type InferInput, type InferOutput, jsonSchemaOf, type StandardSchema } from './schema.ts'
import { contentVersion } from './version.ts'
import type { WireDefinition } from './wire.ts'
import { definitionOptions } from './wire-options.ts'
import { ISOLATED_JOBS } from './worker/isolate/messages.ts'

/**
 * Defines a job: a name, options (may be left out), and the function that does the work.
 *
 * ```ts
 * export const resize = job('resize', {
 *   input: z.object({ url: z.url() }),
 *   retry: { attempts: 5 },
 *   timeout: '2m',
 * }, async ({ url }, ctx) => {
 *   const picture = await fetch(url, { signal: ctx.signal })
 *   return { bytes: (await picture.arrayBuffer()).byteLength }
 * })
 * ```
 * The function runs in a worker, at least once (with `retry: { attempts: 1 }` at most once); what it returns is the run's output, what it throws fails the attempt.
 * @throws InvalidOption at once, with the option's place.
 */
export function job<Output, Input = unknown, Checkpoint = unknown>(
  name: string,
  handler: Handler<Input, Output, Checkpoint>,
): Job<Input, Awaited<Output>>
export function job<Schema extends StandardSchema, Output, Checkpoint = unknown>(
  name: string,
  options: JobOptions & { input: Schema; batch?: undefined },
  handler: Handler<InferOutput<Schema>, Output, Checkpoint>,
): Job<InferInput<Schema>, Awaited<Output>>
export function job<Output, Input = unknown, Checkpoint = unknown>(
  name: string,
  options: JobOptions & { input?: undefined; batch?: undefined },
  handler: Handler<Input, Output, Checkpoint>,
): Job<Input, Awaited<Output>>
export function job<Schema extends StandardSchema, Output>(
  name: string,
  options: JobOptions & Batched & { input: Schema },
  handler: BundleHandler<InferOutput<Schema>, Output>,
): Job<InferInput<Schema>, EachOf<Awaited<Output>>>
export function job<Output, Input = unknown>(
  name: string,
  options: JobOptions & Batched & { input?: undefined },
  handler: BundleHandler<Input, Output>,
): Job<Input, EachOf<Awaited<Output>>>
export function job(name: string, ...rest: [AnyHandler] | [JobOptions, AnyHandler | AnyBundleHandler]): Job<unknown, unknown> {
  const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
  check.name(name, '/name')
  if (typeof handler !== 'function')
    throw new InvalidOption(`Job "${name}" has no function.`, {
      at: '/handler',
      found: handler,
      hint: "the function comes last: job('name', options, async (input, ctx) => …)",
    })
  return new DefinedJob(name, options, handler as AnyHandler)
}

/** The function of a job. Gets the input, and the context of this attempt. */
export type Handler<Input, Output, Checkpoint = unknown> = (input: Input, ctx: JobContext<Checkpoint>) => Output | Promise<Output>
// biome-ignore lint/suspicious/noExplicitAny: a handler of anything
export type AnyHandler = Handler<any, any, any>

/** With `batch`: inputs of many runs, to one call. */
export interface Batched {
  batch: { size: number; within: Duration }
}
/**
 * The function of a job with `batch`. Returns a list as long as the inputs, which gives each its output, or anything else, which is the output of all; a throw
 * fails all that `ctx.items[index].fail(error)` has not.
 */
export type BundleHandler<Input, Output> = (inputs: Input[], ctx: BundleContext) => Output | Promise<Output>
// biome-ignore lint/suspicious/noExplicitAny: a handler of anything
export type AnyBundleHandler = BundleHandler<any, any>
export type EachOf<Output> = Output extends readonly (infer Each)[] ? Each : Output

/** A defined job: start it from anywhere, give it to a worker to run it. */
export interface Job<Input, Output> {
  readonly name: string
  /** What this code is called (option `version`). */
  readonly version: string
  readonly options: JobOptions
  readonly handler: AnyHandler
  /** With `isolate`: the file that defines it, for its process to import; null: it cannot be told. */
  readonly file?: string | null
  /** As it is registered. */
  readonly definition: WireDefinition
  /**
   * Starts a run and resolves when the server has it on disk. Goes through the worker's client inside a handler, else through the default one (`setDefaultClient`).
   * Example: `await resize.start({ url }, { key: 'photo-42', delay: '10m' })`.
   * @throws InvalidOption, InvalidInput, Unserialisable before anything is sent; RequestRefused; Unreachable after 30 s of trying again.
   */
  start(...args: StartArguments<Input>): Promise<RunHandle<Output>>
  /**
   * Starts up to 10,000 runs in one call, all or none; with a `key` or `unique` on an item, each item answers by itself. `options` are for all, an item's own go before.
   * Example: `await resize.startMany(urls.map(url => ({ input: { url } })))`.
   */
  startMany(items: readonly StartItem<Input>[], options?: StartOptions): Promise<RunHandle<Output>[]>
  /** Carries the types; never there. */
  readonly types?: { input: Input; output: Output }
}
/** The input may be left out where undefined is one. */
export type StartArguments<Input> = undefined extends Input ? [input?: Input, options?: StartOptions] : [input: Input, options?: StartOptions]
export type StartItem<Input> = (undefined extends Input ? { input?: Input } : { input: Input }) & StartOptions
// biome-ignore lint/suspicious/noExplicitAny: a job of anything
export type AnyJob = Job<any, any>

class DefinedJob implements Job<unknown, unknown> {
  readonly name: string
  readonly options: JobOptions
  readonly handler: AnyHandler
  readonly definition: WireDefinition
  readonly file?: string | null
  constructor(name: string, options: JobOptions, handler: AnyHandler) {
    this.name = name
    this.options = options
    this.handler = handler
    const wire = definitionOptions(options)
    const schema = options.input && jsonSchemaOf(options.input)
    const { isolate, resourceLimits, retry } = options
    if (resourceLimits !== undefined && isolate === undefined)
      throw new InvalidOption('"resourceLimits" are those of a process.', { at: '/resourceLimits', hint: "add isolate: 'process'" })
    if (isolate !== undefined && (options as Partial<Batched>).batch !== undefined)
      throw new InvalidOption('"isolate" and "batch" cannot be together.', { at: '/isolate', hint: 'a bundle runs in the worker' })
    const code = { kind: 'job', name, options: wire, schema, function: handler.toString(), delay: retry?.delay?.toString(), isolate, resourceLimits }
    this.definition = { kind: 'job', name, version: options.version ?? contentVersion(code), options: wire, ...(schema !== undefined && { schema }) }
    if (isolate === undefined) return
    this.file = definingFile(OWN)
    ;(globalThis as { [ISOLATED_JOBS]?: Map<string, AnyJob> })[ISOLATED_JOBS]?.set(name, this)
  }
  get version(): string {
    return this.definition.version
  }
  start(input?: unknown, options?: StartOptions): Promise<RunHandle<unknown>> {
    return currentClient().start(this, input, options)
  }
  startMany(items: readonly StartItem<unknown>[], options?: StartOptions): Promise<RunHandle<unknown>[]> {
    return currentClient().startMany(this, items, options)
  }
}

const OWN = [fileURLToPath(import.meta.url), fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './place.ts' : './place.js', import.meta.url))]
