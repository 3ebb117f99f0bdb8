import type { AnswerId, WorkerId } from '../../src/core/ids.ts'
import type { Ref, TaskResult } from '../../src/core/machine.ts'
import type { BeatAnswer, CompletionAnswer, Delivery, Poll } from '../../src/engine/face.ts'
import type { LogRow } from '../../src/store/store.ts'
import { freshId, insist, type Stage } from './actors.ts'
import { largePayload, passesEdge } from './edge.ts'
import type { Rng } from './rng.ts'
import { DEFINITIONS, NAMESPACE, POISON, QUEUES } from './scenario.ts'

const CALL_MS = 3_000
const POLL_MS = 2_000
const AGAIN_WITHIN_MS = 60_000
/** The longest way of a call or an answer: a lease is counted from when it was sent. */
const LATENCY_MS = 5

interface Attempt {
  task: Delivery
  /** True time at which its lease is over by this worker's own clock: what was sent last before it was heard of. */
  until: number
  lost: boolean
  asked: boolean
  /** Lines logged so far, and the time of the last: within an attempt it never steps back. */
  lines: number
  loggedAt: number
}

const LINES_PER_CALL_MAX = 4

/** A worker process: polls, runs handlers, beats, tells results until they are answered. It can freeze past its leases and die. */
export class Worker {
  readonly id: WorkerId
  readonly #stage: Stage
  readonly #rng: Rng
  readonly #poll: Omit<Poll, 'last' | 'max'>
  readonly #running = new Map<string, Attempt>()
  /** Deliveries that it has had: the same again is dropped (E16). */
  readonly #seen = new Set<string>()
  /** Lines on their way, oldest first: they stay until they are answered. */
  readonly #lines: LogRow[] = []
  #frozen: Promise<void> | null = null
  dead = false

  constructor(stage: Stage, rng: Rng, serveAll: boolean) {
    this.#stage = stage
    this.#rng = rng
    this.id = freshId(stage, rng)
    const serves = serveAll ? DEFINITIONS : rng.shuffle(DEFINITIONS).slice(0, rng.whole(1, 3))
    this.#poll = {
      worker: this.id,
      workerName: `w${this.id.slice(-3)}`,
      queues: serveAll || rng.chance(0.5) ? [] : rng.shuffle(QUEUES).slice(0, rng.whole(1, 2)),
      serves: serves.map(definition => ({ definition, version: '1' })),
      labels: serveAll || rng.chance(0.4) ? { disk: 'fast' } : {},
      slots: rng.whole(1, 4),
      waitMs: POLL_MS,
    }
    void this.#polls()
    void this.#beats()
    void this.#tellsLines()
  }

  die(): void {
    this.dead = true
    for (const { task } of this.#running.values()) this.#stage.holds.handlerEnds(task.delivery)
    this.#stage.world.note(() => `${this.#name} dies with ${this.#running.size} running`)
    if (!this.#rng.chance(0.5)) return
    const { id } = this
    void insist(this.#stage, this.#rng, 1, {
      name: 'gone',
      timeoutMs: CALL_MS,
      run: engine => {
        this.#stage.judge.gone(id)
        return engine.tasks.gone(NAMESPACE, id)
      },
    })
  }

  freeze(ms: number): void {
    this.#stage.holds.frozen(this.id)
    this.#stage.world.note(() => `${this.#name} freezes for ${Math.round(ms)} ms`)
    this.#frozen = this.#stage.world.sleep(ms).then(() => {
      this.#frozen = null
    })
  }

  /** Calls of handlers under way: runs of one bundle share one. */
  get #calls(): number {
    return new Set([...this.#running.values()].map(({ task }) => task.bundle ?? task.delivery)).size
  }

  get #name(): string {
    return this.#poll.workerName
  }

  /** Waits; a frozen worker's time stands still at its end. False: it is dead. */
  async #sleep(ms: number): Promise<boolean> {
    await this.#stage.world.sleep(ms)
    while (this.#frozen !== null) await this.#frozen
    return !this.dead
  }

  async #polls(): Promise<void> {
    const { cluster } = this.#stage
    const last: (AnswerId | null)[] = cluster.nodes.map(() => null)
    let index = this.#rng.whole(0, cluster.nodes.length - 1)
    while (await this.#sleep(this.#rng.between(1, 40))) {
      const max = this.#poll.slots - this.#calls
      if (max <= 0) continue
      const node = cluster.nodes[index] as (typeof cluster.nodes)[number]
      const poll: Poll = { ...this.#poll, max, last: last[index] ?? null }
      const outcome = await cluster.call({
        node,
        name: 'poll',
        timeoutMs: POLL_MS + CALL_MS,
        repeatable: this.#rng.chance(0.2),
        run: (engine, signal) => engine.tasks.poll(NAMESPACE, poll, signal),
        said: said => {
          const { outcome } = said
          if (outcome.is === 'answer' && outcome.value.tasks.length > 0)
            this.#stage.world.note(
              () =>
                `${said.life.name.padEnd(6)} hands ${this.#name} ${outcome.value.tasks.map(({ run, delivery }) => `${run.slice(-5)}/${delivery.slice(-5)}`).join(' ')} answer ${outcome.value.answer.slice(-5)} after ${poll.last?.slice(-5)}`,
            )
        },
      })
      const heardAt = this.#stage.world.now
      if (!(await this.#sleep(0))) return
      if (outcome.is === 'answer') {
        last[index] = outcome.value.answer
        for (const task of outcome.value.tasks) this.#begin(task, heardAt)
      } else {
        index = (index + 1) % cluster.nodes.length
        await this.#sleep(this.#rng.between(20, 300))
      }
    }
  }

  #begin(task: Delivery, heardAt: number): void {
    if (this.#seen.has(task.delivery)) return
    this.#seen.add(task.delivery)
    this.#stage.judge.handlerStarts(this.id, task)
    this.#stage.world.note(() => `${this.#name}   runs ${task.run.slice(-5)} attempt ${task.attempt} ${task.delivery.slice(-5)}`)
    // Elsewhere it waits until it is told, so that there are late results.
    const until = this.#stage.scenario.limited === null ? Number.POSITIVE_INFINITY : heardAt + task.leaseMs - LATENCY_MS
    this.#stage.holds.handlerStarts(this.id, task, this.#stage.world.now > until)
    const attempt: Attempt = { task, until, lost: false, asked: false, lines: 0, loggedAt: 0 }
    this.#running.set(task.delivery, attempt)
    void this.#handle(attempt)
  }

  async #handle(attempt: Attempt): Promise<void> {
    const { calm, scenario } = this.#stage
    const rng = this.#rng
    const duration = calm || rng.chance(0.8) ? rng.wait(120) : rng.wait(2_500)
    let left = Math.min(duration, 6_000)
    while (left > 0 && !attempt.lost && !attempt.asked) {
      const step = Math.min(left, 100, Math.max(0, attempt.until - this.#stage.world.now))
      left -= step
      if (rng.chance(0.25)) this.#log(attempt)
      if (!(await this.#sleep(step))) return
      if (this.#stage.world.now >= attempt.until) this.#lose(attempt)
    }
    this.#stage.holds.handlerEnds(attempt.task.delivery)
    this.#running.delete(attempt.task.delivery)
    // A handler whose lease is lost is aborted; one in a hundred workers does not get it and tells its result all the same.
    if (attempt.lost && !rng.chance(0.3)) return
    const result = this.#result(attempt, scenario.poison)
    await this.#tell(attempt.task, result)
    if (rng.chance(0.1)) {
      if (await this.#sleep(rng.between(0, AGAIN_WITHIN_MS))) await this.#tell(attempt.task, result)
    }
  }

  /** Its signal aborts. */
  #lose(attempt: Attempt): void {
    attempt.lost = true
    this.#stage.holds.handlerEnds(attempt.task.delivery)
  }

  #log(attempt: Attempt): void {
    const { run, attempt: number, delivery } = attempt.task
    attempt.loggedAt = Math.max(attempt.loggedAt, this.#stage.world.wall())
    const n = attempt.lines++
    this.#lines.push({ run, attempt: number, delivery, n, at: attempt.loggedAt, level: 'info', message: `line ${n} of ${delivery}`, fields: null })
  }

  /** One call at a time, repeated until it is answered. */
  async #tellsLines(): Promise<void> {
    while (await this.#sleep(this.#rng.between(50, 150))) {
      const lines = this.#lines.slice(0, LINES_PER_CALL_MAX)
      if (lines.length === 0) continue
      const outcome = await insist<void>(this.#stage, this.#rng, 8, {
        name: 'log',
        timeoutMs: CALL_MS,
        repeatable: true,
        run: engine => engine.tasks.log(NAMESPACE, lines),
        said: said => this.#stage.logs.logged(lines, said),
      })
      if (outcome.is === 'answer') this.#lines.splice(0, lines.length)
    }
  }

  #result({ asked, task }: Attempt, poison: boolean): TaskResult {
    const rng = this.#rng
    if (asked && rng.chance(0.8)) return { is: 'cancelled' }
    if (this.#stage.calm) return { is: 'completed', output: `"${task.delivery}"` }
    const drawn = rng.next()
    const { scenario } = this.#stage
    if (scenario.large && rng.chance(0.02)) return this.#large()
    if (drawn < 0.65) return { is: 'completed', output: poison && rng.chance(0.05) ? `"${POISON}"` : `"${task.delivery}"` }
    const failure = { type: 'Error', message: poison && rng.chance(0.03) ? POISON : 'it did not work' }
    if (drawn < 0.85) return { is: 'failed', failure, retry: true, ...(rng.chance(0.2) ? { delayMs: rng.whole(0, 1_500) } : {}) }
    if (drawn < 0.9) return { is: 'failed', failure, retry: false }
    if (scenario.limited !== null && drawn < 0.96) return { is: 'snoozed', delayMs: rng.whole(50, 2_000), slow: rng.chance(0.3) }
    return { is: 'returned' }
  }

  /** As the SDK does: a result that is too large is a failure that says so. */
  #large(): TaskResult {
    const output = largePayload(this.#rng)
    if (passesEdge(this.#stage.world, [output])) return { is: 'completed', output }
    return { is: 'failed', failure: { type: 'PayloadTooLarge', message: 'the output is too large' }, retry: false }
  }

  /** Until there is an answer; data that the store cannot hold becomes a failure. */
  async #tell(task: Delivery, result: TaskResult): Promise<void> {
    const { run, task: name, attempt, delivery } = task
    const results: (Ref & TaskResult)[] = [{ run, task: name, attempt, delivery, ...result }]
    const outcome = await insist<CompletionAnswer[]>(this.#stage, this.#rng, 8, {
      name: `complete ${run.slice(-5)} ${result.is}`,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: engine => engine.tasks.complete(NAMESPACE, this.id, results),
      said: said => {
        this.#stage.world.note(
          () =>
            `${said.life.name.padEnd(6)} says ${said.outcome.is === 'answer' ? said.outcome.value.join() : said.outcome.error.code} to ${result.is} of ${run.slice(-5)} ${delivery.slice(-5)}`,
        )
        this.#stage.judge.completed(results, said)
      },
    })
    if (outcome.is === 'problem' && outcome.error.code === 'refused-data')
      await this.#tell(task, { is: 'failed', failure: { type: 'Error', message: 'the result was refused' }, retry: false })
  }

  #checkpoint(): { checkpoint?: string } {
    const rng = this.#rng
    const large = this.#stage.scenario.large && !this.#stage.calm && rng.chance(0.05) ? largePayload(rng) : null
    if (large !== null) return passesEdge(this.#stage.world, [large]) ? { checkpoint: large } : {}
    return rng.chance(0.15) ? { checkpoint: `"${rng.whole(0, 99)}"` } : {}
  }

  async #beats(): Promise<void> {
    const rng = this.#rng
    while (await this.#sleep(this.#stage.scenario.leaseMs / 4)) {
      const attempts = [...this.#running.values()].filter(attempt => !attempt.lost)
      if (attempts.length === 0) continue
      const beats = attempts.map(({ task: { run, task, attempt, delivery } }) => ({
        ...{ run, task, attempt, delivery, active: rng.chance(0.7) },
        ...(rng.chance(0.2) ? { progress: { value: rng.next() } } : {}),
        ...this.#checkpoint(),
      }))
      let sentAt = 0
      const outcome = await insist<BeatAnswer[]>(this.#stage, rng, 3, {
        name: 'beat',
        timeoutMs: this.#stage.scenario.leaseMs / 4,
        run: engine => {
          sentAt = this.#stage.world.now - LATENCY_MS
          return engine.tasks.heartbeat(NAMESPACE, this.id, beats)
        },
        said: said => this.#stage.judge.beaten(beats, said),
      })
      if (outcome.is !== 'answer') continue
      for (const [index, answer] of outcome.value.entries()) {
        const attempt = attempts[index] as Attempt
        if (answer === 'lost') this.#lose(attempt)
        else attempt.until = Math.max(attempt.until, sentAt + this.#stage.scenario.leaseMs)
        if (answer === 'cancel') attempt.asked = true
      }
    }
  }
}
