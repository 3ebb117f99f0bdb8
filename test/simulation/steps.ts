import type { QueuedStepOptions, StepContext, WorkflowContext } from '@mainspring/sdk'
import type { LimitRule } from '../../src/core/limits.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import type { DefinitionOptions } from '../../src/engine/face.ts'
import type { Stage } from './actors.ts'
import type { RunTruth } from './truth.ts'

const RATE = 8
const RATE_MS = 1_000

/** What the book of limits knows of them: one at a time of each key, and a rate. */
export function limitedSteps(workflow: string): Readonly<Record<string, DefinitionOptions>> {
  const limits: LimitRule[] = [
    { per: 'key', concurrency: 1 },
    { rate: RATE, everyMs: RATE_MS },
  ]
  return { [`${workflow}.queued`]: { limits } }
}

/**
 * Steps of a workflow that wait in a queue, under limits where the world has any, and what must hold of them: each has one accepted result, runs with the variables
 * of its run, is given to no version that has left it to others, and begins once where it is tried once.
 */
export class Steps {
  readonly #stage: Stage
  /** Of the function of one that is tried once, by its key. */
  readonly #once: (key: string) => void
  readonly #begins: (run: string, name: string, before: string) => void
  #queued = 0
  #left = 0

  constructor(stage: Stage, begins: (run: string, name: string, before: string) => void, once: (key: string) => void) {
    this.#stage = stage
    this.#begins = begins
    this.#once = once
  }

  /** `left`: so often a version left one to others. */
  get counts(): { queued: number; left: number } {
    return { queued: this.#queued, left: this.#left }
  }

  get options(): Record<string, QueuedStepOptions> {
    const limits: QueuedStepOptions['limits'] = [
      { per: 'key', concurrency: 1 },
      { rate: RATE, every: RATE_MS },
    ]
    return {
      queued: { retry: { attempts: 50, initial: 100, maximum: 1_000 }, ...(this.#stage.scenario.limited !== null && { limits }) },
      single: { retry: { attempts: 1 } },
    }
  }

  /** The side of the code: two of one key side by side, then one that is tried once, whose worker may die in it. `before`: the step before them, which gave `word`. */
  async ask(ctx: WorkflowContext, { n, before, word, took }: Asked): Promise<string[]> {
    const queued = (index: number): Promise<string> =>
      ctx.run(
        'queued',
        async () => {
          this.#begins(ctx.id, 'queued', before)
          await took()
          return `${index} ${word}`
        },
        { key: n % 2 },
      )
    const both = await Promise.all([queued(0), queued(1)])
    const single = async ({ key }: StepContext): Promise<void> => {
      this.#once(key)
      await took()
    }
    await ctx.run('single', single).catch(() => null)
    return both
  }

  static gives(word: string): string[] {
    return [`0 ${word}`, `1 ${word}`]
  }

  /** Of each that is a run by now. */
  expect({ id, row, events }: RunTruth): void {
    this.#queued++
    this.#left += events.filter(({ misfit }) => misfit !== undefined).length
    this.#stage.world.expect(!comesBack(events), 'a queued step was given to a version that had left it to others', () => ({
      run: id,
      name: row.name,
      events,
    }))
  }
}

interface Asked {
  n: number
  before: string
  word: string
  took(): Promise<void>
}

/** Before it was offered to all again. */
function comesBack(events: readonly HistoryEvent[]): boolean {
  const left = new Set<unknown>()
  for (const { is, anew, misfit, version } of events) {
    if (is === 'resumed' || anew === true) left.clear()
    if (is === 'delivered' && left.has(version)) return true
    if (misfit !== undefined) left.add((misfit as { version: string }).version)
  }
  return false
}
