import type { Answered, ChildClosed, Decision, Message } from '../core/machine.ts'
import type { HistoryEvent } from '../core/run.ts'
import type { Actor } from './actor.ts'
import type { Definitions } from './definitions.ts'
import { tellHook } from './failure-hook.ts'
import { begin, callName, holders, type Planned, planOrder } from './starts.ts'
import type { World } from './transition.ts'
import type { Transaction, Work } from './work.ts'

/** Mail that did not go with its sender's batch is tried again after so long, as long as the lane lives; after that its sender repeats it. */
const AGAIN_MS = 100

export interface Office {
  definitions: Definitions
  world: World
  submit(work: Work): void
  ended(): boolean
}

/**
 * What a transition sends. Where the receiver is at hand it is applied in the sender's batch: exactly once, in order (E7). Where it must be loaded, or a start
 * is one that may have been sent before, it goes by a work of its own; until it is answered, the sender remembers that it asked.
 */
export function post(sender: Actor, decision: Decision<HistoryEvent>, transaction: Transaction, office: Office): void {
  if (decision.outcome !== undefined && sender.parent !== null) {
    const parent = transaction.actor(sender.parent)
    const news: ChildClosed = { is: 'child_closed', run: sender.id, state: decision.outcome.state, outcome: decision.outcome }
    if (parent !== null && !parent.closed) transaction.apply(parent, news)
  }
  tellHook(sender, decision, transaction, office.definitions, office.world)
  for (const message of decision.messages ?? []) {
    if (message.is === 'tell') tell(message, transaction, office)
    else start(sender, message, transaction, office)
  }
}

function tell({ to, input }: Message & { is: 'tell' }, transaction: Transaction, office: Office): void {
  const receiver = transaction.actor(to)
  if (receiver !== null) {
    if (!receiver.closed) transaction.apply(receiver, input)
    return
  }
  submit(office, {
    ids: [to],
    bytes: 200,
    execute(later) {
      const loaded = later.actor(to)
      if (loaded !== null && !loaded.closed) later.apply(loaded, input)
    },
  })
}

function start(sender: Actor, message: Message & { is: 'start' }, transaction: Transaction, office: Office): void {
  const { reference, run, order, again } = message
  const { namespace, id } = sender
  const planned = planOrder(namespace, run, order, office.definitions)
  if (planned === null) {
    const refused: Answered = { is: 'answered', reference, run: null, closed: false, refusal: 'unknown-definition' }
    transaction.apply(sender, refused)
    return
  }
  if (!again && planned.key === null) {
    transaction.apply(sender, answer(reference, namespace, planned, transaction, office))
    return
  }
  const before = callName(namespace, run)
  submit(office, {
    ids: [id, run],
    keys: planned.key === null ? [before] : [before, planned.key],
    ...(planned.gather === null ? {} : { further: (later: Transaction) => ({ ids: holders([planned], later) }) }),
    bytes: 1_000 + (order.input?.length ?? 0),
    execute(later) {
      const asked = later.actor(id)
      if (asked === null || asked.closed) return
      const known = later.actor(run)
      const isPurged = later.key(before)?.run === run
      const repeated: Answered = { is: 'answered', reference, run, closed: known === null || known.closed, refusal: null }
      later.apply(asked, known !== null || isPurged ? repeated : answer(reference, namespace, planned, later, office))
    },
  })
}

function answer(reference: number, namespace: string, planned: Planned, transaction: Transaction, { world }: Office): Answered {
  const answered = begin(namespace, planned, { by: null }, transaction, world)
  if (answered.is === 'started') return { is: 'answered', reference, run: answered.run, closed: false, refusal: null }
  const other = answered.is === 'existing' ? answered.run : null
  return { is: 'answered', reference, run: other, closed: false, refusal: answered.is === 'existing' ? 'unique' : answered.problem.code }
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
