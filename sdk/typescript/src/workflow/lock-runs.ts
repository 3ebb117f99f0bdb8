import type { AnyJob } from '../job.ts'
import type { WorkflowContext } from './context.ts'
import { workflow } from './define.ts'
import { type LockInput, lockDefinition, RELEASE, tell } from './locks.ts'

/** Of each name and number of permits one, so that workflows which share a lock share it in a worker, too. */
const made = new Map<string, readonly AnyJob[]>()
/** Whoever waits has its lock only by this. */
const TELLING = { retry: { attempts: 1_000_000, maximum: '10s' } } as const
/** One of the permits is its own. */
const TURN = 'turn'

/** The workflows whose runs hold a lock. As the child of who wants it each ends with that, however that ends. */
export function lockRuns(name: string, permits = 1): readonly AnyJob[] {
  const key = JSON.stringify([name, permits])
  const runs = made.get(key) ?? (permits === 1 ? [held(name)] : shared(name, permits))
  made.set(key, runs)
  return runs
}

/** Its sequence lets one run of a key begin, in the order of their starts, and until it has ended. */
function held(name: string): AnyJob {
  const options = { version: '1', sequence: { per: 'key', onFailure: 'skip' }, retention: '1d' } as const
  return workflow(lockDefinition(name), options, async ({ run, signal }: LockInput, ctx) => {
    await ctx.run('tell', () => tell(run, signal, ctx.id), TELLING)
    await ctx.waitFor(RELEASE)
  })
}

/**
 * Each permit is a lock of its own. Who is first in the line stands before all of them, takes the first that is free, and gives back any other whose turn comes to it;
 * then the next one in the line does. So no permit is idle while somebody waits.
 */
function shared(name: string, permits: number): readonly AnyJob[] {
  const [line, unit] = [`${name}.line`, `${name}.unit`]
  const [lineRun, unitRun] = [held(line), held(unit)]
  const options = { version: `1/${permits}`, retention: '1d', locks: { [line]: {} } } as const
  const run = workflow(lockDefinition(name), options, async ({ key, run, signal }: LockInput, ctx) => {
    const first = await ctx.lock(line, { key })
    for (let permit = 1; permit <= permits; permit++) ctx.call(unitRun, { key: `${key}/${permit}`, run: ctx.id, signal: TURN }).catch(() => {})
    await ctx.waitFor(TURN)
    const released = ctx.waitFor(RELEASE)
    const others = giveBack(ctx)
    await first.release()
    await ctx.run('tell', () => tell(run, signal, ctx.id), TELLING)
    await Promise.race([released, others])
  })
  return [run, lineRun, unitRun]
}

async function giveBack(ctx: WorkflowContext): Promise<never> {
  for (;;) {
    const other = await ctx.waitFor<string>(TURN)
    await ctx.run('give back', () => tell(other, RELEASE), TELLING)
  }
}
