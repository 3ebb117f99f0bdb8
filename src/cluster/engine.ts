import type { Random } from '../core/ids.ts'
import { newId } from '../core/ids.ts'
import { isClosed } from '../core/run.ts'
import type { Clock } from '../engine/clock.ts'
import {
  type BatchCall,
  type Engine,
  type HomeAnswer,
  type Poll,
  type ResourceSeen,
  registering,
  runOfToken,
  talking,
  type WorkerCalls,
} from '../engine/face.ts'
import { gathering } from './gather.ts'
import { Heads } from './heads.ts'
import { answer, type Call, type Method } from './methods.ts'
import { LOOK, MAIL, NEWS, type News, Teller } from './news.ts'
import { Polls } from './polls.ts'
import { questionsOf } from './questions.ts'
import { Router, slotOfId } from './router.ts'
import { split } from './split.ts'
import { Streams } from './streams.ts'
import { askWithin, Unanswered, unavailable, type Way } from './way.ts'

const GONE_MS_MAX = 1_000
/** A home that has nothing to grant answers after a second. */
const LENDING_MS_MAX = 3_000

export interface ClusterOptions {
  way: Way
  clock: Clock
  random: Random
}

export interface ClusterEngine {
  /** Answers any call, by whoever serves what it is about. */
  readonly engine: Engine
  /** Tells other nodes what there is here, once a second, from now on. */
  begin(): void
  /** For another node that asks: by this node alone. Rejects with `UserError`, or with what went wrong here. */
  answer(method: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown>
  /** Live events of this node alone, for another. */
  follow: Engine['subscribe']
}

/** One engine over all nodes of a cluster (E9, E22, E24). What only reads from the store is read here. */
export function clusterEngine(local: Engine, options: ClusterOptions): ClusterEngine {
  const { clock, random } = options
  const { homes } = local
  const router = new Router(local, options)
  const heads = new Heads()
  const polls = new Polls(local, options, heads)
  local.places.onMoved(() => polls.moved())
  const teller = new Teller(local, options, heads, {
    ready: head => polls.ready(head),
    everySecond: () => streams.look(),
  })
  const streams = new Streams(local, options)
  const gathered = gathering(local, options)
  local.lending.reach({
    call: (node, claim, call) => askWithin(LENDING_MS_MAX, options, node, 'lending.call', [claim, call]) as Promise<HomeAnswer>,
    look: (node, claim, resources) =>
      askWithin(LENDING_MS_MAX, options, node, 'lending.look', [claim, resources]) as Promise<(ResourceSeen | null)[]>,
  })
  const byId =
    <M extends Method>(method: M) =>
    (...args: Call<M>['args']): Promise<Call<M>['answer']> =>
      router.call(router.id(args[1] as string), method, args)
  const byName =
    <M extends Method>(method: M) =>
    (...args: Call<M>['args']): Promise<Call<M>['answer']> =>
      router.call(router.slot(homes.schedule(args[0] as string, args[1] as string)), method, args)
  const byAsset =
    <M extends Method>(method: M) =>
    (...args: Call<M>['args']): Promise<Call<M>['answer']> =>
      router.call(router.slot(homes.asset(args[0] as string, args[1] as string)), method, args)
  const byAny =
    <M extends Method>(method: M) =>
    (...args: Call<M>['args']): Promise<Call<M>['answer']> =>
      router.call(router.any, method, args)
  /** What overwrites what was there is not sent again: the one before, late, would undo the one after. */
  const byAnyOnce =
    <M extends Method>(method: M) =>
    async (...args: Call<M>['args']): Promise<Call<M>['answer']> => {
      try {
        return await router.once(router.any, method, args)
      } catch (error) {
        throw error instanceof Unanswered ? unavailable() : error
      }
    }
  const keyed = <C extends BatchCall>(call: C): C & { callKey: string } => ({ ...call, callKey: call.callKey ?? newId(clock.now(), random) })

  const questions = questionsOf(local, options)
  const waiting: Engine['runs']['outcome'] = (namespace, id, update, waitMs, signal) =>
    router.call(router.id(id), 'runs.outcome', [namespace, id, update, waitMs], signal)
  const put = byName('schedules.put')
  const pause = byName('schedules.pause')

  const engine: Engine = {
    ...local,
    ...gathered,
    async start() {
      await local.start()
      teller.begin()
    },
    stop() {
      teller.end()
      return local.stop()
    },
    runs: {
      ...local.runs,
      async start(namespace, call) {
        const whole = keyed(call)
        // Alone, it need not be found out where each belongs.
        if (local.places.others().length === 0) return router.held(() => local.runs.start(namespace, whole))
        return split(router, {
          count: call.starts.length,
          method: 'runs.start',
          slots: () => homes.starts(namespace, whole),
          args: items => [namespace, { ...whole, starts: items.map(item => whole.starts[item] as (typeof whole.starts)[number]), places: items }],
          answers: answers => answers,
          // Its data is at fault, and will be: what the others have begun stands.
          refused: ({ code, problem }) => (code === 'refused-data' || code === 'internal' ? { is: 'refused', problem } : null),
        })
      },
      async wait(namespace, id, waitMs, signal) {
        const until = clock.monotonic() + waitMs
        for (;;) {
          const left = until - clock.monotonic()
          const isOver = left <= 0 || signal?.aborted === true
          // Who serves it here knows of it without a read.
          if (isOver || !local.places.holds(slotOfId(id))) {
            const run = await local.runs.get(namespace, id)
            if (isOver || isClosed(run.state)) return run
          }
          const run = await router.call(router.id(id), 'runs.wait', [namespace, id, left], signal)
          if (isClosed(run.state)) return run
        }
      },
      async closed(namespace, ids, waitMs, signal) {
        const parts = [...Map.groupBy(ids, id => router.id(id)()?.id ?? null).values()]
        const stop = new AbortController()
        const gone = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
        const asked = parts.map(part => router.call(router.id(part[0] as string), 'runs.closed', [namespace, part, waitMs], gone))
        try {
          // What others would tell at the same time is asked for again. One that does not answer holds up none of the others' runs.
          return await Promise.any(asked)
        } catch (error) {
          throw error instanceof AggregateError ? error.errors[0] : error
        } finally {
          stop.abort()
        }
      },
      explain: byId('runs.explain'),
      cancel: byId('runs.cancel'),
      terminate: byId('runs.terminate'),
      retry: async (namespace, id, command) =>
        router.call(router.slot(await homes.retry(namespace, id, command.input)), 'runs.retry', [namespace, id, command]),
      fork: async (namespace, id, fork, command) =>
        router.call(router.slot(await homes.retry(namespace, id, fork.input)), 'runs.fork', [namespace, id, fork, command]),
      mark: byId('runs.mark'),
      change: byId('runs.change'),
      resume: byId('runs.resume'),
      signal: byId('runs.signal'),
      signals: byId('runs.signals'),
      settle: (namespace, token, settlement, command) =>
        router.call(router.id(runOfToken(token)), 'runs.settle', [namespace, token, settlement, command]),
      ...talking({ clock, random, subject: local.runs.subject, ask: questions.ask, accept: byId('runs.accept'), outcome: waiting }),
      accept: byId('runs.accept'),
      outcome: waiting,
    },
    retention: { ...gathered.retention, set: byAnyOnce('retention.set') },
    definitions: {
      ...local.definitions,
      register: byAny('definitions.register'),
      override: byAnyOnce('definitions.override'),
      uncache: (namespace, definition, task, of) =>
        router.call(router.slot(homes.memo(namespace, definition, task)), 'definitions.uncache', [namespace, definition, task, of]),
    },
    versions: { ...local.versions, ramp: byAnyOnce('versions.ramp'), rollback: byAnyOnce('versions.rollback') },
    pauses: { ...local.pauses, set: byAnyOnce('pauses.set') },
    limits: {
      ...gathered.limits,
      set: byAnyOnce('limits.set'),
      resumeSequence: (namespace, definition, key, command) =>
        router.call(router.slot(homes.sequence(namespace, definition, key)), 'limits.resumeSequence', [namespace, definition, key, command]),
    },
    approvals: { ...local.approvals, answer: byId('approvals.answer') },
    batches: {
      ...local.batches,
      start(namespace, batch, call) {
        const whole = keyed(call)
        return router.call(router.slot(homes.batch(whole.callKey)), 'batches.start', [namespace, batch, whole])
      },
      add: (namespace, id, items, call) => router.call(router.id(id), 'batches.add', [namespace, id, items, keyed(call)]),
      seal: byId('batches.seal'),
      bulk: (namespace, bulk, command) => router.call(router.slot(homes.batch(command.id)), 'batches.bulk', [namespace, bulk, command]),
      pause: byId('batches.pause'),
      resume: byId('batches.resume'),
      cancel: byId('batches.cancel'),
    },
    schedules: {
      ...local.schedules,
      put,
      override: byName('schedules.override'),
      remove: byName('schedules.remove'),
      pause,
      resume: byName('schedules.resume'),
      trigger: byName('schedules.trigger'),
      backfill: byName('schedules.backfill'),
      cancelBackfill: byName('schedules.cancelBackfill'),
      register: registering({ put, list: local.schedules.list, pause }),
    },
    assets: { ...local.assets, emit: byAsset('assets.emit'), declare: byAsset('assets.declare') },
    workers: { ...gathered.workers, drain: byAnyOnce('workers.drain'), undrain: byAnyOnce('workers.undrain') },
    nodes: { ...local.nodes, drain: byAnyOnce('nodes.drain'), undrain: byAnyOnce('nodes.undrain'), reshard: byAnyOnce('nodes.reshard') },
    subscribe: (namespace, run, listener) => streams.subscribe(namespace, run, listener),
    settings: { ...local.settings, put: byAnyOnce('settings.put') },
    tasks: {
      ...local.tasks,
      ...workerSide(local, router, options),
      poll: (namespace, poll, signal) => polls.poll(namespace, poll, signal),
      ...questions,
    },
  }

  return {
    engine,
    begin: () => teller.begin(),
    follow: (namespace, run, listener) => local.subscribe(namespace, run, listener),
    async answer(method, args, signal) {
      if (method === NEWS) return teller.heard(args[0] as News)
      if (method === MAIL) return local.mail.hint()
      if (method === LOOK) return local.places.hint()
      const told = await answer(local, method, args, signal)
      if (method !== 'tasks.poll') return told
      const [namespace, poll] = args as [string, Poll]
      return { ...(told as object), head: local.tasks.head(namespace, poll) }
    },
  }
}

/** Each result, beat and line goes to where its run lives. */
function workerSide(
  local: Engine,
  router: Router,
  options: ClusterOptions,
): Pick<WorkerCalls, 'complete' | 'advance' | 'heartbeat' | 'log' | 'stream' | 'gone'> {
  const slotsOf = (items: readonly { run: string }[]): number[] => items.map(({ run }) => slotOfId(run))
  const pick = <T>(all: readonly T[], items: readonly number[]): T[] => items.map(item => all[item] as T)
  return {
    async complete(namespace, worker, results) {
      const slots = slotsOf(results)
      return split(router, {
        count: results.length,
        method: 'tasks.complete',
        slots: () => slots,
        args: items => [namespace, worker, pick(results, items)],
        answers: answers => answers,
      })
    },
    async advance(namespace, worker, advances) {
      const slots = slotsOf(advances)
      return split(router, {
        count: advances.length,
        method: 'tasks.advance',
        slots: () => slots,
        args: items => [namespace, worker, pick(advances, items)],
        answers: answers => answers,
      })
    },
    async heartbeat(namespace, worker, beats) {
      const slots = slotsOf(beats)
      // The node that it polls knows that it is there.
      if (!slots.some(slot => local.places.holds(slot))) local.tasks.heartbeat(namespace, worker, []).catch(() => {})
      return split(router, {
        count: beats.length,
        method: 'tasks.heartbeat',
        slots: () => slots,
        args: items => [namespace, worker, pick(beats, items)],
        answers: answers => answers,
      })
    },
    async log(namespace, lines) {
      const slots = slotsOf(lines)
      await split(router, {
        count: lines.length,
        method: 'tasks.log',
        slots: () => slots,
        args: items => [namespace, pick(lines, items)],
        answers: (_, items) => items,
      })
    },
    async stream(namespace, worker, writes) {
      const slots = slotsOf(writes)
      return split(router, {
        count: writes.length,
        method: 'tasks.stream',
        slots: () => slots,
        args: items => [namespace, worker, pick(writes, items)],
        answers: answers => answers,
      })
    },
    /** Whoever is not told finds that its leases end. */
    async gone(namespace, worker) {
      const told = await Promise.allSettled([
        local.tasks.gone(namespace, worker),
        ...local.places.others().map(node => askWithin(GONE_MS_MAX, options, node, 'tasks.gone', [namespace, worker])),
      ])
      if (told.every(({ status }) => status === 'rejected')) await router.call(router.any, 'tasks.gone', [namespace, worker])
    },
  }
}
