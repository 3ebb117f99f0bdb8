import { isDeepStrictEqual } from 'node:util'
import type { Job, RunHandle, Work } from '@mainspring/sdk'
import type { TestEnvironment, TestOptions } from './environment.ts'
import { everyCrash } from './every-crash.ts'

export interface CrashPointOptions extends TestOptions {
  /** What else it needs: the jobs and workflows that it calls. */
  with?: Work
  /** What happens to the run from outside, such as signals. */
  drive?: (run: RunHandle<unknown>, t: TestEnvironment) => Promise<void>
}

/**
 * Starts a workflow again and again with the same input, each time with a crash at another place: before and after each commit, so also after each step. It must end
 * each time as it does without a crash, with the same output or the same error. Answers how many crashes it has seen.
 * ```ts
 * await everyCrashPoint(order, { id: 1 }, { drive: run => run.signal('approval', true) })
 * ```
 * @throws Error naming the place of the first crash after which it ended otherwise.
 */
export async function everyCrashPoint<Input>(workflow: Job<Input, unknown>, input: Input, options: CrashPointOptions = {}): Promise<number> {
  const { with: others = [], drive, ...rest } = options
  let first: { ended: unknown } | null = null
  return everyCrash(
    [workflow, ...others] as Work,
    async t => {
      const run = await t.client.start(workflow, input)
      await drive?.(run, t)
      const ended = await run.result().then(
        output => ({ output }),
        ({ code, reason, message }) => ({ code, reason, message: String(message).replaceAll(run.id, 'RUN') }),
      )
      first ??= { ended }
      if (!isDeepStrictEqual(ended, first.ended))
        throw new Error(`it ended with ${JSON.stringify(ended)}, and without a crash with ${JSON.stringify(first.ended)}`)
    },
    rest,
  )
}
