import { type AnyJob, type WorkflowContext, workflow } from '@mainspring/sdk'
import type { RunId } from '../../src/core/ids.ts'
import { AGAIN, insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const CALL_MS = 3_000
const FEED = 'feed'
const TICKS_MAX = 30
const PER_CALL_MAX = 8
const PER_STEP = 3

/**
 * Workflows that take numbered signals in a loop, which come many at a time, and tell of each in a stream, while somebody follows that. What must hold: each signal is taken once
 * and in its order; whoever follows has each chunk once, in order, with the number that it keeps, and all of them in the end; and of what a step writes, what is not void is
 * there once.
 */
export class Feeds {
  readonly #stage: Stage
  #started = 0
  #ended = 0
  #chunks = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): Record<string, number> {
    return { feeds: this.#started, feedsEnded: this.#ended, chunksFollowed: this.#chunks }
  }

  /** The side of the code. */
  static job(version: string, took: () => Promise<void>): AnyJob {
    const retry = { attempts: 50, initial: 50, maximum: 500 }
    return workflow(FEED, { version }, async (count: number, ctx: WorkflowContext) => {
      const out = ctx.stream<number>('out')
      const taken: number[] = []
      while (taken.length < count) {
        const tick = await ctx.waitFor<number>('tick')
        taken.push(tick as number)
        if (taken.length % 2 === 0) await out.write(tick as number)
        else await Promise.all([out.write(tick as number), ctx.run(`s${taken.length}`, step => spell(tick as number, step, took), { retry })])
      }
      return taken
    }) as AnyJob
  }

  async starts(rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs * 6))
      if (this.#stage.calm) return
      const callKey = `feed-${this.#started++}`
      const count = rng.whole(1, TICKS_MAX)
      void this.#begin(callKey, count, rng.fork())
    }
  }

  /** A start that is not answered is repeated until it is: whoever has one that nobody knows of would wait for its signals for ever. */
  async #begin(callKey: string, count: number, rng: Rng): Promise<void> {
    const options = { retentionMs: 3_600_000 }
    const start = { definition: FEED, input: String(count), options, trigger: { is: 'call' as const } }
    for (;;) {
      const outcome = await insist(this.#stage, rng, 6, {
        name: callKey,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.start(NAMESPACE, { callKey, by: null, starts: [start] }),
      })
      // Also where another node does not know its name yet: the first call may have come through.
      if (outcome.is !== 'answer') continue
      const [answer] = outcome.value
      if (answer === undefined || answer.is === 'refused') return
      void this.#send(answer.run, count, rng.fork())
      void this.#follow(answer.run, count, rng.fork())
      return
    }
  }

  /** In their order: a call that is not answered is repeated as it was, until it is. */
  async #send(run: RunId, count: number, rng: Rng): Promise<void> {
    for (let next = 0; next < count; ) {
      await this.#stage.world.sleep(rng.wait(600))
      const ticks = Array.from({ length: Math.min(count - next, rng.whole(1, PER_CALL_MAX)) }, (_, index) => next + index)
      const signals = ticks.map(tick => ({ name: 'tick', payload: String(tick) }))
      const taken = await this.#told(run, signals, `ticks-${run}-${next}`, rng)
      if (taken === null) return
      next += taken
    }
  }

  async #told(run: RunId, signals: { name: string; payload: string }[], id: string, rng: Rng): Promise<number | null> {
    for (;;) {
      const outcome = await insist(this.#stage, rng, 6, {
        name: `ticks ${run.slice(-5)}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.signals(NAMESPACE, run, signals, { id, by: null }),
      })
      if (outcome.is === 'answer') return outcome.value
      if (outcome.is === 'problem' && !AGAIN.has(outcome.error.code)) return null // it is gone, with what the store has lost
    }
  }

  async #follow(run: RunId, count: number, rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    const followed: string[] = []
    let isOver = false
    while (!isOver) {
      await world.sleep(rng.wait(400))
      const page = await this.#page(run, 'out', followed.length - 1, rng)
      if (page === null) return
      followed.push(...page.chunks)
      isOver = page.isLast
    }
    if (scenario.rollbacks || this.#stage.truth.get(run)?.row.state !== 'completed') return
    this.#chunks += followed.length
    const facts = () => ({ run, count, followed })
    world.expect(followed.join() === [...Array(count).keys()].join(), 'who followed a stream did not have each chunk once and in order', facts)
    for (const stream of ['out', 'steps']) {
      const all: string[] = []
      for (let isLast = false; !isLast; ) {
        const page = await this.#page(run, stream, all.length - 1, rng)
        if (page === null) return
        for (const chunk of page.chunks) all.push(chunk)
        isLast = page.isLast
      }
      const valid = stream === 'out' ? all : valids(all)
      const expected = stream === 'out' ? followed : spelled(count)
      world.expect(valid.join() === expected.join(), 'a stream tells something else than was written', () => ({
        ...facts(),
        stream,
        valid,
        expected,
      }))
    }
  }

  /** Chunks behind another; of steps with who wrote them. Null: it is gone. */
  async #page(run: RunId, stream: string, after: number, rng: Rng): Promise<{ chunks: string[]; isLast: boolean } | null> {
    for (;;) {
      const outcome = await insist(this.#stage, rng, 6, {
        name: `follow ${run.slice(-5)}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.stream(NAMESPACE, run, stream, after, rng.whole(1, 5)),
      })
      if (outcome.is === 'problem' && !AGAIN.has(outcome.error.code)) return null
      if (outcome.is !== 'answer') continue
      const { rows, more, closed } = outcome.value
      const chunks: string[] = []
      for (const { last, count, chunks: texts, step, restarted } of rows) {
        const own = texts.split('\n').map((text, index) => (step === null ? text : `${step}${restarted && index === 0 ? '!' : ''} ${text}`))
        // Rows overlap where a page began within one.
        const from = after + 1 + chunks.length - (last - count + 1)
        this.#stage.world.expect(from >= 0 && from <= count && own.length === count, 'a stream has a gap', () => ({
          run,
          stream,
          after,
          last,
          count,
        }))
        chunks.push(...own.slice(from))
      }
      return { chunks, isLast: closed && !more }
    }
  }

  /** Of one that has ended. */
  expect({ id, row, closed, events }: RunTruth): void {
    const { world } = this.#stage
    if (!closed || row.state !== 'completed') return
    this.#ended++
    const { input, output = null } = row as { input: string | null; output?: string | null }
    const expected = JSON.stringify([...Array(Number(input)).keys()])
    world.expect(output === expected, 'signals were not taken once and in their order', () => ({
      run: id,
      output,
      expected,
      events: events.map(({ is, n, taken }) => [is, n, taken].filter(word => word !== undefined).join(' ')),
    }))
  }

  static is({ row }: RunTruth): boolean {
    return row.kind === 'workflow' && row.name === FEED
  }
}

type Step = { stream(name: string): { write(chunk: unknown): Promise<void> } }

async function spell(tick: number, step: Step, took: () => Promise<void>): Promise<number> {
  for (let n = 0; n < PER_STEP; n++) {
    void step.stream('steps').write(`${tick}.${n}`)
    await took()
  }
  return tick
}

/** What steps write of so many ticks, each in its order; sorted, for steps go on beside nothing but the code. */
function spelled(count: number): string[] {
  const ticks = [...Array(count).keys()].filter(tick => tick % 2 === 0)
  return ticks.flatMap(tick => Array.from({ length: PER_STEP }, (_, n) => `s${tick + 1} "${tick}.${n}"`))
}

/** Without what is void. */
function valids(chunks: readonly string[]): string[] {
  return chunks.reduce<string[]>((kept, chunk) => {
    const [step = '', text] = chunk.split(' ')
    const name = step.replace('!', '')
    return [...(step.endsWith('!') ? kept.filter(other => !other.startsWith(`${name} `)) : kept), `${name} ${text}`]
  }, [])
}
