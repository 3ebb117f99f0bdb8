import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import { KEY_RETENTION_MS } from '../../core/options.ts'
import { activeSweep } from '../../machines/batch/state.ts'
import type { BatchState, Refusal, Sweep } from '../../machines/batch/types.ts'
import type { KeyName } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { changeRun, resumeRun } from '../changes.ts'
import type { Definitions } from '../definitions.ts'
import { callName, retryWork, type Settle } from '../starts.ts'
import type { World } from '../transition.ts'
import type { Transaction, Work } from '../work.ts'
import { fits } from './filter.ts'

/** A page that was read: the runs that are to be commanded, and where the next begins. */
export interface ReadPage {
  batch: RunId
  namespace: string
  from: string | null
  next: string | null
  runs: readonly RunId[]
}

/**
 * One page of an operation: its cursor moves on and its runs are commanded in one commit (E12), so a crash before it leaves both undone, and one after it neither. A page
 * that was read for a cursor that has moved, or for an operation that was paused or ended meanwhile, does nothing.
 */
export function pageWork(
  { batch, namespace, from, next, runs }: ReadPage,
  { operation }: Sweep,
  { world, definitions }: PageWorld,
  settle: Settle<void>,
): Work {
  const retries = new Map(operation === 'retry' ? runs.map(run => [run, retryOf(namespace, batch, run, { world, definitions })] as const) : [])
  const extra = [...retries.values()]
  return {
    ids: [batch, ...new Set([...runs, ...extra.flatMap(({ ids }) => ids)])],
    keys: [...extra.flatMap(({ keys }) => keys ?? []), ...(operation === 'delete' ? runs.map(run => callName(namespace, run)) : [])],
    ...(operation === 'retry' ? { starts: true, further: transaction => furtherOf(extra, transaction) } : {}),
    bytes: 300 * (runs.length + 1),
    execute(transaction) {
      const actor = transaction.actor(batch)
      const sweep = actor === null || actor.closed || actor.stuck !== undefined ? null : activeSweep(actor.state as BatchState)
      if (actor === null || sweep === null || sweep.cursor !== from) return
      let [done, skipped] = [0, 0]
      const refusals: Refusal[] = []
      for (const run of runs) {
        const target = transaction.actor(run)
        if (target === null || target.namespace !== namespace || !fits(target, actor, sweep)) skipped++
        else {
          const code = refusalOf(() => command(target, { batch, sweep, world, definitions, retry: retries.get(run) }, transaction))
          if (code === null) done++
          else refusals.push({ run, code })
        }
      }
      transaction.apply(actor, { is: 'page', from, next, done, skipped, refusals } as { is: string })
    },
    done: () => settle.resolve(),
    failed: settle.reject,
  }
}

interface PageWorld {
  world: World
  definitions: Definitions
}

interface Asked extends PageWorld {
  batch: RunId
  sweep: Sweep
  retry: Work | undefined
}

/** A code: it refuses. */
function command(target: Actor, asked: Asked, transaction: Transaction): string | null {
  const { batch, world, definitions, retry } = asked
  const { operation, change, by, why } = asked.sweep
  const who = { command: `${batch}:${target.id}`, by, why }
  switch (operation) {
    case 'retry':
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

function retryOf(namespace: string, batch: RunId, run: RunId, { world, definitions }: PageWorld): Work {
  return retryWork(namespace, run, { id: batch, by: null }, definitions, world, { resolve: () => {}, reject: () => {} })
}

/** What the retries look at besides: unique keys that they take. */
function furtherOf(retries: readonly Work[], transaction: Transaction): { ids: RunId[]; keys: KeyName[] } {
  const further = retries.flatMap(retry => retry.further?.(transaction) ?? [])
  return { ids: further.flatMap(({ ids }) => ids ?? []), keys: further.flatMap(({ keys }) => keys ?? []) }
}
