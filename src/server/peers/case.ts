import { type AnyJob, type Job, type RunHandle, type WorkflowContext, workflow } from '@mainspring/sdk'
import { replay, type TestEnvironment, testEnvironment } from '../testing.ts'

/** What the documentation of a peer says of durable code, and the same here. */
export interface Case {
  /** The page that says it. */
  at: string
  /** The fact, in our words. */
  says: string
  /** What differs here on purpose, and why. */
  differs?: string
  code: (input: never, ctx: WorkflowContext) => Promise<unknown>
  /** What else the code calls. */
  with?: readonly AnyJob[]
  options?: Parameters<typeof workflow>[1]
  input?: unknown
  /** What happens to the run from outside; what it answers is compared with `told`. */
  script?: (run: RunHandle<unknown>, t: TestEnvironment) => Promise<unknown>
  /** What the run gives, or how it fails. */
  gives?: unknown
  fails?: Record<string, unknown>
  told?: unknown
}

export interface Outcome {
  gives?: unknown
  fails?: unknown
  told?: unknown
}

/** Runs the code on virtual time; then its history is replayed, on which it must do the same again. */
export async function outcomeOf({ code, with: others = [], options = {}, input, script }: Case): Promise<Outcome & { replayed: string }> {
  const flow = workflow('flow', options, code as (input: unknown, ctx: WorkflowContext) => Promise<unknown>)
  await using t = await testEnvironment([flow, ...(others as Job<unknown, unknown>[])], { patience: 50 })
  const run = (await flow.start(input as never)) as RunHandle<unknown>
  const told = await script?.(run, t)
  const ended = await run.result().then(
    gives => ({ gives }),
    (fails: unknown) => ({ fails }),
  )
  const { is } = await replay(flow, await t.recorded(run))
  return { ...ended, ...(told !== undefined && { told }), replayed: is }
}

/** What a call is refused with, or `null` where it is not. */
export const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    ({ code }: { code?: string }) => code,
  )

/** The state of the newest run of a name. */
export async function stateOf(t: TestEnvironment, job: string): Promise<string | undefined> {
  return (await t.client.runs.list({ job })).runs[0]?.state
}
