import { labelsFit } from '../../src/core/gates.ts'
import type { AnswerId, RunId, WorkerId } from '../../src/core/ids.ts'
import type { Ref, TaskResult } from '../../src/core/machine.ts'
import type { HistoryEvent } from '../../src/core/run.ts'
import type {
  Beat,
  BeatAnswer,
  Command,
  CompletionAnswer,
  Delivery,
  LiveEvent,
  PauseTarget,
  Poll,
  RunChangeCall,
  RunDetail,
  StartAnswer,
  StartCall,
} from '../../src/engine/face.ts'
import type { LogBook } from './books.ts'
import type { Said } from './cluster.ts'
import { POISON, type Scenario } from './scenario.ts'
import type { Throwing } from './throwing.ts'
import { askedOf, type RunTruth, type Truth } from './truth.ts'
import type { World } from './world.ts'

/** Clocks of leases and of this judge may differ by one event's rounding. */
const SLACK_MS = 1

/**
 * Judges every answer at the moment a node gives it, heard or not: it must follow from what is committed (E4). In a world whose store goes backwards
 * (E2), what was true once may still be said.
 */
export class Judge {
  readonly #world: World
  readonly #truth: Truth
  readonly #scenario: Scenario
  readonly #throwing: Throwing
  readonly #logs: LogBook
  /** The run that a call's nth start was first answered with. */
  readonly #answered = new Map<string, RunId>()
  readonly #retried = new Map<string, RunId>()
  /** True time of the last sign of a delivery that an owner heard. */
  readonly #signs = new Map<string, number>()
  readonly #given = new Map<string, number>()
  readonly #handlers = new Map<string, number>()
  /** What each delivery was to work on. */
  readonly #inputs = new Map<string, string | null>()
  readonly #gone = new Set<WorkerId>()
  /** Pauses that were acknowledged and that nobody has asked to lift since. */
  readonly #paused = new Set<string>()
  readonly counts = { starts: 0, deliveries: 0, accepted: 0, commands: 0, live: 0, resumed: 0, changed: 0, replaced: 0 }

  constructor(world: World, truth: Truth, scenario: Scenario, throwing: Throwing, logs: LogBook) {
    this.#world = world
    this.#truth = truth
    this.#scenario = scenario
    this.#throwing = throwing
    this.#logs = logs
    truth.onEvent = (run, event) => this.#happened(run, event)
  }

  started(call: StartCall, { outcome }: Said<StartAnswer[]>): void {
    if (outcome.is === 'problem') {
      if (outcome.error.code === 'refused-data') this.#expectPoison(call.starts.map(start => start.input).join())
      if (outcome.error.code === 'internal') this.#expectNothingOf(call)
      return
    }
    this.counts.starts += outcome.value.length
    for (const [index, answer] of outcome.value.entries()) {
      if (answer.is === 'refused') {
        // A part of the call that lives in one place is refused as a whole.
        if (answer.problem.code === 'refused-data') this.#expectPoison(call.starts.map(start => start.input).join())
        if (answer.problem.code === 'internal')
          this.#world.expect(call.starts.some(isMarked), 'a start failed and no machine threw (E14)', () => ({ call: call.callKey }))
        continue
      }
      const { run } = answer
      if (answer.is === 'existing' && answer.replaced) {
        this.counts.replaced++
        this.#expectReplaced(run, call.starts[index]?.input ?? null)
      }
      this.#world.expect(this.#truth.ever.has(run), `a start was answered "${answer.is}" and the run is not committed (E4)`, () => ({ run, answer }))
      if (call.callKey === null) continue
      const name = `${call.callKey}#${index}`
      const first = this.#answered.get(name)
      const gone = first !== undefined && this.#isGone(first)
      // What a store that went back has lost of the first answer is outside of the promises (E2).
      const isKept = first === undefined || gone || first === run || this.#scenario.rollbacks
      this.#world.expect(isKept, 'a repeated call was answered with another run (E9)', () => ({
        call: name,
        first,
        run,
      }))
      if (first === undefined || gone) this.#answered.set(name, run)
      const key = call.starts[index]?.key
      if (key !== undefined && !this.#scenario.rollbacks)
        this.#world.expect(
          this.#truth.get(run)?.row.tags?.key === `${call.starts[index]?.definition} ${key}`,
          'a key was answered with a run of another',
          () => ({ key, run }),
        )
    }
  }

  commanded(kind: 'cancel' | 'terminate' | 'retry', run: RunId, command: Command, said: Said<RunId | null>): void {
    const { outcome } = said
    const truth = this.#truth.get(run)
    this.counts.commands++
    if (outcome.is === 'problem') {
      const { code } = outcome.error
      this.#notFound(run, code, said)
      if (code === 'run-closed') this.#world.expect(this.#isClosed(run), '"closed" was said of a run that is not (E4)', () => ({ run, kind }))
      if (code === 'internal')
        this.#world.expect(kind === 'cancel' && this.#throwing.threw(run), 'a command failed and no machine threw (E14)', () => ({ run, kind }))
      if (code === 'run-open') this.#world.expect(kind === 'retry', 'a command was refused as if it were a retry', () => ({ run, kind }))
      return
    }
    if (kind === 'retry') {
      const retried = outcome.value as RunId
      const first = this.#retried.get(command.id)
      this.#world.expect(this.#truth.ever.has(retried), 'a retry was answered and its run is not committed (E4)', () => ({ run, retried }))
      const same = first === undefined || first === retried || this.#isGone(first)
      this.#world.expect(same, 'a repeated retry was answered with another run (E9)', () => ({ command: command.id, first, retried }))
      this.#retried.set(command.id, retried)
      return
    }
    const asked = kind === 'cancel' && truth?.events.some(event => event.is === 'cancel_requested')
    // The machine threw at it: it is kept, and taken again when the run is resumed.
    const kept = kind === 'cancel' && this.#throwing.kept(run, command.id)
    this.#world.expect(this.#isClosed(run) || asked === true || kept, `a ${kind} was acknowledged and is not committed (E4)`, () => ({ run }))
  }

  changed(run: RunId, command: Command, asked: RunChangeCall, said: Said<void>): void {
    const { outcome } = said
    const truth = this.#truth.get(run)
    this.counts.commands++
    if (outcome.is === 'problem') {
      const { code } = outcome.error
      this.#notFound(run, code, said)
      if (code === 'refused-data') this.#expectPoison(String(asked.input))
      if (code === 'run-closed') this.#world.expect(this.#isClosed(run), '"closed" was said of a run that is not (E4)', () => ({ run }))
      if (code !== 'run-begun' || truth === undefined || this.#scenario.rollbacks) return
      const begun =
        truth.row.kind === 'batch' || truth.stuck !== null || this.#throwing.wasStuck(run) || truth.events.some(({ is }) => is === 'delivered')
      this.#world.expect(begun, '"begun" was said of a run that is not (E4)', () => ({ run }))
      return
    }
    this.counts.changed++
    this.#expectTold(run, 'changed', command)
  }

  /** An acknowledged command stands in the history. */
  #expectTold(run: RunId, is: string, command: Command): void {
    const truth = this.#truth.get(run)
    if (this.#scenario.rollbacks || truth === undefined || truth.purged) return
    const told = truth.events.filter(event => event.is === is && event.command === command.id).length
    this.#world.expect(told === 1, `a command was acknowledged and is not committed once (E4, E9): ${is}`, () => ({ run, command: command.id, told }))
  }

  resumed(run: RunId, command: Command, said: Said<void>): void {
    const { outcome, arrivedAt } = said
    const truth = this.#truth.get(run)
    const same = truth !== undefined && truth.stuck !== null && !truth.closed && truth.stuckSince < arrivedAt
    if (outcome.is === 'answer') this.counts.resumed++
    else this.#notFound(run, outcome.error.code, said)
    if (this.#scenario.rollbacks) return
    if (outcome.is === 'problem' && outcome.error.code === 'not-stuck')
      this.#world.expect(!same, 'a stuck run was said not to be (E14)', () => ({ run, stuck: truth?.stuck }))
    if (outcome.is === 'answer' && !this.#throwing.wasStuck(run)) this.#expectTold(run, 'resumed', command)
    // Or its machine threw again.
    if (outcome.is === 'answer')
      this.#world.expect(!same || this.#throwing.threw(run, arrivedAt), 'a resume was acknowledged and is not committed (E4)', () => ({ run }))
  }

  /** Deliveries: recorded first where they must be (E16), of the committed attempt, within gates. */
  polled(poll: Poll, { outcome, life, arrivedAt }: Said<{ answer: AnswerId; tasks: Delivery[] }>): void {
    if (outcome.is === 'problem') return
    const { tasks } = outcome.value
    // What did not arrive is given again as it was, also to an older call that the network repeats, and what did not leave once it was recorded (E16). One call
    // of a handler takes one slot, however many runs it is of.
    const isNew = ({ delivery }: Delivery): boolean => !this.#given.has(delivery) && !((this.#truth.recordedAt.get(delivery) ?? Infinity) < arrivedAt)
    const calls = new Set(tasks.filter(isNew).map(({ bundle, delivery }) => bundle ?? delivery)).size
    this.#world.expect(calls <= poll.max, 'a poll was given more than it asked for', () => ({ max: poll.max, given: calls }))
    for (const task of tasks) {
      const truth = this.#truth.get(task.run)
      const facts = () => ({
        task: { run: task.run, attempt: task.attempt, delivery: task.delivery },
        attempt: truth?.attempt,
        recorded: truth?.delivery,
        closed: truth?.closed,
        life: life.name,
      })
      this.counts.deliveries++
      if (truth === undefined) {
        this.#world.expect(this.#truth.ever.has(task.run), 'a task left before its run was committed (E16)', facts)
        continue
      }
      const recorded = truth.delivery === task.delivery
      this.#inputs.set(task.delivery, task.input)
      const times = (this.#given.get(task.delivery) ?? 0) + 1
      this.#given.set(task.delivery, times)
      this.#signs.set(task.delivery, this.#world.now)
      if (!this.#scenario.rollbacks) {
        this.#world.expect(!truth.closed, 'a task of a closed run was handed out', facts)
        this.#world.expect(truth.attempt === task.attempt, 'a task left whose attempt is not the committed one (E16)', facts)
        this.#world.expect(truth.delivery === null || recorded, 'a task left while another delivery is recorded (E15)', facts)
        // One that left unrecorded and was changed since is refused when it speaks (E15).
        const { inputs } = askedOf(truth)
        this.#world.expect(recorded ? inputs.at(-1) === task.input : inputs.includes(task.input), 'a task left with another input', facts)
      }
      if (!this.#scenario.rollbacks && askedOf(truth).once) {
        this.#world.expect(recorded, 'a task with attempts: 1 left before its delivery was recorded (E16)', facts)
        this.#world.expect(times === 1, 'a task with attempts: 1 was given twice (E16)', facts)
      }
      const provedMs = this.#world.now - life.provedAt
      this.#world.expect(
        recorded || provedMs < this.#scenario.claimTtlMs / 2 + SLACK_MS,
        'an unrecorded delivery left a lane that may be dead (E16)',
        () => ({ ...facts(), provedMs }),
      )
      this.#fits(poll, task, truth, times)
    }
  }

  #fits(poll: Poll, task: Delivery, truth: RunTruth, times: number): void {
    const { row, delivery } = truth
    const facts = () => ({ run: task.run, queue: task.queue, definition: task.definition, worker: poll.worker })
    this.#world.expect(
      poll.serves.some(({ definition }) => definition === task.definition),
      'a task was given to a worker that does not serve it',
      facts,
    )
    this.#world.expect(poll.queues.length === 0 || poll.queues.includes(task.queue), 'a task was given to a worker of another queue', facts)
    this.#world.expect(
      askedOf(truth).replaced || labelsFit(askedOf(truth).labels, poll.labels),
      'a task was given to a worker without its labels',
      facts,
    )
    const paused = [`queue ${task.queue}`, `definition ${row.name}`, 'namespace '].find(name => this.#paused.has(name))
    if (this.#scenario.rollbacks) return
    // One whose record is committed was delivered before the pause, though its answer comes after (E16).
    this.#world.expect(
      times > 1 || delivery === task.delivery || paused === undefined,
      'a task was handed out under an acknowledged pause (E21)',
      () => ({ ...facts(), paused }),
    )
  }

  handlerStarts(worker: WorkerId, task: Delivery): void {
    // One that was parked and resumed by a person has another attempt.
    const name = `${task.run} ${task.attempt}`
    const times = (this.#handlers.get(name) ?? 0) + 1
    this.#handlers.set(name, times)
    const truth = this.#truth.get(task.run)
    if (task.attempts !== 1 || this.#scenario.rollbacks || (truth !== undefined && askedOf(truth).replaced)) return
    this.#world.expect(times === 1, 'a handler with attempts: 1 started twice (E16)', () => ({ run: task.run, worker }))
  }

  completed(results: readonly (Ref & TaskResult)[], { outcome, arrivedAt }: Said<CompletionAnswer[]>): void {
    if (outcome.is === 'problem') {
      if (outcome.error.code === 'refused-data') this.#expectPoison(JSON.stringify(results))
      return
    }
    for (const [index, answer] of outcome.value.entries()) {
      const result = results[index] as Ref & TaskResult
      const { run, delivery } = result
      const truth = this.#truth.get(run)
      const facts = () => ({
        answer,
        run,
        attempt: result.attempt,
        delivery,
        result: result.is,
        now: truth?.attempt,
        recorded: truth?.delivery,
        closed: truth?.closed,
      })
      if (answer === 'accepted') {
        this.counts.accepted++
        this.#expectOfInput(truth, delivery)
        this.#world.expect(
          this.#truth.everEnded.has(`${run} ${delivery} ${result.is}`),
          'a result was accepted and is not the recorded outcome (P3, E4)',
          facts,
        )
      } else if (truth === undefined || truth.purged || this.#scenario.rollbacks) continue
      else if (answer === 'closed') this.#world.expect(truth.closed, 'a result was told "closed" and the run is open (E4)', facts)
      else if (answer === 'unknown') this.#world.expect(truth.bornAt >= arrivedAt, 'a result was told "unknown" and the run is there', facts)
      else {
        const ended = truth.events.some(event => event.delivery === delivery && event.is !== 'delivered')
        // Another delivery of the attempt was recorded; it may have been given back in the same commit.
        const other = truth.events.some(event => event.is === 'delivered' && event.attempt === result.attempt && event.delivery !== delivery)
        const later = truth.attempt > result.attempt || other
        // It was kept as a dead letter, or came while the run was stuck on another.
        const stuck = truth.stuck !== null || this.#throwing.wasStuck(run)
        // What it was to do, or when, has changed since it left unrecorded.
        const changed = truth.events.some(event => event.is === 'changed')
        this.#world.expect(ended || later || truth.closed || stuck || changed, 'a result was told "superseded" by nothing (P3)', facts)
      }
    }
  }

  /** What was worked on is what the run was to do when its delivery was recorded. */
  #expectOfInput(truth: RunTruth | undefined, delivery: string): void {
    const given = this.#inputs.get(delivery)
    if (truth === undefined || truth.purged || given === undefined || this.#scenario.rollbacks) return
    const recorded = truth.events.findIndex(event => event.is === 'delivered' && event.delivery === delivery)
    if (recorded < 0) return
    const { inputs } = askedOf({ ...truth, events: truth.events.slice(0, recorded) })
    this.#world.expect(inputs.at(-1) === given, 'a result was accepted of an input that was changed before (E15)', () => ({
      run: truth.id,
      delivery,
      given,
      inputs,
    }))
  }

  beaten(beats: readonly Beat[], { outcome, arrivedAt }: Said<BeatAnswer[]>): void {
    if (outcome.is === 'problem') return
    for (const [index, answer] of outcome.value.entries()) {
      const { run, delivery } = beats[index] as Beat
      const truth = this.#truth.get(run)
      if (answer !== 'lost') this.#signs.set(delivery, Math.max(arrivedAt, this.#signs.get(delivery) ?? 0))
      if (truth === undefined || truth.purged || this.#scenario.rollbacks) continue
      if (answer === 'cancel') {
        const asked = truth.closed || truth.events.some(event => event.is === 'cancel_requested')
        this.#world.expect(asked, 'a handler was told of a cancel that is not committed (E4)', () => ({ run, delivery }))
      }
      const stuck = truth.stuck !== null || this.#throwing.wasStuck(run)
      if (answer === 'lost')
        this.#world.expect(truth.closed || truth.delivery !== delivery || stuck, 'a worker was told "lost" of the recorded delivery', () => ({
          run,
          delivery,
          at: truth.attempt,
        }))
    }
  }

  gone(worker: WorkerId): void {
    this.#gone.add(worker)
  }

  /** `knownBefore`: events that were committed when the read began. */
  historyRead(run: RunId, knownBefore: number, said: Said<HistoryEvent[]>): void {
    if (said.outcome.is === 'problem') return this.#notFound(run, said.outcome.error.code, said)
    const truth = this.#truth.get(run)
    if (truth === undefined || truth.purged || this.#scenario.rollbacks) return
    const { value } = said.outcome
    const differs = value.findIndex((event, index) => JSON.stringify(event) !== truth.texts[index])
    this.#world.expect(differs < 0, 'a history was read that is not the committed one (E4)', () => ({ run, number: differs, read: value[differs] }))
    this.#world.expect(value.length >= knownBefore, 'a history was read without what was committed before', () => ({
      run,
      read: value.length,
      knownBefore,
    }))
  }

  got(run: RunId, said: Said<RunDetail>): void {
    if (said.outcome.is === 'problem') return this.#notFound(run, said.outcome.error.code, said)
    const truth = this.#truth.get(run)
    if (truth === undefined || truth.purged || this.#scenario.rollbacks) return
    const { state } = said.outcome.value
    const said_ = said.outcome.value.closedAt !== null
    this.#world.expect(!said_ || (truth.closed && truth.row.state === state), 'a run was read as closed otherwise than committed (E4)', () => ({
      run,
      state,
      is: truth.row.state,
    }))
  }

  /** Call before a pause is lifted, and after one was acknowledged. */
  paused({ scope, name }: PauseTarget, on: boolean): void {
    if (on) this.#paused.add(`${scope} ${name}`)
    else this.#paused.delete(`${scope} ${name}`)
  }

  live(event: LiveEvent): void {
    if (event.is === 'log') this.#logs.told(event.lines)
    if (event.is !== 'run') return
    this.counts.live++
    const { run, events, sequence } = event
    const truth = this.#truth.get(run.id)
    if (truth?.purged || this.#scenario.rollbacks) return
    this.#world.expect(truth !== undefined, 'a live event tells of a run that is not committed (E4)', () => ({ run: run.id }))
    for (const [index, told] of events.entries()) {
      const number = sequence - events.length + 1 + index
      this.#world.expect(JSON.stringify(told) === truth?.texts[number], 'a live event is not the committed one (E4)', () => ({
        run: run.id,
        number,
        told,
        is: truth?.texts[number] ?? null,
      }))
    }
  }

  /** An event is committed. Leases are counted: nothing is lost that gave a sign within its lease (E20). */
  #happened(run: RunTruth, event: HistoryEvent): void {
    if (event.why !== 'lost' && event.reason !== 'lost') return
    if (event.result !== 'lost') return
    const sign = this.#signs.get(event.delivery as string)
    const delivered = run.events.find(other => other.is === 'delivered' && other.delivery === event.delivery)
    if (sign === undefined || (delivered !== undefined && this.#gone.has(delivered.worker as string))) return
    const silentMs = this.#world.now - sign
    this.#world.expect(silentMs >= this.#scenario.leaseMs - SLACK_MS, 'a delivery was lost that gave a sign within its lease (E20)', () => ({
      run: run.id,
      delivery: event.delivery,
      silentMs,
    }))
  }

  /** A start whose machine threw made none of the runs of its call, and took none of their keys (E14). */
  #expectNothingOf(call: StartCall): void {
    this.#world.expect(call.starts.some(isMarked), 'a start failed and no machine threw (E14)', () => ({ call: call.callKey }))
    // Of several nodes each does its part: a repeated call may find together what was apart, and in part done.
    if (call.callKey === null || this.#scenario.rollbacks || this.#scenario.nodes > 1) return
    const there = call.starts.flatMap((_, index) => this.#truth.called.get(`${call.callKey}#${index}`) ?? [])
    this.#world.expect(there.length === 0, 'a start failed, and some of its runs are there (E14)', () => ({ call: call.callKey, there }))
  }

  /** A start that replaced what a run was to do stands in its history. */
  #expectReplaced(run: RunId, input: string | null): void {
    const truth = this.#truth.get(run)
    if (this.#scenario.rollbacks || truth === undefined || truth.purged) return
    const { inputs } = askedOf(truth)
    this.#world.expect(inputs.includes(input), 'a start was answered "replaced" and the run has not its input (E4)', () => ({ run, input, inputs }))
  }

  #isClosed(run: RunId): boolean {
    const truth = this.#truth.get(run)
    return truth === undefined ? this.#truth.ever.has(run) : truth.closed || truth.purged || this.#scenario.rollbacks
  }

  /** Taken by a rollback. What retention drops leaves a tombstone: a late repeat finds it (E9). */
  #isGone(run: RunId): boolean {
    return this.#scenario.rollbacks && (this.#truth.get(run)?.forgotten ?? true)
  }

  #notFound(run: RunId, code: string, { arrivedAt }: { arrivedAt: number }): void {
    const truth = this.#truth.get(run)
    if (code !== 'run-not-found' || truth === undefined || truth.purged || this.#scenario.rollbacks) return
    this.#world.expect(truth.bornAt >= arrivedAt, 'a committed run was not found (P1)', () => ({ run }))
  }

  #expectPoison(text: string): void {
    this.#world.expect(text.includes(POISON), 'data was refused that is not at fault (E14)', () => ({ text: text.slice(0, 200) }))
  }
}

/** Its machine may throw when it starts. */
export function isMarked({ options }: StartCall['starts'][number]): boolean {
  return options.tags?.throws?.startsWith('start') ?? false
}
