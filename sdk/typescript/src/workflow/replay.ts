import { untag } from '../codec.ts'
import type { AnyJob } from '../job.ts'
import type { WireEvent, WireRunDetail } from '../wire.ts'
import { Diverged, NotDurable } from './errors.ts'
import { Flow, type FlowHost } from './flow.ts'
import { codeOf } from './main.ts'

/** A run with its history, as `mainspring show RUN --json` prints it: what a replay needs, and what is kept as a snapshot. */
export type RecordedRun = Pick<WireRunDetail, 'id' | 'definition' | 'state' | 'input' | 'metadata' | 'tags'> & { history: WireEvent[] }

export type Replayed =
  /** The code asks for what the history tells. `steps`: so many operations it tells of. */
  | { is: 'fits'; run: string; steps: number }
  /** The first place where it does not: operation `step` was `expected`, the code asks for `got`. */
  | { is: 'diverged'; run: string; step: number; expected: string; got: string }
  /** The code awaits something that is not kept, or asks for something after it. */
  | { is: 'not-durable'; run: string; why: string }

/**
 * Whether a workflow's code does the same again: calls its function with the answers that a recorded history gives, and no step is run. A gate for CI: histories of
 * production against the code that is about to be deployed.
 * Example: `expect(await replay(order, recorded)).toMatchObject({ is: 'fits' })`.
 */
export async function replay(workflow: AnyJob, recorded: RecordedRun): Promise<Replayed> {
  const { id: run, history } = recorded
  const base = Math.max(
    0,
    history.findLastIndex(({ is }) => is === 'continued'),
  )
  const [began] = history.slice(base)
  const input = untag(began?.is === 'continued' ? began.input : (recorded.input ?? undefined))
  const metadata = untag(recorded.metadata ?? undefined)
  const code = codeOf(workflow, { run, input, metadata, tags: recorded.tags ?? {} })
  const flow = new Flow(code, base, HOST)
  try {
    await flow.feed(base, history.slice(base))
    flow.checkEnd(ENDED_BY_CODE.has(recorded.state))
    return { is: 'fits', run, steps: new Set(history.slice(base).flatMap(({ n }) => (n === undefined ? [] : [n]))).size }
  } catch (error) {
    if (error instanceof Diverged) return { is: 'diverged', run, step: error.step, expected: error.expected, got: error.got }
    if (error instanceof NotDurable) return { is: 'not-durable', run, why: error.message }
    throw error
  } finally {
    flow.discard(() => new Error('the replay has ended'))
  }
}

const nothing = (): void => {}
const HOST: FlowHost = { soon: call => void setImmediate(call), after: () => nothing, random: () => 0.5 }
/** Other ends come from outside. */
const ENDED_BY_CODE: ReadonlySet<string> = new Set(['completed', 'failed'])
