import type { Work } from '@mainspring/sdk'
import type { CrashMoment } from './crashing-store.ts'
import { TestEnvironment, type TestOptions } from './environment.ts'

/** A scenario with more commits than this is too long to be crashed at each of them. */
const CRASH_POINTS_MAX = 10_000

/**
 * Runs a scenario again and again, each time in a fresh environment whose node is killed at another place: before and after each commit that the scenario
 * makes. What the scenario expects must hold in all of them. Answers how many crashes it has seen.
 * ```ts
 * await everyCrash([order], async t => {
 *   const run = await order.start({ id: 1 })
 *   await run.result()
 *   expect(bank.charges).toBe(1)
 * })
 * ```
 * @throws Error naming the place of the first crash that the scenario did not survive; its `cause` is the scenario's own error.
 */
export async function everyCrash(work: Work, scenario: (t: TestEnvironment) => Promise<void>, options: TestOptions = {}): Promise<number> {
  await once(work, scenario, options, null)
  for (let commit = 1; commit <= CRASH_POINTS_MAX; commit++)
    for (const moment of ['before', 'after'] as const) {
      const crashed = await once(work, scenario, options, { moment, commit })
      if (!crashed) return (commit - 1) * 2 + (moment === 'after' ? 1 : 0)
    }
  throw new Error(`The scenario makes more than ${CRASH_POINTS_MAX} commits.`)
}

/** Answers whether the crash came: a scenario that ends before has no further places. */
async function once(
  work: Work,
  scenario: (t: TestEnvironment) => Promise<void>,
  options: TestOptions,
  crash: { moment: CrashMoment; commit: number } | null,
): Promise<boolean> {
  await using t = new TestEnvironment(work, options)
  await t.ready()
  if (crash) t.crash(crash.moment, crash.commit)
  try {
    await scenario(t)
    return t.crashes > 0
  } catch (error) {
    const where = crash ? `with a crash ${crash.moment} commit ${crash.commit}` : 'even without a crash'
    throw new Error(`The scenario fails ${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
