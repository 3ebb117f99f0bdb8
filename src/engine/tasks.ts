import { type AnswerId, newId, type RunId, type WorkerId } from '../core/ids.ts'
import type { Ref, TaskResult } from '../core/machine.ts'
import { nominalTimeOf, type Trigger } from '../core/run.ts'
import type { LogRow } from '../store/store.ts'
import type { Actor } from './actor.ts'
import type { Beat, BeatAnswer, CompletionAnswer, Delivery, Head, Poll, QuestionCalls, StreamAnswer, StreamCall, WorkerCalls } from './face.ts'
import { unavailable } from './lane.ts'
import type { Sizes } from './options.ts'
import type { Match } from './queues/queues.ts'
import type { Tenure } from './tenure.ts'
import type { World } from './transition.ts'
import type { Settle, Transaction, Work } from './work.ts'
import type { WorkerSeen, Workers } from './workers.ts'
import { advanceWork, journalFor } from './workflows/advance.ts'

/** The worker side: poll, complete, heartbeat, log (docs/architecture.md section 8). */
export function workerCalls(
  current: () => Tenure | null,
  tenure: () => Tenure,
  workers: Workers,
  world: World,
  sizes: Sizes,
  listeners: Set<(head: Head) => void>,
): Omit<WorkerCalls, keyof QuestionCalls> {
  return {
    head: (namespace, request) => {
      const worker = workers.polled(namespace, request)
      return current()?.queues.head(worker, request) ?? null
    },
    heads: limit => current()?.queues.heads(limit) ?? [],
    onReady(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    poll: (namespace, request, signal) => poll(tenure(), workers, world, sizes, namespace, request, signal),
    complete: (namespace, worker, results) => complete(tenure(), workers, namespace, worker, results),
    advance: (namespace, worker, advances) => {
      workers.heard(worker)
      refuseElsewhere(tenure(), advances)
      return gather(tenure(), advances, (advance, settle) => advanceWork(tenure(), namespace, worker, advance, settle))
    },
    heartbeat(namespace, worker, beats) {
      // It is there, whoever holds what it runs.
      workers.heard(worker)
      return heartbeat(tenure(), namespace, worker, beats)
    },
    log: (namespace, lines) => log(tenure(), namespace, lines),
    stream(namespace, worker, writes) {
      workers.heard(worker)
      refuseElsewhere(tenure(), writes)
      return gather(tenure(), writes, (write, settle) => streamWork(tenure(), namespace, worker, write, settle))
    },
    async gone(_namespace, worker) {
      workers.gone(worker)
      const current = tenure()
      for (const lease of current.leases.ofWorker(worker)) current.leases.expire(lease)
    },
  }
}

async function poll(
  tenure: Tenure,
  workers: Workers,
  world: World,
  sizes: Sizes,
  namespace: string,
  request: Poll,
  signal: AbortSignal,
): Promise<{ answer: AnswerId; tasks: Delivery[] }> {
  const worker = workers.polled(namespace, request)
  if (worker.lastAnswer !== null && !tenure.lane.fresh()) throw unavailable()
  const again = undelivered(tenure, worker, request.last)
  if (again.length > 0) return answered(worker, again, world)
  const matches = await matched(tenure, worker, request, world, signal)
  const { tasks, recorded } = handOut(tenure, worker, matches, world, sizes)
  // At most once: nothing leaves before it is recorded (E16). One that could not be recorded did not leave, and waits for its lease's end.
  await recorded
  // Recording may have taken longer than the lease: such a task is another's by now, or closed.
  const held = tasks.flatMap(({ task, isDelivered }) => {
    if (!isDelivered()) return []
    const lease = tenure.leases.of(task)
    if (lease !== null) tenure.leases.beat(lease, true)
    return lease === null ? [] : [task]
  })
  const answer = answered(worker, held, world)
  // The node may have stood still since the commit, and another have taken over: what can be given again is, once it is known that none has.
  if (held.length > 0 && !tenure.lane.fresh()) throw unavailable()
  return answer
}

function answered(worker: WorkerSeen, tasks: Delivery[], world: World): { answer: AnswerId; tasks: Delivery[] } {
  const answer = newId(world.clock.now(), world.random)
  worker.lastAnswer = tasks.length === 0 ? null : { id: answer, tasks }
  return { answer, tasks }
}

/** What the worker's last answer held and did not arrive: the same attempt and delivery again, at once (E16). */
function undelivered(tenure: Tenure, worker: WorkerSeen, last: AnswerId | null): Delivery[] {
  const { lastAnswer } = worker
  if (lastAnswer === null || lastAnswer.id === last) return []
  worker.lastAnswer = null
  return lastAnswer.tasks.filter(task => {
    const lease = tenure.leases.of(task)
    if (lease === null || lease.atMostOnce) return false
    tenure.leases.beat(lease, true)
    return true
  })
}

function matched(tenure: Tenure, worker: WorkerSeen, request: Poll, world: World, signal: AbortSignal): Promise<Match[]> {
  if (request.max <= 0 || signal.aborted) return Promise.resolve([])
  return new Promise(resolve => {
    const finish = (matches: Match[]): void => {
      cancelTimer()
      signal.removeEventListener('abort', aborted)
      resolve(matches)
    }
    const takeBack = tenure.queues.wait(worker, request, finish)
    const aborted = (): void => {
      takeBack()
      finish([])
    }
    const cancelTimer = world.clock.after(request.waitMs, aborted)
    signal.addEventListener('abort', aborted)
  })
}

function handOut(
  tenure: Tenure,
  worker: WorkerSeen,
  matches: readonly Match[],
  world: World,
  sizes: Sizes,
): { tasks: { task: Delivery; isDelivered(): boolean }[]; recorded: Promise<unknown> } {
  const tasks: { task: Delivery; isDelivered(): boolean }[] = []
  const recorded: Promise<void>[] = []
  for (const match of matches) {
    const { actor, order, reservation } = match
    const delivery = newId(world.clock.now(), world.random)
    const version = worker.serves.find(({ definition }) => definition === order.definition)?.version ?? null
    let delivered = false
    let executed = false
    let missed = false
    const record = new Promise<void>((resolve, reject) => {
      tenure.lane.submit({
        ids: [actor.id],
        lazy: !match.recorded,
        closesNothing: true,
        bytes: 200,
        execute(transaction) {
          const current = transaction.actor(actor.id)
          // Decided anew after a batch was refused (E14): one that waits for its record has not left. It is offered anew, and keeps what limits it then.
          const isLate = executed && match.recorded
          executed = true
          delivered = false
          if (current === null || missed || isLate) return
          const input = { is: 'deliver', task: order.task, attempt: order.attempt, delivery, worker: worker.id, version }
          delivered = transaction.deliver(current, input, reservation)
        },
        done: resolve,
        failed: reject,
      })
    })
    if (match.recorded && delivered) recorded.push(record)
    else record.catch(() => {})
    if (!delivered) {
      // Not decided at once: it does not leave, and must not be recorded as if it had. Once it is loaded it is offered again; a lane that is overloaded
      // (E23) has it in memory still.
      missed = true
      tenure.queues.missed(match)
    }
    tenure.lane.actors.unpin(actor)
    if (!delivered) continue
    tenure.counters.delivered++
    tenure.waited(actor, order)
    tasks.push({ task: deliveryOf(match, delivery, worker.id, sizes), isDelivered: () => !match.recorded || delivered })
  }
  return { tasks, recorded: Promise.all(recorded) }
}

/** Of which DAG it is a task, and for which time. */
function dagPlaceOf(trigger: Trigger): Delivery['dag'] {
  if (trigger.is !== 'dag') return null
  const { run, task, item, intervalStart } = trigger
  return { run, task, intervalStart, ...(item !== undefined && { item }) }
}

function assetsOf(trigger: Trigger): Pick<Delivery, 'triggeredBy' | 'partition' | 'watermark'> {
  if (trigger.is !== 'schedule' && trigger.is !== 'retry' && trigger.is !== 'dag') return {}
  const assets = trigger.is === 'dag' ? undefined : trigger.assets
  const { partition, watermark } = trigger
  return {
    ...(assets !== undefined && { triggeredBy: assets }),
    ...(partition !== undefined && { partition }),
    ...(watermark !== undefined && { watermark }),
  }
}

function deliveryOf({ actor, order, bundle, cost }: Match, delivery: string, worker: WorkerId, sizes: Sizes): Delivery {
  const { view } = actor
  const { options } = view
  const timeout = options.timeout?.attempt
  const nominalAt = nominalTimeOf(view.trigger)
  return {
    run: actor.id,
    task: order.task,
    attempt: order.attempt,
    delivery,
    taskKey: `${actor.id}/${order.task}`,
    definition: order.definition,
    queue: order.queue,
    attempts: view.attempts,
    input: actor.input,
    checkpoint: view.checkpoint,
    deadline: timeout === undefined ? null : actor.lastAt + timeout,
    timeoutMs: timeout ?? null,
    leaseMs: sizes.leaseMs,
    tags: actor.tags,
    // What a workflow's code makes of it is not what its code began with.
    metadata: (actor.kind === 'workflow' ? (actor.state.started.options ?? {}) : options).metadata ?? null,
    traceparent: actor.state.started?.traceparent ?? null,
    nominalAt,
    dag: dagPlaceOf(view.trigger),
    ...assetsOf(view.trigger),
    latenessMs: nominalAt === null ? null : Math.max(0, actor.lastAt - nominalAt),
    bundle,
    cost,
    ...(options.late !== undefined && { late: options.late }),
    ...journalFor(actor, worker),
  }
}

function complete(
  tenure: Tenure,
  workers: Workers,
  namespace: string,
  worker: WorkerId,
  results: readonly (Ref & TaskResult)[],
): Promise<CompletionAnswer[]> {
  workers.heard(worker)
  refuseElsewhere(tenure, results)
  return gather(tenure, results, (result, settle) => {
    let answer: CompletionAnswer = 'accepted'
    const { run, task, attempt, delivery, ...said } = result
    return {
      ids: [run],
      bytes: 200 + (result.is === 'completed' ? (result.output?.length ?? 0) : 500),
      execute(transaction) {
        const actor = transaction.actor(run)
        answer =
          actor === null || actor.namespace !== namespace
            ? 'unknown'
            : accept(transaction, actor, { is: 'result', task, attempt, delivery, worker, result: said } as { is: string })
        if (said.is === 'snoozed' && said.slow === true && answer === 'accepted') transaction.spend(tenure.slow(actor as Actor, said.delayMs))
      },
      done: () => settle.resolve(answer),
      failed: settle.reject,
    }
  })
}

function accept(transaction: Transaction, actor: Actor, input: { is: string }): CompletionAnswer {
  const decision = transaction.apply(actor, input)
  if (decision === null) return 'superseded'
  const reply = decision.replies?.[0]?.reply
  if (reply === undefined || reply.ok) return 'accepted'
  return reply.code === 'closed' ? 'closed' : 'superseded'
}

async function heartbeat(tenure: Tenure, namespace: string, worker: WorkerId, beats: readonly Beat[]): Promise<BeatAnswer[]> {
  if (!tenure.lane.fresh()) throw unavailable()
  refuseElsewhere(tenure, beats)
  return gather(tenure, beats, (beat, settle) => {
    const lease = tenure.leases.of(beat)
    if (lease !== null) {
      tenure.leases.beat(lease, beat.active === true || beat.progress !== undefined || beat.checkpoint !== undefined)
      if (beat.stuck !== undefined) lease.stuck = beat.stuck
      if (beat.progress === undefined && beat.checkpoint === undefined) {
        settle.resolve(lease.cancelling ? 'cancel' : 'held')
        return null
      }
    }
    return reportWork(namespace, worker, beat, settle)
  })
}

/** Progress and checkpoints are kept; a delivery that nobody here knows of is adopted, if it is one of the current attempt (E15). */
function reportWork(namespace: string, worker: WorkerId, beat: Beat, settle: Settle<BeatAnswer>): Work {
  let answer: BeatAnswer = 'held'
  const { run, task, attempt, delivery, progress, checkpoint } = beat
  return {
    ids: [run],
    bytes: 300 + (checkpoint?.length ?? 0),
    execute(transaction) {
      answer = 'held'
      const actor = transaction.actor(run)
      if (actor === null || actor.namespace !== namespace) {
        answer = 'lost'
        return
      }
      const input = {
        is: 'report',
        task,
        attempt,
        delivery,
        worker,
        ...(progress === undefined ? {} : { progress }),
        ...(checkpoint === undefined ? {} : { checkpoint }),
      }
      if (accept(transaction, actor, input) !== 'accepted' || actor.view.state !== 'running') answer = 'lost'
      else if (actor.view.reason === 'cancelling') answer = 'cancel'
    },
    done: () => settle.resolve(answer),
    failed: settle.reject,
  }
}

function log(tenure: Tenure, namespace: string, lines: readonly LogRow[]): Promise<void> {
  if (lines.length === 0) return Promise.resolve()
  refuseElsewhere(tenure, lines)
  const ids = [...new Set(lines.map(({ run }) => run))]
  return new Promise((resolve, reject) =>
    tenure.lane.submit({
      ids,
      bytes: lines.reduce((sum, { message, fields }) => sum + 100 + message.length + (fields?.length ?? 0), 0),
      execute(transaction) {
        const known = new Set<RunId>(ids.filter(id => transaction.actor(id)?.namespace === namespace))
        transaction.log(lines.filter(({ run }) => known.has(run)))
        for (const line of lines) {
          const lease = tenure.leases.of(line)
          if (lease !== null) tenure.leases.beat(lease, true)
        }
      },
      done: resolve,
      failed: reject,
    }),
  )
}

/** Of whoever has the task: what an attempt writes that is over bounces as its result does. */
function streamWork(tenure: Tenure, namespace: string, worker: WorkerId, call: StreamCall, settle: Settle<StreamAnswer>): Work {
  const { run, task, attempt, delivery, ...write } = call
  let answer: StreamAnswer = 'kept'
  return {
    ids: [run],
    bytes: write.chunks.reduce((sum, chunk) => sum + chunk.length, 300),
    execute(transaction) {
      answer = 'lost'
      const actor = transaction.actor(run)
      if (actor === null || actor.namespace !== namespace) return
      if (accept(transaction, actor, { is: 'report', task, attempt, delivery, worker } as { is: string }) !== 'accepted') return
      answer = transaction.append(actor, { ...write, attempt: write.step?.attempt ?? attempt }) ?? 'kept'
      const lease = tenure.leases.of({ run, delivery })
      if (lease !== null) tenure.leases.beat(lease, true)
    },
    done: () => settle.resolve(answer),
    failed: settle.reject,
  }
}

/** What lives in another lane is not known here: the whole call may be repeated where it is. */
function refuseElsewhere({ lane }: Tenure, items: readonly { run: RunId }[]): void {
  if (!items.every(({ run }) => lane.isHere(run))) throw unavailable()
}

/** One work an item, one answer for all: it leaves when the last is committed, and fails when one does (the whole call may be repeated). */
function gather<T, A>(tenure: Tenure, items: readonly T[], work: (item: T, settle: Settle<A>) => Work | null): Promise<A[]> {
  return new Promise((resolve, reject) => {
    const answers: A[] = new Array(items.length)
    let open = items.length
    if (open === 0) resolve(answers)
    items.forEach((item, index) => {
      const made = work(item, {
        resolve: value => {
          answers[index] = value
          if (--open === 0) resolve(answers)
        },
        reject,
      })
      if (made !== null) tenure.lane.submit(made)
    })
  })
}
