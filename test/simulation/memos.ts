import { type AnyJob, dag } from '@mainspring/sdk'
import { insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const KEPT = 'kept'
const CALL_MS = 3_000
/** So many keys. */
const KEYS = 3

/** What is made of a key, each time another. */
interface Made {
  key: number
  nonce: number
}

/**
 * Runs of a DAG with a task whose results are kept, with few keys, and what must hold of them: a result that is taken in place of running the task is what an earlier
 * run of it gave that has succeeded, for the same key, and is what follows is given.
 */
export class Memos {
  readonly #stage: Stage
  #started = 0
  #hits = 0
  #ended = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): Record<string, number> {
    return { memos: this.#started, memoHits: this.#hits, memosEnded: this.#ended }
  }

  jobs(work: () => Promise<void>, rng: Rng): AnyJob[] {
    const retry = { attempts: 50, initial: 100, maximum: 1_000 }
    const kept = dag(KEPT, { version: '1', defaults: { retention: '1h' } }, d => {
      const make = d.task('make', { retry, cache: { key: 'key {{input:key}}', ttl: '10s' } }, async input => {
        await work()
        const { key } = input as unknown as { key: number }
        return { key, nonce: rng.whole(0, 1_000_000_000) } satisfies Made
      })
      return d.task('use', { after: make, retry }, async made => {
        await work()
        return made
      })
    })
    return [kept] as AnyJob[]
  }

  async starts(rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs * 2))
      if (this.#stage.calm) return
      const n = this.#started++
      const callKey = `${KEPT}-${n}`
      const start = {
        definition: KEPT,
        input: JSON.stringify({ key: n % KEYS }),
        options: { retentionMs: 3_600_000 },
        trigger: { is: 'call' as const },
      }
      await insist(this.#stage, rng, 6, {
        name: callKey,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.start(NAMESPACE, { callKey, by: null, starts: [start] }),
      })
    }
  }

  expectAll(): void {
    const { truth, scenario } = this.#stage
    // What a store that went back has lost may have been kept elsewhere (E2).
    if (scenario.rollbacks) return
    for (const run of truth.runs.values()) if (run.row.kind === 'dag' && run.row.name === KEPT && !run.forgotten) this.#expect(run)
  }

  #expect(run: RunTruth): void {
    const { world, truth } = this.#stage
    const { row, events, closed } = run
    const facts = () => ({ run: run.id, input: row.input, state: row.state, events: events.map(event => JSON.stringify(event)) })
    const { key } = JSON.parse(row.input as string) as { key: number }
    const hit = events.find(({ is, cachedAt }) => is === 'ended' && cachedAt !== undefined)
    if (closed && row.state === 'completed') {
      this.#ended++
      const made = JSON.parse((row as { output?: string }).output as string) as Made
      world.expect(made.key === key, 'a kept result is one of another key', facts)
    }
    if (hit === undefined) return
    this.#hits++
    const source = truth.runs.get(hit.run as string)
    world.expect(source !== undefined, 'a kept result is of no run', facts)
    if (source === undefined || source.forgotten) return
    const output = 'output' in source.row ? source.row.output : undefined
    world.expect(source.row.name === `${KEPT}.make` && source.row.state === 'completed', 'a kept result is of a run that did not succeed', () => ({
      ...facts(),
      source: source.row,
    }))
    world.expect(output === hit.output, 'a kept result is not what its run gave', () => ({ ...facts(), output }))
    world.expect((JSON.parse(output as string) as Made).key === key, 'a kept result is one of another key', facts)
  }
}
