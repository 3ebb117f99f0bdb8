import { UserError } from '../../core/errors.ts'
import { type ActorId, partOf, type RunId, shardOf } from '../../core/ids.ts'
import { KEY_RETENTION_MS } from '../../core/options.ts'
import { activeSweep } from '../../machines/batch/state.ts'
import type { BatchState, Operation, PageInput, Refusal } from '../../machines/batch/types.ts'
import { type KeyName, SHARDS } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { changeRun, resumeRun } from '../changes.ts'
import type { Definitions } from '../definitions.ts'
import { callName, retryWork } from '../starts.ts'
import type { World } from '../transition.ts'
import type { Settle, Transaction, Work } from '../work.ts'
import { forkInMemory } from '../workflows/fork.ts'
import { type Asking, askingOf, fits } from './filter.ts'

/** A page that was read: the runs that are to be commanded, and where the next begins. */
export interface ReadPage {
  batch: RunId
  namespace: string
  from: string | null
  next: string | null
  runs: readonly RunId[]
}

/** Runs of another lane that an operation commands; answered with `commanded` (E12). */
export interface PageLetter {
  is: 'page'
  namespace: string
  asking: Asking
  runs: readonly RunId[]
}

/**
 * One page of an operation: its cursor moves on and its runs are commanded in one commit (E12), so a crash before it leaves both undone, and one after it neither. A page
 * that was read for a cursor that has moved, or for an operation that was paused or ended meanwhile, does nothing. Runs of other lanes are commanded by letters
 * in the same commit, and answered for later.
 */
export function pageWork(
  { batch, namespace, from, next, runs }: ReadPage,
  operation: Operation,
  desk: PageDesk & { isHere(id: ActorId): boolean },
  settle: Settle<void>,
): Work {
  const away = Map.groupBy(
    runs.filter(run => !desk.isHere(run)),
    run => shardOf(partOf(run), SHARDS),
  )
  const { carryOut, ...needs } = commands({ batch, namespace, operation, runs: runs.filter(desk.isHere) }, desk)
  return {
    ...needs,
    ids: [batch, ...needs.ids],
    execute(transaction) {
      const actor = transaction.actor(batch)
      const sweep = actor === null || actor.closed || actor.stuck !== undefined ? null : activeSweep(actor.state as BatchState)
      if (actor === null || sweep === null || sweep.cursor !== from) return
      const asking = askingOf(actor, sweep)
      const result = carryOut(asking, transaction)
      // Which runs are meant is in the letter already.
      const { runs: _, ...filter } = asking.filter
      let sent = 0
      for (const group of away.values()) {
        sent += group.length
        transaction.send(batch, group[0] as RunId, { is: 'page', namespace, asking: { ...asking, filter }, runs: group })
      }
      transaction.apply(actor, { is: 'page', from, next, ...result, sent } as { is: string })
    },
    done: () => settle.resolve(),
    failed: settle.reject,
  }
}

export interface PageDesk {
  world: World
  definitions: Definitions
}

interface Targets {
  batch: RunId
  namespace: string
  operation: Operation
  runs: readonly RunId[]
}

type Result = Pick<PageInput, 'done' | 'skipped' | 'refusals'>

/** What carrying out an operation on these runs, which are here, needs and does. */
export function commands(
  { batch, namespace, operation, runs }: Targets,
  desk: PageDesk,
): Pick<Work, 'ids' | 'keys' | 'further' | 'starts' | 'bytes'> & { carryOut(asking: Asking, transaction: Transaction): Result } {
  const retries = new Map(
    operation === 'retry' || operation === 'fork' ? runs.map(run => [run, retryOf(namespace, batch, run, operation, desk)] as const) : [],
  )
  const extra = [...retries.values()]
  return {
    ids: [...new Set([...runs, ...extra.flatMap(({ ids }) => ids)])],
    keys: [...extra.flatMap(({ keys }) => keys ?? []), ...(operation === 'delete' ? runs.map(run => callName(namespace, run)) : [])],
    ...(extra.length > 0 ? { starts: true, further: (transaction: Transaction) => furtherOf(extra, transaction) } : {}),
    bytes: 300 * (runs.length + 1),
    carryOut(asking, transaction) {
      let [done, skipped] = [0, 0]
      const refusals: Refusal[] = []
      for (const run of runs) {
        const target = transaction.actor(run)
        if (target === null || target.namespace !== namespace || !fits(target, asking)) skipped++
        else {
          const code = refusalOf(() => command(target, { ...desk, asking, retry: retries.get(run) }, transaction))
          if (code === null) done++
          else refusals.push({ run, code })
        }
      }
      return { done, skipped, refusals }
    },
  }
}

interface Asked extends PageDesk {
  asking: Asking
  retry: Work | undefined
}

/** A code: it refuses. */
function command(target: Actor, asked: Asked, transaction: Transaction): string | null {
  const { world, definitions, retry } = asked
  const { batch, operation, change, by, why } = asked.asking
  const who = { command: `${batch}:${target.id}`, by, why }
  switch (operation) {
    case 'retry':
    case 'fork':
      retry?.execute(transaction)
      return null
    case 'delete':
      return purge(target, world, transaction)
    case 'resume':
      resumeRun(transaction, target, { id: who.command, by, why })
      return null
    case 'change':
      changeRun(transaction, target, change ?? {}, { id: who.command, by, why }, definitions.gating, asked)
      return null
    default:
      return replyOf(target, { is: operation, ...who }, transaction)
  }
}

function replyOf(target: Actor, input: { is: string }, transaction: Transaction): string | null {
  const decision = transaction.apply(target, input)
  // Its machine threw at a command: it is kept, and given again on resume.
  if (decision === null) return 'stuck'
  const reply = decision.replies?.[0]?.reply
  return reply === undefined || reply.ok ? null : reply.code
}

/** As retention does it, before its time. */
function purge({ id, namespace, createdAt }: Actor, { clock }: World, transaction: Transaction): null {
  transaction.purge(id)
  const expiresAt = createdAt + KEY_RETENTION_MS
  if (expiresAt > clock.now()) transaction.putKey({ ...callName(namespace, id), run: id, inputHash: '', expiresAt })
  return null
}

function refusalOf(act: () => string | null): string | null {
  try {
    return act()
  } catch (error) {
    if (error instanceof UserError) return error.code
    throw error
  }
}

function retryOf(namespace: string, batch: RunId, run: RunId, operation: Operation, { world, definitions }: PageDesk): Work {
  const fork = operation === 'fork' ? forkInMemory : null
  return retryWork(namespace, run, { id: batch, by: null }, definitions, world, { resolve: () => {}, reject: () => {} }, undefined, fork)
}

/** What the retries look at besides: unique keys that they take. */
function furtherOf(retries: readonly Work[], transaction: Transaction): { ids: RunId[]; keys: KeyName[] } {
  const further = retries.flatMap(retry => retry.further?.(transaction) ?? [])
  return { ids: further.flatMap(({ ids }) => ids ?? []), keys: further.flatMap(({ keys }) => keys ?? []) }
}
