import type { Client } from '../client.ts'
import { systemClock } from '../clock.ts'
import type { BundleContext, JobContext } from '../context.ts'
import { InvalidOption } from '../errors.ts'
import type { AnyBundleHandler, AnyHandler, AnyJob } from '../job.ts'
import { isQueuedStep, type QueuedStep } from '../workflow/queued.ts'
import type { Attempt } from './attempt.ts'
import { type BundledAttempt, runBundle } from './bundle.ts'
import { Isolates } from './isolate/isolates.ts'
import { checkedMiddleware, type Middleware, within } from './middleware.ts'
import { type Ended, runHandler } from './run.ts'

/** How each job's function is called: as it is, in a process of its own, for a whole bundle, and inside the worker's middleware. */
export class Handlers {
  readonly #middleware: readonly Middleware[]
  readonly #step: (attempt: Attempt, job: QueuedStep) => Promise<unknown>
  readonly #isolates: Isolates
  readonly #isolated: ReadonlySet<AnyJob>
  readonly #wrapped = new Map<AnyJob, AnyHandler>()

  /** `step`: runs the function of a queued step. */
  constructor(
    client: Client,
    jobs: readonly AnyJob[],
    middleware: readonly Middleware[] | undefined,
    step: (attempt: Attempt, job: QueuedStep) => Promise<unknown>,
  ) {
    this.#step = step
    this.#middleware = checkedMiddleware(middleware)
    this.#isolates = new Isolates(client)
    // Where time is virtual, all is one process: another would not see it pass.
    this.#isolated = new Set(client.clock === systemClock ? jobs.filter(({ options }) => options.isolate !== undefined) : [])
    for (const [index, job] of jobs.entries()) if (this.#isolated.has(job)) refuseWithoutFile(job, `/jobs/${index}`)
  }

  run(attempt: Attempt, ended: Ended): void {
    const { job } = attempt
    runHandler(attempt, this.#of(job), this.#isolated.has(job) ? undefined : job.options.input, ended)
  }

  runBundle(attempts: readonly BundledAttempt[], ended: Ended): void {
    const [first] = attempts
    if (first !== undefined) void runBundle(attempts, this.#of(first.job) as unknown as AnyBundleHandler, ended)
  }

  close(): void {
    this.#isolates.close()
  }

  #of(job: AnyJob): AnyHandler {
    const known = this.#wrapped.get(job)
    if (known !== undefined) return known
    const isolates = this.#isolates
    const step = isQueuedStep(job) ? job : null
    const own: AnyHandler = step === null ? job.handler : (_, ctx) => this.#step(ctx as Attempt, step)
    const plain: AnyHandler = this.#isolated.has(job) ? (_, ctx) => isolates.run(ctx as Attempt) : own
    const wrapped = this.#middleware.length === 0 || step !== null ? plain : this.#around(job, plain)
    this.#wrapped.set(job, wrapped)
    return wrapped
  }

  #around(job: AnyJob, handler: AnyHandler): AnyHandler {
    return (input: unknown, ctx: JobContext | BundleContext) => {
      const { run, attempt } = 'items' in ctx ? (ctx.items[0] as JobContext) : ctx
      return within(this.#middleware, { definition: job.name, run, attempt, input, ctx }, () => handler(input, ctx as JobContext))
    }
  }
}

function refuseWithoutFile(job: AnyJob, at: string): void {
  const what = `Job "${job.name}" has isolate: 'process'`
  if (typeof job.file !== 'string')
    throw new InvalidOption(`${what}, and the file that defines it cannot be told, so no other process can import it.`, {
      at,
      hint: 'define it in a module: export const … = job(…)',
    })
  if (job.file === process.argv[1])
    throw new InvalidOption(`${what}, and is defined in the script that was started; its process would run that script again.`, {
      at,
      found: job.file,
      hint: 'move the job into a file of its own, and import it here',
    })
}
