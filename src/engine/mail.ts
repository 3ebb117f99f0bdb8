import { type ActorId, type RunId, slotOf } from '../core/ids.ts'
import type { Answered, ChildClosed, Creates, Decision, Message, StartOrder } from '../core/machine.ts'
import type { HistoryEvent } from '../core/run.ts'
import { machineOf } from '../machines/registry.ts'
import type { KeyName } from '../store/store.ts'
import type { Actor } from './actor.ts'
import { producedBy } from './assets/produced.ts'
import type { ItemLetter } from './batches/items.ts'
import type { PageLetter } from './batches/page.ts'
import type { Definitions } from './definitions.ts'
import { notify } from './notifications.ts'
import { areTogether } from './shares.ts'
import { begin, callName, holders, homeOfPlanned, type Planned, planOrder } from './starts.ts'
import type { World } from './transition.ts'
import { newsOf, type WatchLetter, watch } from './watchers.ts'
import type { Transaction, Work } from './work.ts'

/** Mail that did not go with its sender's batch is tried again after so long, as long as the lane lives; after that its sender repeats it. */
const AGAIN_MS = 100

export interface Office {
  definitions: Definitions
  world: World
  submit(work: Work): void
  ended(): boolean
}

/** What goes from one lane to another (E7): the body of a mail row. */
export type Letter =
  | { is: 'tell'; to: ActorId; input: { is: string }; creates?: Born }
  | { is: 'start'; namespace: string; sender: ActorId; reference: number; run: RunId; order: StartOrder }
  | ItemLetter
  | PageLetter
  | WatchLetter

/** Whom a letter brings into being, if it is not there yet. */
export type Born = Creates & { namespace: string }

/**
 * What a transition sends. Where the receiver is at hand it is applied in the sender's batch: exactly once, in order (E7). Where it must be loaded, or a start
 * is one that may have been sent before, it goes by a work of its own; until it is answered, the sender remembers that it asked. To another lane it goes as a
 * letter, which is written in the sender's batch and taken in one of the receiver's.
 */
export function post(sender: Actor, decision: Decision<HistoryEvent>, transaction: Transaction, office: Office): void {
  // Before its parent, so that what a DAG makes next is an event after those of its tasks.
  for (const message of producedBy(sender, decision.outcome)) tell(sender, message, transaction, office)
  if (decision.outcome !== undefined && sender.parent !== null) {
    const { trigger } = sender.view
    const asked = trigger.is === 'dag' || trigger.is === 'schedule' ? { reference: trigger.n } : {}
    const news: ChildClosed = { is: 'child_closed', run: sender.id, state: decision.outcome.state, outcome: decision.outcome, ...asked }
    give(sender.id, sender.parent, news, transaction)
  }
  if (decision.outcome !== undefined && sender.watchers.length > 0) {
    const input = newsOf(sender)
    for (const to of sender.watchers) tell(sender, { is: 'tell', to, input, kept: true }, transaction, office)
  }
  notify(sender, decision, transaction, office.definitions, office.world)
  const answers: Answered[] = []
  for (const message of decision.messages ?? []) {
    if (message.is === 'tell') tell(sender, message, transaction, office)
    else if (message.is === 'watch') watchRun(sender, message, transaction, office)
    else {
      const answered = start(sender, message, transaction, office)
      if (answered === null) continue
      if (sender.machine.answersTogether) answers.push(answered)
      else transaction.apply(sender, answered)
    }
  }
  if (answers.length > 0) transaction.apply(sender, { is: 'all_answered', answers } as { is: string })
}

/** To one that is at hand if it is here at all. What it was sent before and has not taken comes first. */
export function give(from: ActorId, to: ActorId, input: { is: string }, transaction: Transaction, creates?: Born): void {
  if (transaction.isHere(to) && transaction.between.isFree(from, to)) receive(to, input, transaction, creates)
  else transaction.send(from, to, { is: 'tell', to, input, ...(creates === undefined ? {} : { creates }) })
}

export function receive(to: ActorId, input: { is: string }, transaction: Transaction, creates?: Born): void {
  const receiver = transaction.actor(to) ?? created(to, creates, transaction)
  if (receiver !== null && (!receiver.closed || receiver.machine.late?.includes(input.is))) transaction.apply(receiver, input)
}

function hasParents({ parent }: Actor, transaction: Transaction): boolean {
  for (let id = parent; id !== null && transaction.isHere(id); ) {
    const actor = transaction.actor(id)
    if (actor === null) return false
    id = actor.parent
  }
  return true
}

function created(id: ActorId, creates: Born | undefined, transaction: Transaction): Actor | null {
  if (creates === undefined) return null
  return transaction.create({ id, ...creates, queue: '', createdAt: 0, tags: null, input: null }, machineOf(creates.kind))
}

/** What a receiver does with it may close it: then who is told of that must be at hand, too. */
function tell(sender: Actor, { to, input, creates, kept }: Message & { is: 'tell' }, transaction: Transaction, office: Office): void {
  const { id: from, namespace } = sender
  const born = creates === undefined ? undefined : { ...creates, namespace }
  if (!transaction.isHere(to)) return give(from, to, input, transaction, born)
  const receiver = transaction.actor(to)
  if (receiver !== null && (receiver.parent === from || hasParents(receiver, transaction))) return give(from, to, input, transaction, born)
  if (kept) return transaction.send(from, to, { is: 'tell', to, input, ...(born === undefined ? {} : { creates: born }) })
  submit(office, {
    ids: [to],
    bytes: 200,
    execute: later => give(from, to, input, later, born),
  })
}

/** In its own batch where the run is at hand, else by letter, also within a lane: nobody says it again. */
function watchRun(sender: Actor, { run, over }: Message & { is: 'watch' }, transaction: Transaction, office: Office): void {
  const { id: watcher, namespace } = sender
  const letter: WatchLetter = { is: 'watch', namespace, watcher, run, ...(over && { over }) }
  if (!transaction.isHere(run) || transaction.actor(run) === null) return transaction.send(watcher, run, letter)
  const news = watch(letter, transaction)
  if (news !== null) tell(sender, { is: 'tell', to: watcher, input: news, kept: true }, transaction, office)
}

/** Null: its answer comes later. */
function start(sender: Actor, message: Message & { is: 'start' }, transaction: Transaction, office: Office): Answered | null {
  const { reference, run, order, again } = message
  const { namespace, id } = sender
  if (!transaction.isHere(run)) {
    transaction.send(id, run, { is: 'start', namespace, sender: id, reference, run, order })
    return null
  }
  const asked = { namespace, reference, run, planned: planOrder(namespace, run, order, office.definitions) }
  if (asked.planned === null || (!again && asked.planned.key === null)) return answer(asked, transaction, office.world)
  submit(office, {
    ...needsOf(asked),
    ids: [id, run],
    bytes: 1_000 + (order.input?.length ?? 0),
    execute(later) {
      const asker = later.actor(id)
      if (asker !== null && !asker.closed) later.apply(asker, answer(asked, later, office.world))
    },
  })
  return null
}

export interface StartAsked {
  namespace: string
  reference: number
  run: RunId
  /** Null: there is no such definition. */
  planned: Planned | null
}

/** What is looked at beside the run itself. */
export function needsOf({ namespace, run, planned }: StartAsked): Pick<Work, 'keys' | 'further'> {
  const before = callName(namespace, run)
  if (planned === null) return { keys: [before] }
  const keys: KeyName[] = planned.key === null ? [before] : [before, planned.key]
  return planned.gather === null ? { keys } : { keys, further: later => ({ ids: holders([planned], later) }) }
}

/** It is there, or was and is gone. */
export function wasStarted(namespace: string, run: RunId, transaction: Transaction): boolean {
  return transaction.actor(run) !== null || transaction.key(callName(namespace, run))?.run === run
}

/** One that was there before is not started again. */
export function answer({ namespace, reference, run, planned }: StartAsked, transaction: Transaction, world: World): Answered {
  if (wasStarted(namespace, run, transaction))
    return { is: 'answered', reference, run, closed: transaction.actor(run)?.closed ?? true, refusal: null }
  if (planned === null) return { is: 'answered', reference, run: null, closed: false, refusal: 'unknown-definition' }
  // What decides where it lives has changed since its id was given.
  if (livesElsewhere(run, planned, namespace)) return { is: 'answered', reference, run: null, closed: false, refusal: 'definition-changed' }
  const answered = begin(namespace, planned, { by: null }, transaction, world)
  if (answered.is === 'started') return { is: 'answered', reference, run: answered.run, closed: false, refusal: null }
  const other = answered.is === 'existing' ? answered.run : null
  return { is: 'answered', reference, run: other, closed: false, refusal: answered.is === 'existing' ? 'unique' : answered.problem.code }
}

function livesElsewhere(run: RunId, planned: Planned, namespace: string): boolean {
  const home = homeOfPlanned(namespace, planned)
  return home !== null && !areTogether(home, slotOf(run))
}

function submit(office: Office, work: Pick<Work, 'ids' | 'keys' | 'further' | 'bytes' | 'execute'>): void {
  office.submit({
    ...work,
    done: () => {},
    failed: () => {
      office.world.clock.after(AGAIN_MS, () => office.ended() || submit(office, work))
    },
  })
}
