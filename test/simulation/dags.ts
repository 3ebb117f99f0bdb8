import { Client, type DagBuilder, dag, job, Skip } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import type { RunId } from '../../src/core/ids.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import { ENDING_OF, type Kept } from '../../src/machines/dag/types.ts'
import { freshId, insist, type Stage } from './actors.ts'
import { Awaits } from './awaits.ts'
import { Life } from './life.ts'
import { Memos } from './memos.ts'
import { Past } from './past.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import { sdkConnection } from './sdk.ts'
import type { RunTruth } from './truth.ts'
import { WorkflowWorker } from './workflows.ts'

const CALL_MS = 3_000
const FLOW = 'flow'
const ACTIVE_MAX = 3
/** Some runs are longer, some are not. */
const DEADLINE_MS = 3_000
const LATE = 'late'

interface Input {
  n: number
}

/** What a run gives for an input, worked out without any of what makes it durable. `mended`: what always failed does no more. */
function expected({ n }: Input, mended: boolean): unknown {
  const items = Array.from({ length: n % 4 }, (_, index) => index * n)
  const pairs = [1, 3, 5].slice(0, n % 4).filter(value => value !== 3)
  const skips = n % 3 === 0
  const fails = n % 5 === 4 && !mended
  return fails
    ? 'failed'
    : {
        items: items.length === 0 ? null : items,
        pairs: pairs.length === 0 ? null : pairs,
        odd: skips ? null : 1,
        way: n % 2 === 0 ? 'left' : 'right',
      }
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
  ok: { after: ['list'], rule: 'all_success' },
  'pair.one': { after: ['list'], rule: 'all_success' },
  'pair.two': { after: ['pair.one'], rule: 'all_success' },
  meet: { after: ['each', 'pair.two', 'odd', 'left', 'right', 'bad', 'ok'], rule: 'none_failed' },
  drop: { after: ['meet'], rule: 'all_done' },
}

/** In a mapped group: an item of one waits for that item of the other. */
const TOGETHER: ReadonlySet<string> = new Set(['pair.one', 'pair.two'])

/**
 * DAGs whose tasks fail, are skipped, branch and are mapped, run by the SDK's own worker over the simulated network, and what must hold of them: each task ends
 * once, none is started before its rule lets it, no more at once than there may be, and a run gives what it would give without a crash.
 */
export class Dags {
  readonly #stage: Stage
  #started = 0
  #ended = 0
  #again = 0
  #late = 0
  #answered = 0
  /** What was acknowledged of approvals. */
  readonly #answers = new Map<string, 'approve' | 'reject'>()
  /** Inputs whose code was mended before a run of them was run again. */
  readonly #mended = new Set<number>()

  /** Those that wait for one another. */
  readonly past: Past
  readonly awaits: Awaits
  /** Those whose results are kept. */
  readonly memos: Memos

  constructor(stage: Stage) {
    this.#stage = stage
    this.past = new Past(stage)
    this.awaits = new Awaits(stage)
    this.memos = new Memos(stage)
  }

  get counts(): Record<string, number> {
    return {
      dags: this.#started,
      dagsEnded: this.#ended,
      dagsAgain: this.#again,
      dagsLate: this.#late,
      approvalsAnswered: this.#answered,
      ...this.past.counts,
      ...this.awaits.counts,
      ...this.memos.counts,
    }
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
        run => run.row.kind === 'dag' && run.row.name === FLOW && run.closed && !run.forgotten && !seen.has(run.id) && hasFailed(run),
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

  /** Persons who answer some of what they are asked, each once or twice and not always alike; the rest its deadline does. */
  async answers(rng: Rng): Promise<void> {
    const { world, scenario, truth } = this.#stage
    while (!this.#stage.calm) {
      await world.sleep(rng.wait(scenario.thinkMs * 2))
      const open = [...truth.runs.values()].filter(({ row, closed }) => row.kind === 'approval' && !closed)
      if (open.length === 0 || this.#stage.calm) continue
      const { id: run } = open[rng.whole(0, open.length - 1)] as RunTruth
      const id = freshId(this.#stage, rng)
      const is = rng.chance(0.5) ? 'approve' : 'reject'
      const outcome = await insist(this.#stage, rng, 6, {
        name: `answer-${id}`,
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.approvals.answer(NAMESPACE, run as RunId, { is }, { id, by: 'ana' }),
      })
      if (outcome.is !== 'answer') continue
      this.#answered++
      this.#answers.set(run, is)
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
    const worker = startWorker({
      jobs: [
        this.#flow(life, rng),
        job(LATE, { retention: '1h' }, async () => this.#work(life, rng)),
        this.past.job(() => this.#work(life, rng)),
        ...this.awaits.jobs(() => this.#work(life, rng)),
        ...this.memos.jobs(() => this.#work(life, rng), rng),
      ],
      client,
      slots: rng.whole(1, 5),
      pollWaitMs: 2_000,
      name: life.name,
      log: () => {},
    })
    worker.ready.catch(() => {})
    return new WorkflowWorker(life)
  }

  #flow(life: Life, rng: Rng) {
    const retry = { attempts: 50, initial: 100, maximum: 1_000 }
    const work = (): Promise<void> => this.#work(life, rng)
    const deadlines = [{ from: 'started' as const, within: DEADLINE_MS, job: LATE }]
    return dag(FLOW, { version: '1', maxActiveTasks: ACTIVE_MAX, deadlines, defaults: { retention: '1h' } }, (d: DagBuilder<Input>) => {
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
      const pairs = d.mapGroup(
        'pair',
        d.part(list, 'items'),
        d => {
          const one = d.task('one', { retry }, async item => {
            await work()
            return item * 2
          })
          return d.task('two', { after: one, retry }, async value => {
            await work()
            if (value === 2) throw new Skip('the second')
            return value + 1
          })
        },
        { concurrency: 2 },
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
      const ok = d.approval('ok', { after: list, subject: 'Go on?', deadline: '20s', default: 'approve', onReject: 'continue' })
      const meet = d.task(
        'meet',
        { after: [each, pairs, odd, left, right, list], waitFor: [bad, ok], when: 'none_failed', retry },
        async ([values, both, one, l, r, { n }]) => {
          await work()
          const items = values === null || values.length === 0 ? null : values.map(value => value * n)
          return { items, pairs: both === null || both.length === 0 ? null : both, odd: one, way: l ?? r }
        },
      )
      d.task('drop', { waitFor: meet, when: 'all_done', retry }, async () => work())
      return meet
    })
  }

  async #work(life: Life, rng: Rng): Promise<void> {
    await new Promise<void>(resolve => life.clock().after(rng.wait(40), resolve))
    if (!this.#stage.calm && rng.chance(0.2)) throw new Error('not now')
  }

  expectAll(): void {
    this.awaits.expectAll()
    this.memos.expectAll()
    for (const [id, is] of this.#answers) {
      const run = this.#stage.truth.runs.get(id)
      // What a store that went back has lost is outside of the promises (E2): it is open again, and answered otherwise.
      if (run === undefined || run.forgotten || this.#stage.scenario.rollbacks) continue
      const expected = is === 'approve' ? 'approved' : 'rejected'
      const closing = run.events.at(-1)
      this.#stage.world.expect(closing?.reason === expected && closing.by === 'ana', 'an approval that was acknowledged is another', () => ({
        run: id,
        expected,
        closing,
      }))
    }
    for (const run of this.#stage.truth.runs.values()) if (run.row.kind === 'dag' && run.row.name === FLOW && !run.forgotten) this.#expect(run)
  }

  #expect(run: RunTruth): void {
    const { world } = this.#stage
    const { row, events } = run
    const facts = () => ({ run: run.id, input: row.input, state: row.state, events: events.map(event => JSON.stringify(event)) })
    const isAsked = events.some(({ is }) => is === 'cancel_requested' || is === 'terminated' || is === 'cancelled')
    const held = new Replay(events).held()
    world.expect(held === null, `a DAG: ${held}`, facts)
    this.#expectDeadline(run, facts)
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

  /** One that is open longer than it may be is said to be late once, and whoever is to hear of it does, once; of another nobody hears. */
  #expectDeadline({ id, events, closed }: RunTruth, facts: () => Record<string, unknown>): void {
    const { world, truth } = this.#stage
    const missed = events.filter(({ is, again }) => is === 'deadline_missed' && again !== true)
    const told = [...truth.runs.values()].filter(
      ({ row, events: [started] }) => row.name === LATE && (started?.trigger as { run?: string })?.run === id,
    )
    const dueAt = events.find(({ is }) => is === 'due')?.at
    const endedAt = closed ? (events.at(-1)?.at as number) : Number.POSITIVE_INFINITY
    // At the very moment it may be either.
    if (dueAt !== undefined && endedAt < dueAt + DEADLINE_MS) world.expect(missed.length === 0, 'a DAG that was in time is said to be late', facts)
    // Where the clock jumps over it, its end may come first.
    const isSeen = events.some(({ at }) => dueAt !== undefined && (at as number) > dueAt + DEADLINE_MS && (at as number) < endedAt)
    if (dueAt !== undefined && closed && isSeen) world.expect(missed.length === 1, 'a DAG that was late is not said to be so once', facts)
    if (missed.length > 0) this.#late++
    world.expect(told.length === missed.length, 'a missed deadline is not told once', () => ({ ...facts(), told: told.map(run => run.id) }))
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
        if (this.#verdict(ref) !== 'run') return `${this.#name(ref)} was started before its rule let it`
        if ([...this.#asked].filter(one => !this.#ends.has(one) && this.#ids[one] !== 'ok').length > ACTIVE_MAX)
          return `more than ${ACTIVE_MAX} tasks at once`
      }
    if (event.is === 'ended') {
      const ref = event.ref as number
      if (this.#ends.has(ref)) return `${this.#name(ref)} ended twice`
      if (!this.#asked.has(ref)) return `${this.#name(ref)} ended and was never asked for`
      this.#ends.set(ref, event.as as string)
    }
    if (event.is === 'judged') {
      for (const { n, items } of (event.mapped ?? []) as { n: number; items: number }[]) this.#items.set(n, items)
      for (const { ns, items } of (event.grouped ?? []) as { ns: number[]; items: number }[]) for (const n of ns) this.#items.set(n, items)
      for (const { n, as } of (event.every ?? []) as { n: number; as: string }[])
        for (let item = 0; as !== 'ready' && item < (this.#items.get(n) as number); item++) {
          const ref = item * size + n
          if (!this.#ends.has(ref) && !this.#asked.has(ref)) this.#ends.set(ref, as)
        }
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
  #verdict(ref: number): 'run' | 'other' {
    const size = this.#ids.length
    const n = ref % size
    const { after, rule } = TASKS[this.#ids[n] as string] as (typeof TASKS)[string]
    const isTogether = (id: string): boolean => TOGETHER.has(id) && TOGETHER.has(this.#ids[n] as string)
    const ends = after.flatMap(id => {
      const other = this.#ids.indexOf(id)
      return isTogether(id) ? [this.#ends.get(ref - n + other) ?? 'none'] : this.#endsOf(other)
    })
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
