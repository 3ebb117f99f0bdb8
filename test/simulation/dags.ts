import { Client, type DagBuilder, dag, Skip } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import type { RunId } from '../../src/core/ids.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import { ENDING_OF, type Kept } from '../../src/machines/dag/types.ts'
import { freshId, insist, type Stage } from './actors.ts'
import { Life } from './life.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import { sdkConnection } from './sdk.ts'
import type { RunTruth } from './truth.ts'
import { WorkflowWorker } from './workflows.ts'

const CALL_MS = 3_000
const FLOW = 'flow'
const ACTIVE_MAX = 3

interface Input {
  n: number
}

/** What a run gives for an input, worked out without any of what makes it durable. `mended`: what always failed does no more. */
function expected({ n }: Input, mended: boolean): unknown {
  const items = Array.from({ length: n % 4 }, (_, index) => index * n)
  const skips = n % 3 === 0
  const fails = n % 5 === 4 && !mended
  return fails ? 'failed' : { items: items.length === 0 ? null : items, odd: skips ? null : 1, way: n % 2 === 0 ? 'left' : 'right' }
}

/** Of each task: whom it waits for and by which rule, said once more beside the code. */
const TASKS: Readonly<Record<string, { after: readonly string[]; rule: 'all_success' | 'none_failed' | 'all_done' }>> = {
  list: { after: [], rule: 'all_success' },
  each: { after: ['list'], rule: 'all_success' },
  odd: { after: ['list'], rule: 'all_success' },
  way: { after: ['list'], rule: 'all_success' },
  left: { after: ['way'], rule: 'all_success' },
  right: { after: ['way'], rule: 'all_success' },
  bad: { after: ['list'], rule: 'all_success' },
  meet: { after: ['each', 'odd', 'left', 'right', 'bad'], rule: 'none_failed' },
  drop: { after: ['meet'], rule: 'all_done' },
}

/**
 * DAGs whose tasks fail, are skipped, branch and are mapped, run by the SDK's own worker over the simulated network, and what must hold of them: each task ends
 * once, none is started before its rule lets it, no more at once than there may be, and a run gives what it would give without a crash.
 */
export class Dags {
  readonly #stage: Stage
  #started = 0
  #ended = 0
  #again = 0
  /** Inputs whose code was mended before a run of them was run again. */
  readonly #mended = new Set<number>()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): { dags: number; dagsEnded: number; dagsAgain: number } {
    return { dags: this.#started, dagsEnded: this.#ended, dagsAgain: this.#again }
  }

  async starts(rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs * 2))
      if (this.#stage.calm) return
      const n = this.#started++
      const callKey = `flow-${n}`
      const start = {
        definition: FLOW,
        input: JSON.stringify({ n } satisfies Input),
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

  /** A person mends the code, and runs again what failed. */
  async reruns(rng: Rng): Promise<void> {
    const { world, scenario, truth } = this.#stage
    const seen = new Set<string>()
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs * 4))
      const hasFailed = ({ row, events }: RunTruth): boolean =>
        row.state !== 'completed' || events.some(({ is, as }) => is === 'ended' && as === 'failed')
      const failed = [...truth.runs.values()].find(
        run => run.row.kind === 'dag' && run.closed && !run.forgotten && !seen.has(run.id) && hasFailed(run),
      )
      if (failed === undefined || this.#stage.calm) continue
      seen.add(failed.id)
      this.#mended.add((JSON.parse(failed.row.input as string) as Input).n)
      const id = freshId(this.#stage, rng)
      const outcome = await insist(this.#stage, rng, 6, {
        name: `again-${id}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.runs.fork(NAMESPACE, failed.id as RunId, { from: null, reset: false }, { id, by: null }),
      })
      if (outcome.is === 'answer') this.#again++
    }
  }

  /** A worker process, until it is killed. */
  worker(rng: Rng): WorkflowWorker {
    const { world } = this.#stage
    const life = new Life(world, `g${rng.whole(100, 999)}`)
    const client = new Client({
      connection: sdkConnection(this.#stage, life, rng),
      namespace: NAMESPACE,
      clock: life.clock(),
      random: () => rng.next(),
    })
    const worker = startWorker({ jobs: [this.#flow(life, rng)], client, slots: rng.whole(1, 5), pollWaitMs: 2_000, name: life.name, log: () => {} })
    worker.ready.catch(() => {})
    return new WorkflowWorker(life)
  }

  #flow(life: Life, rng: Rng) {
    const clock = life.clock()
    const retry = { attempts: 50, initial: 100, maximum: 1_000 }
    const work = async (): Promise<void> => {
      await new Promise<void>(resolve => clock.after(rng.wait(40), resolve))
      if (!this.#stage.calm && rng.chance(0.2)) throw new Error('not now')
    }
    return dag(FLOW, { version: '1', maxActiveTasks: ACTIVE_MAX, defaults: { retention: '1h' } }, (d: DagBuilder<Input>) => {
      const list = d.task('list', { retry }, async ({ n }) => {
        await work()
        return { n, items: Array.from({ length: n % 4 }, (_, index) => index) }
      })
      const each = d.map(
        'each',
        d.part(list, 'items'),
        async item => {
          await work()
          return item
        },
        { retry, concurrency: 2 },
      )
      const odd = d.task('odd', { after: list, retry }, async ({ n }) => {
        await work()
        if (n % 3 === 0) throw new Skip('even')
        return 1
      })
      const way = d.branch('way', { after: list, retry }, async ({ n }) => {
        await work()
        return n % 2 === 0 ? 'left' : 'right'
      })
      const left = d.task('left', { after: way, retry }, async () => {
        await work()
        return 'left'
      })
      const right = d.task('right', { after: way, retry }, async () => {
        await work()
        return 'right'
      })
      const bad = d.task('bad', { after: list, retry: { attempts: 4, initial: 50 } }, async ({ n }) => {
        if (n % 5 === 4 && !this.#mended.has(n)) throw new Error('always')
      })
      const meet = d.task(
        'meet',
        { after: [each, odd, left, right, list], waitFor: bad, when: 'none_failed', retry },
        async ([values, one, l, r, { n }]) => {
          await work()
          return { items: values === null || values.length === 0 ? null : values.map(value => value * n), odd: one, way: l ?? r }
        },
      )
      d.task('drop', { waitFor: meet, when: 'all_done', retry }, async () => work())
      return meet
    })
  }

  expectAll(): void {
    for (const run of this.#stage.truth.runs.values()) if (run.row.kind === 'dag' && !run.forgotten) this.#expect(run)
  }

  #expect(run: RunTruth): void {
    const { world } = this.#stage
    const { row, events } = run
    const facts = () => ({ run: run.id, input: row.input, state: row.state, events: events.map(event => JSON.stringify(event)) })
    const isAsked = events.some(({ is }) => is === 'cancel_requested' || is === 'terminated' || is === 'cancelled')
    const held = new Replay(events).held()
    world.expect(held === null, `a DAG: ${held}`, facts)
    if (!run.closed || isAsked) return
    this.#ended++
    const trigger = events[0]?.trigger as { from?: object } | undefined
    const gives = expected(JSON.parse(row.input as string) as Input, trigger?.from !== undefined)
    const { output = null } = row as { output?: string | null }
    // A task that was lost too often, or was cancelled by a person, has failed: then the run has.
    const lost = events.some(({ is, as, task }) => is === 'ended' && as === 'failed' && task !== 'bad')
    if (lost) world.expect(row.state === 'failed', 'a DAG whose task failed has not', facts)
    else if (gives === 'failed') world.expect(row.state === 'completed' || row.state === 'failed', 'a DAG that ends', facts)
    else world.expect(output === JSON.stringify(gives), 'a DAG gave something else than its tasks', () => ({ ...facts(), output, gives }))
  }
}

/** Goes through a history and says what does not hold; tasks are known by the order that their ids give them. */
class Replay {
  readonly #events: readonly HistoryEvent[]
  readonly #ids = ordered()
  readonly #ends = new Map<number, string>()
  readonly #items = new Map<number, number>()
  readonly #asked = new Set<number>()

  constructor(events: readonly HistoryEvent[]) {
    this.#events = events
  }

  held(): string | null {
    for (const event of this.#events) {
      const wrong = this.#take(event)
      if (wrong !== null) return wrong
    }
    return null
  }

  #take(event: HistoryEvent): string | null {
    const size = this.#ids.length
    if (event.is === 'started' && event.kept !== undefined) this.#keep(event.kept as Kept)
    if (event.is === 'asked' && event.again !== true)
      for (const ref of event.refs as number[]) {
        if (this.#asked.has(ref)) return `${this.#name(ref)} was asked for twice`
        this.#asked.add(ref)
        if (this.#verdict(ref % size) !== 'run') return `${this.#name(ref)} was started before its rule let it`
        if ([...this.#asked].filter(one => !this.#ends.has(one)).length > ACTIVE_MAX) return `more than ${ACTIVE_MAX} tasks at once`
      }
    if (event.is === 'ended') {
      const ref = event.ref as number
      if (this.#ends.has(ref)) return `${this.#name(ref)} ended twice`
      if (!this.#asked.has(ref)) return `${this.#name(ref)} ended and was never asked for`
      this.#ends.set(ref, event.as as string)
    }
    if (event.is === 'judged') {
      for (const { n, items } of (event.mapped ?? []) as { n: number; items: number }[]) this.#items.set(n, items)
      for (const as of ['skipped', 'upstream_failed'] as const)
        for (const n of (event[as] ?? []) as number[]) {
          if (this.#ends.has(n)) return `${this.#name(n)} ended twice`
          this.#ends.set(n, as)
        }
    }
    return null
  }

  #keep({ tasks, items }: Kept): void {
    const size = this.#ids.length
    for (const [n, letters] of Object.entries(items)) this.#items.set(Number(n), letters.length)
    for (let n = 0; n < size; n++)
      for (const [item, letter] of [...(items[n] ?? (tasks[n] as string))].entries()) {
        const end = ENDING_OF[letter]
        if (end !== undefined) this.#ends.set(item * size + n, end)
      }
  }

  /** By the rule's own words. */
  #verdict(n: number): 'run' | 'other' {
    const { after, rule } = TASKS[this.#ids[n] as string] as (typeof TASKS)[string]
    const ends = after.flatMap(id => this.#endsOf(this.#ids.indexOf(id)))
    const fits = (...allowed: string[]): boolean => ends.every(end => allowed.includes(end))
    if (rule === 'all_success') return fits('success') ? 'run' : 'other'
    return fits('success', 'skipped', ...(rule === 'all_done' ? ['failed', 'upstream_failed'] : [])) ? 'run' : 'other'
  }

  #endsOf(n: number): string[] {
    const items = this.#items.get(n)
    if (items === undefined) return [this.#ends.get(n) ?? 'none']
    return Array.from({ length: items }, (_, item) => this.#ends.get(item * this.#ids.length + n) ?? 'none')
  }

  #name(ref: number): string {
    return `${this.#ids[ref % this.#ids.length]}${ref >= this.#ids.length ? ` item ${Math.floor(ref / this.#ids.length)}` : ''}`
  }
}

/** Those that wait for none that is left, by id. */
function ordered(): string[] {
  const waits = new Map(Object.entries(TASKS).map(([id, { after }]) => [id, new Set(id === 'meet' ? [...after, 'list'] : after)]))
  const order = [...waits]
    .filter(([, after]) => after.size === 0)
    .map(([id]) => id)
    .sort()
  const all = [...waits.keys()].sort()
  for (let next = 0; next < order.length; next++)
    for (const id of all) if (waits.get(id)?.delete(order[next] as string) && waits.get(id)?.size === 0) order.push(id)
  return order
}
