import { UserError } from '../core/errors.ts'
import type { Engine } from '../engine/face.ts'

type Groups = Pick<
  Engine,
  | 'lending'
  | 'retention'
  | 'runs'
  | 'definitions'
  | 'versions'
  | 'pauses'
  | 'limits'
  | 'approvals'
  | 'batches'
  | 'schedules'
  | 'assets'
  | 'workers'
  | 'nodes'
  | 'settings'
  | 'tasks'
  | 'queues'
  | 'activity'
  | 'namespaces'
>
/** A method of an engine as nodes name it to one another: `runs.cancel`. */
export type Method = { [G in keyof Groups]: `${G}.${keyof Groups[G] & string}` }[keyof Groups]
export type Call<M extends Method> = M extends `${infer G extends keyof Groups}.${infer N}`
  ? N extends keyof Groups[G]
    ? Groups[G][N] extends (...args: infer A) => infer R
      ? { args: A; answer: Awaited<R> }
      : never
    : never
  : never

/** Those that take a signal, and where. */
const SIGNALS: Readonly<Record<string, number>> = { 'runs.wait': 3, 'runs.closed': 3, 'runs.outcome': 4, 'tasks.poll': 2, 'tasks.ask': 3 }

/** What other nodes may ask of an engine. What reads from the store alone, and what needs no owner, is asked of nobody else. */
const ASKED: ReadonlySet<string> = new Set<Method>([
  'lending.call',
  'lending.look',
  'runs.start',
  'runs.wait',
  'runs.closed',
  'runs.explain',
  'runs.cancel',
  'runs.terminate',
  'runs.retry',
  'runs.fork',
  'runs.mark',
  'runs.change',
  'runs.resume',
  'runs.signal',
  'runs.signals',
  'runs.settle',
  'runs.accept',
  'runs.outcome',
  'definitions.register',
  'definitions.override',
  'definitions.uncache',
  'versions.ramp',
  'versions.rollback',
  'pauses.set',
  'limits.set',
  'limits.resumeSequence',
  'approvals.answer',
  'batches.start',
  'batches.add',
  'batches.seal',
  'batches.bulk',
  'batches.pause',
  'batches.resume',
  'batches.cancel',
  'schedules.put',
  'schedules.override',
  'schedules.remove',
  'schedules.pause',
  'schedules.resume',
  'schedules.trigger',
  'schedules.backfill',
  'schedules.cancelBackfill',
  'assets.emit',
  'assets.declare',
  'workers.drain',
  'workers.undrain',
  'nodes.drain',
  'nodes.undrain',
  'nodes.reshard',
  'settings.put',
  'retention.set',
  'retention.collect',
  'tasks.poll',
  'tasks.complete',
  'tasks.advance',
  'tasks.heartbeat',
  'tasks.log',
  'tasks.stream',
  'tasks.gone',
  'tasks.ask',
  'tasks.answer',
  'queues.list',
  'queues.shares',
  'workers.list',
  'workers.silent',
  'limits.list',
  'limits.get',
  'limits.stopped',
  'namespaces.list',
  'activity.counted',
])

/** By this engine itself, for another node or for this one. */
export async function answer(engine: Engine, method: string, args: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
  if (!ASKED.has(method)) throw new UserError('not-found', { found: method.slice(0, 100) })
  const [group, name] = method.split('.') as [string, string]
  const calls = engine[group as keyof Groups] as unknown as Record<string, (...args: unknown[]) => unknown>
  const given = [...args]
  const at = SIGNALS[method]
  if (at !== undefined) given[at] = signal
  return (calls[name] as (...args: unknown[]) => unknown)(...given)
}
