import { UserError } from '../core/errors.ts'
import { type ClaimId, isId, type RunId, slotOf } from '../core/ids.ts'
import { isRun } from '../core/machine.ts'
import { RETENTION_MS_DEFAULT } from '../core/options.ts'
import { type HistoryEvent, isClosed } from '../core/run.ts'
import { checkDag } from '../machines/dag/graph.ts'
import type { DagState } from '../machines/dag/types.ts'
import type { TimelineState } from '../machines/timeline/types.ts'
import type { SignalInput, SignalsInput } from '../machines/workflow/types.ts'
import { placeOf, streamCursorOf } from '../store/cursor.ts'
import { type Row, type StoreFault, StoreUnavailable } from '../store/store.ts'
import { Activity } from './activity/activity.ts'
import { Actor, groupFor } from './actor.ts'
import { approvalCalls } from './approvals/calls.ts'
import { assetCalls } from './assets/calls.ts'
import { batchCalls } from './batches/calls.ts'
import { Catalog } from './catalog.ts'
import { changeRun, resumeRun } from './changes.ts'
import { decodeBody, stateOf } from './codec.ts'
import { cacheCalls } from './dags/cache.ts'
import { durationsOf } from './dags/durations.ts'
import { graphShown, gridOf } from './dags/grid.ts'
import { itemsOf } from './dags/items.ts'
import { markTask } from './dags/mark.ts'
import { dagFork, rerunAsked } from './dags/rerun.ts'
import { runsOfSpan } from './dags/span.ts'
import { tasksOf } from './dags/tasks.ts'
import { recentRuns, versionsOf } from './definition-detail.ts'
import { OPTIONS_SETTING, optionsKept } from './definitions.ts'
import { drainCalls } from './drains.ts'
import { explain } from './explain.ts'
import type { Command, Engine, EventPage, Head, LendingWay, NamespaceView, Pause } from './face.ts'
import { faulty, hintOf, SILENCE_HINT } from './faults.ts'
import { historyPage } from './history.ts'
import { type Beginning, type Lane, unavailable } from './lane.ts'
import { limitCalls } from './limits/calls.ts'
import type { Homes as LimitHomes } from './limits/homes.ts'
import { Live } from './live.ts'
import { nodeCalls } from './nodes.ts'
import { type EngineOptions, SIZES } from './options.ts'
import { homesOf } from './places.ts'
import { sharing } from './queues/sharing.ts'
import { relatedRuns } from './related.ts'
import { resultsOf } from './result.ts'
import { retentionCalls } from './retention-calls.ts'
import { scheduleCalls } from './schedules/calls.ts'
import { searchRuns, tallyRuns } from './search.ts'
import { DRAIN_SETTING } from './settings.ts'
import { checkTogether, homeOfOrder, retryWork, startWork } from './starts.ts'
import { detailOf, streamsOf } from './summary.ts'
import { workerCalls } from './tasks.ts'
import { Tenure } from './tenure.ts'
import { Tenures } from './tenures.ts'
import type { World } from './transition.ts'
import type { Settle, Transaction, Work } from './work.ts'
import { Workers } from './workers.ts'
import { toldOfEnd } from './workflows/children.ts'
import { bytesOf, forkOf, withEnds } from './workflows/fork.ts'
import { keptBy } from './workflows/kept.ts'
import { Questions } from './workflows/questions.ts'
import { promiseNotFound, runOfToken, settlePromise } from './workflows/settle.ts'
import { signalRun } from './workflows/signal.ts'
import { subjectOf, talking } from './workflows/talk.ts'
import { acceptUpdate, outcomeOf } from './workflows/updates.ts'
import { routeOf, versionCalls } from './workflows/versions.ts'

/** One node's engine over a store: the public face, on whichever tenure stands. */
export function createEngine(options: EngineOptions): Engine {
  const { store, clock, random } = options
  const sizes = { ...SIZES, ...options.sizes }
  const catalog = new Catalog(store.read)
  const { settings, definitions } = catalog
  const retentionMs = (namespace: string): number => settings.retentionOf(namespace)?.runsMs ?? RETENTION_MS_DEFAULT
  const world: World = {
    clock,
    random,
    retentionMs,
    log: options.log ?? (() => {}),
    home: (namespace, order) => homeOfOrder(namespace, order, definitions),
    kind: (namespace, name) => definitions.get(namespace, name)?.kind,
    definition: (namespace, name, version) => {
      const known = definitions.get(namespace, name)
      return version === undefined ? known?.dag : known?.dags?.get(version)
    },
    version: (namespace, definition, run) => routeOf(settings.routesOf(namespace, definition), run),
  }
  const live = new Live()
  const activity = new Activity(clock, store.read)
  const workers = new Workers(clock, (namespace, id) => settings.isDrained(namespace, id))
  const onClosed = options.onClosed ?? (() => {})
  const listeners = new Set<(head: Head) => void>()
  const mailListeners = new Set<(parts: readonly number[]) => void>()
  const mailed = (parts: readonly number[]): void => {
    for (const listener of mailListeners) listener(parts)
  }
  let reach: LendingWay | null = null
  const lendingHomes: LimitHomes = {
    of(part) {
      const lane = reach === null ? null : tenures.laneOf(part)
      if (lane === null || reach === null) return null
      const { claim, node } = lane
      const way = reach
      return { claim, call: call => way.call(node, claim, call), look: resources => way.look(node, claim, resources) }
    },
    onMoved: listener => tenures.onMoved(listener),
  }
  const lender = (claim: ClaimId): Tenure['lending'] => {
    const { lane, lending } = tenure()
    if (lane.claim.claim !== claim) throw unavailable()
    return lending
  }
  let refusedOverload = 0
  const tenures = new Tenures(store, world, sizes, catalog, { name: options.nodeName, address: options.address ?? null }, (beginning, over) => {
    const ended = (next: Beginning | null): void => {
      live.doubt()
      over(next)
    }
    return new Tenure({
      store,
      world,
      sizes,
      beginning,
      catalog,
      live,
      activity,
      onClosed,
      listeners,
      mailed,
      homes: lendingHomes,
      ended,
      unknown: kind => tenures.met(kind),
    })
  })
  const knownToAll = (): void => tenures.knownToAll()
  const tenure = (): Tenure => {
    if (tenures.current === null) throw tenures.fault === null ? unavailable() : faulty(tenures.fault)
    return tenures.current
  }
  const fault = (): StoreFault | null => tenures.current?.lane.chain.faults.current ?? (tenures.current === null ? tenures.fault : null)
  /** Reads answer `unavailable` when the store does not. */
  const available = async <T>(read: Promise<T>): Promise<T> => {
    read.catch(() => {}) // nobody may be waiting for it any more
    try {
      return await (tenures.current?.lane.chain.faults.read(() => read) ?? read)
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error.fault === null ? unavailable() : faulty(error.fault)
      throw error
    }
  }
  /** Whatever waits for a commit. */
  const told = <T>(call: () => Promise<T>): Promise<T> => tenure().lane.chain.faults.answer(call)
  /** Where a slot is served here. */
  const tenureFor = (slot: number): Tenure => {
    const current = tenure()
    if (!current.holds(slot >>> 8)) throw unavailable()
    return current
  }
  /** `slot` null: any lane will do. */
  const submit = async <T>(slot: number | null, make: (settle: Settle<T>, lane: Lane) => Work): Promise<T> =>
    told(
      () =>
        new Promise<T>((resolve, reject) => {
          const { lane } = slot === null ? tenure() : tenureFor(slot)
          const refused = (error: unknown): void => {
            if (error instanceof UserError && error.code === 'overloaded') refusedOverload++
            reject(error)
          }
          lane.submit(make({ resolve, reject: refused }, lane))
        }),
    )
  const changing = <T>(
    namespace: string,
    id: RunId,
    execute: (transaction: Transaction, actor: Actor) => T,
    more: Pick<Work, 'further' | 'bytes'>,
  ): Promise<T> =>
    submit(slotOf(id), settle => {
      let answer: T
      return {
        ids: [id],
        ...more,
        execute(transaction) {
          const actor = transaction.actor(id)
          if (actor === null || actor.namespace !== namespace || !isRun(actor.kind)) throw new UserError('run-not-found', { found: id })
          answer = execute(transaction, actor)
        },
        done: () => settle.resolve(answer),
        failed: settle.reject,
      }
    })
  const command = (namespace: string, id: RunId, execute: (transaction: Transaction, actor: Actor) => void): Promise<void> =>
    changing(namespace, id, execute, { further: transaction => toldOfEnd(transaction.actor(id)), bytes: 200 })
  /** Of a workflow it ends no run: nobody has to be at hand for that. */
  const signalled = (namespace: string, id: RunId, input: SignalInput | SignalsInput, bytes: number): Promise<number> => {
    const specOf = ({ name, state }: Actor) => definitions.get(namespace, name)?.dags?.get((state as DagState).started.version)
    const further = (transaction: Transaction) => {
      const actor = transaction.actor(id)
      return actor?.kind === 'dag' ? toldOfEnd(actor) : {}
    }
    return changing(namespace, id, (transaction, actor) => signalRun(transaction, actor, input, specOf), { bytes, further })
  }
  const ask =
    (is: 'cancel' | 'terminate') =>
    (namespace: string, id: RunId, { id: commandId, by, why }: Command) =>
      command(namespace, id, (transaction, actor) => {
        const decision = transaction.apply(actor, { is, command: commandId, by, why: why ?? null } as { is: string })
        const reply = decision?.replies?.[0]?.reply
        if (reply !== undefined && !reply.ok) throw new UserError('run-closed', { found: id, hint: `it is ${actor.view.state}` })
      })
  const putSetting = async (kind: string, namespace: string, name: string, value: string | null): Promise<void> => {
    await submit<void>(null, settle => ({
      ids: [],
      bytes: 200,
      execute: transaction => transaction.set({ namespace, kind, name, value, changedAt: clock.now() }),
      done: () => settle.resolve(undefined),
      failed: settle.reject,
    }))
    await available(tenures.followed())
  }
  const row = async (namespace: string, id: RunId): Promise<Row> => {
    const found = await available(store.read.run(namespace, id))
    if (found === null || !isRun(found.kind)) throw new UserError('run-not-found', { found: id })
    return found
  }
  const events = async (namespace: string, id: RunId, from: number, limit: number): Promise<EventPage> => {
    const body = decodeBody((await row(namespace, id)).body)
    return historyPage(body, (at, count) => available(store.read.segments(id, at, count)), from, limit)
  }
  const history = async (namespace: string, id: RunId, from = 0): Promise<HistoryEvent[]> =>
    (await events(namespace, id, from, Number.POSITIVE_INFINITY)).events
  const readLanes = async () => ({ version: await available(store.read.settingsVersion()), lanes: await available(store.lanes()) })
  const get = async (namespace: string, id: RunId) => detailOf(await row(namespace, id))
  const isOpenHere = (namespace: string, id: RunId): boolean => {
    const lane = tenures.current?.lane
    const actor = lane?.fresh() ? lane.actors.get(id) : undefined
    return actor?.namespace === namespace && isRun(actor.kind) && actor.stored && (!actor.closed || actor.uncommitted > 0)
  }

  const homes = homesOf(definitions, (namespace, id) => available(store.read.run(namespace, id)))
  const shares = sharing(tenure, definitions, clock)
  const questions = new Questions(clock)
  const accept: Engine['runs']['accept'] = async (namespace, id, { name, input, upTo }, { id: commandId, by }) => {
    let is: 'accepted' | 'stale' = 'stale'
    await command(namespace, id, (transaction, actor) => {
      is = acceptUpdate(transaction, actor, { is: 'update', command: commandId, name, input, upTo, by })
    })
    return is
  }
  const subject: Engine['runs']['subject'] = async (namespace, id, update) => subjectOf(await row(namespace, id), update)
  const outcome = outcomeOf({ clock, live, row, history: async (...from) => (await events(...from, 1)).events })
  const tasks = workerCalls(() => tenures.current, tenure, workers, world, sizes, listeners)

  return {
    start: () => tenures.start(),
    stop: () => tenures.stop(),
    ready: () => tenures.current?.lane.fresh() ?? tenures.standsBy,
    serves: () => tenures.current !== null,
    places: {
      self: tenures.node,
      holds: slot => tenures.current?.holds(slot >>> 8) ?? false,
      ownerOf: slot => tenures.ownerOf(slot >>> 8),
      others: () => tenures.others(),
      refresh: async () => void (await available(tenures.look())),
      onMoved: listener => void tenures.onMoved(listener),
      onChanged: listener => tenures.onChanged(listener),
      hint: () => void tenures.hint(),
    },
    homes,
    lending: {
      call: (claim, call) => lent(() => lender(claim).call(call)),
      look: (claim, resources) => lent(async () => lender(claim).look(resources)),
      reach(way) {
        reach = way
      },
    },
    mail: {
      hint: () => tenures.current?.mailroom.hint(),
      onSent(listener) {
        mailListeners.add(listener)
        return () => mailListeners.delete(listener)
      },
    },
    nodes: nodeCalls({ settings, clock, read: () => available(tenures.nodes()), readLanes, put: putSetting }),
    fault: () => {
      const found = fault()
      if (found !== null) return hintOf(found)
      return tenures.current?.lane.chain.faults.silent === true ? SILENCE_HINT : null
    },
    runs: {
      start: async (namespace, call) =>
        submit(null, (settle, { isHere }) => {
          if (call.starts.some(({ options }) => options.outlets !== undefined)) knownToAll()
          const work = startWork(namespace, call, definitions, world, settle)
          // Who sent it here may know of other definitions, or of another owner.
          if (!work.ids.every(isHere)) throw unavailable()
          return work
        }),
      async resolve(namespace, id) {
        const text = id.toLowerCase()
        if (isId(text)) return text
        const found = await available(store.read.runsEnding(namespace, text, 3, ENDINGS_MAX))
        if (found.length === 0) throw new UserError('run-not-found', { found: id, hint: ENDINGS_HINT })
        if (found.length > 1) throw new UserError('ambiguous-run', { found: id, hint: 'give more of its end', data: { runs: found } })
        return found[0] as RunId
      },
      get,
      ...resultsOf({ clock, live, get, isOpenHere }),
      async list(search, page) {
        if (page.after !== null) placeOf(page.after)
        return available(searchRuns(store.read, search, page))
      },
      tally: (search, steps, signal) => available(tallyRuns(store.read, search, steps, signal)),
      history,
      events,
      tasks: async (namespace, id, page) => available(tasksOf(store.read, Actor.load(await row(namespace, id)), definitions, page)),
      items: async (namespace, id, task, page) => available(itemsOf(store.read, Actor.load(await row(namespace, id)), definitions, task, page)),
      related: async (namespace, id) => available(relatedRuns(store.read, await row(namespace, id))),
      async closedCounts(namespace, since) {
        const counts = await available(store.read.closedCounts(namespace, since))
        return Object.fromEntries(counts.map(({ state, count }) => [state, count]))
      },
      async logs(namespace, id, page) {
        await row(namespace, id)
        return available(store.read.logs(id, page))
      },
      async streams(namespace, id, all) {
        return streamsOf(await row(namespace, id), all)
      },
      async stream(namespace, id, name, after, limit) {
        // Read first: what is closed by now has all of its chunks.
        const run = await row(namespace, id)
        const page = await available(store.read.streams(id, name, { after: streamCursorOf({ stream: name, last: after }), limit }))
        return {
          rows: page.rows,
          more: page.next !== null,
          closed: isClosed(run.state) || streamsOf(run).some(stream => stream.name === name && stream.closed),
        }
      },
      async explain(namespace, id) {
        const found = await row(namespace, id)
        const current = tenure()
        const loaded = Actor.load(found)
        const keeper = loaded.kind === 'dag' ? (loaded.state as DagState).started.timeline : undefined
        const timeline = keeper === undefined ? null : await available(store.read.run(namespace, keeper))
        if (!isClosed(found.state)) await current.limits.look(groupFor(Actor.load(found)))
        return explain(found, {
          settings,
          workers,
          leases: current.leases,
          limits: current.limits,
          queues: current.queues,
          fresh: current.lane.fresh(),
          registered: group => definitions.get(group.namespace, group.definition)?.version ?? null,
          awaited: group => current.queues.awaited(group),
          definition: (namespace, name) => definitions.get(namespace, name)?.kind ?? null,
          dag({ namespace, name, state }) {
            const known = definitions.get(namespace, name)
            return {
              spec: known?.dags?.get(state.started.version),
              newest: known?.dag,
              timeline: timeline === null ? null : (stateOf(timeline).state as TimelineState),
              pauses: settings.pausesOf({ namespace, queue: '', definition: name }),
            }
          },
        })
      },
      async signal(namespace, id, { name, payload }, { id: command, by }) {
        await signalled(namespace, id, { is: 'signal', command, name, payload, by }, 200 + (payload?.length ?? 0))
      },
      signals(namespace, id, signals, { id: command, by }) {
        const bytes = signals.reduce((sum, { payload }) => sum + 200 + (payload?.length ?? 0), 0)
        return signalled(namespace, id, { is: 'signals', command, signals, by }, bytes)
      },
      ...talking({ clock, random, subject, ask: (...given) => questions.ask(...given), accept, outcome }),
      settle: async (namespace, token, settlement, asked) => {
        const id = runOfToken(token)
        await command(namespace, id, (transaction, actor) => settlePromise(transaction, actor, token, settlement, asked)).catch(error => {
          throw error instanceof UserError && error.code === 'run-not-found' ? promiseNotFound() : error
        })
      },
      subject,
      accept,
      outcome,
      cancel: ask('cancel'),
      terminate: ask('terminate'),
      async retry(namespace, id, asked) {
        const slot = await homes.retry(namespace, id, asked.input)
        return submit(slot, settle => retryWork(namespace, id, asked, definitions, world, settle, slot))
      },
      async fork(namespace, id, { from, input, reset, rerun }, asked) {
        const grown = new UserError('unavailable', { retryAfter: 1, hint: 'it was signalled while it was looked at; the same call may be repeated' })
        const forked = async (): Promise<RunId> => {
          const old = await row(namespace, id)
          const told = await history(namespace, id)
          const read = (run: RunId) => available(store.read.run(namespace, run))
          const fork =
            old.kind === 'dag' && !reset
              ? await dagFork(old, told, rerunAsked(from, input, rerun), { definitions, read })
              : forkOf(old, told, { from, reset, rerun })
          const values = await keptBy(old.kind === 'workflow' ? (fork.start.kept as readonly HistoryEvent[]) : [], (stream, after, limit) =>
            available(store.read.streams(id, stream, { after: streamCursorOf({ stream, last: after }), limit })),
          )
          const again = { ...asked, ...(input === undefined ? {} : { input }) }
          const slot = await homes.retry(namespace, id, input)
          return submit(slot, settle => {
            const work = retryWork(namespace, id, again, definitions, world, settle, slot, now => {
              // What was acknowledged since goes on with it, too.
              const since = reset === true && !now.closed ? now.eventsFrom(told.length, now.sequence) : []
              if (since === null || since.some(({ is }) => is === 'signalled')) throw grown
              return { ...fork, values }
            })
            // The children of one that is reset hear of its end.
            return { ...work, bytes: work.bytes + bytesOf({ ...fork, values }), further: transaction => withEnds(work, transaction, id) }
          })
        }
        for (let tries = 1; ; tries++) {
          try {
            return await forked()
          } catch (error) {
            if (error !== grown || tries === FORKS_TRIED_MAX) throw error
          }
        }
      },
      reruns: async (namespace, id, span, asked) => available(runsOfSpan(store.read, await row(namespace, id), span, asked)),
      async rerunTasks(namespace, id, rerun) {
        const read = (run: RunId) => available(store.read.run(namespace, run))
        const old = await row(namespace, id)
        return (await dagFork(old, await history(namespace, id), rerunAsked(null, undefined, rerun), { definitions, read })).tasks
      },
      mark: (namespace, id, mark, asked) => command(namespace, id, (transaction, actor) => markTask(transaction, actor, mark, asked, definitions)),
      change: (namespace, id, { delayMs, ...change }, asked) =>
        command(namespace, id, (transaction, actor) => {
          const due = delayMs === undefined ? {} : { due: clock.now() + delayMs }
          changeRun(transaction, actor, { ...change, ...due }, asked, definitions.gating, asked)
        }),
      resume: (namespace, id, asked) => command(namespace, id, (transaction, actor) => resumeRun(transaction, actor, asked)),
    },
    definitions: {
      register: async (namespace, specs) => {
        for (const [index, { name, options, dag }] of specs.entries()) {
          checkTogether(options, `/definitions/${index}/options`)
          if (dag !== undefined) checkDag(name, dag, `/definitions/${index}/dag`)
        }
        let isNew = false
        await submit<void>(null, settle => ({
          ids: [],
          bytes: 500 * specs.length,
          execute(transaction) {
            isNew = false
            for (const { kind, name, version, options, schema, dag } of specs) {
              const known = definitions.get(namespace, name)
              if (known?.version === version) continue
              if (kind === 'dag' || options.outlets !== undefined) knownToAll()
              isNew = true
              transaction.define({ namespace, name, version, kind, options: optionsKept(options, dag), schema, registeredAt: clock.now() })
            }
          },
          done: () => settle.resolve(undefined),
          failed: settle.reject,
        }))
        if (isNew) await available(tenures.followed())
      },
      list: namespace =>
        definitions.list(namespace).map(({ versions, declared: _, dags: __, ...spec }) => ({
          ...spec,
          versions: versions.size,
          paused: settings.pauseOf({ namespace, scope: 'definition', name: spec.name }),
        })),
      inputSchema(namespace, name) {
        const found = definitions.get(namespace, name)
        return found?.kind === 'dag' ? found.schema : null
      },
      async detail(namespace, name) {
        const definition = definitions.require(namespace, name, '/path/name')
        const present = workers.presentOf(namespace)
        return { versions: versionsOf(definition, present), recent: await available(recentRuns(store.read, namespace, name)) }
      },
      ...cacheCalls({ store, world, definitions, submit, available, knownToAll }),
      durations: (namespace, name, of) => available(durationsOf(store.read, definitions, namespace, name, of)),
      graph: (namespace, name, version) => graphShown(definitions, namespace, name, version),
      async grid(namespace, name, page) {
        if (page.after !== null) placeOf(page.after)
        return available(gridOf(store.read, definitions, namespace, name, page))
      },
      override: (namespace, name, options, by) => {
        const { declared } = definitions.require(namespace, name, '/path/name')
        if (options !== null) checkTogether({ ...declared, ...options }, '')
        const value = options === null ? null : definitions.kept(namespace, name, options, { by, since: clock.now() })
        return putSetting(OPTIONS_SETTING, namespace, name, value)
      },
    },
    versions: versionCalls({ read: store.read, definitions, settings, workers, clock, put: putSetting, available }),
    pauses: {
      set: ({ namespace, scope, name }, pause) => {
        const value = pause === null ? null : JSON.stringify({ ...pause, since: clock.now() } satisfies Pause)
        return putSetting('pause', namespace, `${scope}:${name}`, value)
      },
      list: namespace => settings.pauses(namespace),
    },
    activity: {
      get: (...given) => available(activity.get(...given)),
      lastHour: (...given) => available(activity.lastHour(...given)),
      counted: (...given) => available(activity.counted(...given)),
    },
    retention: retentionCalls({ settings, clock, read: store.read, available, putSetting, collect: async () => tenure().retention.collect() }),
    limits: limitCalls({ definitions, tenure, putSetting, submit }),
    approvals: approvalCalls({ store, submit, available }),
    batches: batchCalls({ store, world, definitions, submit, available, knownToAll }),
    assets: assetCalls({ store, world, definitions, submit, available, knownToAll }),
    schedules: scheduleCalls({ store, world, definitions, submit, available, knownToAll }),
    queues: {
      shares: async (...given) => shares(...given),
      async list(namespace) {
        const counts = tenures.current?.counters.of(namespace) ?? new Map()
        const names = new Set([...counts.keys(), ...definitions.list(namespace).map(({ options }) => options.queue ?? 'default')])
        for (const pause of settings.pauses(namespace)) if (pause.scope === 'queue') names.add(pause.name)
        const present = workers.presentOf(namespace)
        return [...names].sort().map(name => {
          const { queued = 0, running = 0, scheduled = 0, waiting = 0, paused = 0 } = counts.get(name) ?? {}
          return {
            name,
            depth: queued,
            running,
            scheduled: scheduled + waiting,
            waiting,
            parked: paused,
            oldestAt: tenures.current?.queues.oldest(namespace, name) ?? null,
            untaken: tenures.current?.queues.untaken(namespace, name, present) ?? [],
            paused: settings.pauseOf({ namespace, scope: 'queue', name }),
            workers: present.filter(worker => !worker.draining && (worker.queues.length === 0 || worker.queues.includes(name))).length,
          }
        })
      },
    },
    workers: {
      ...drainCalls({ settings, workers, clock, put: putSetting }),
      tell: () => workers.tell(),
      told: (node, list) => workers.told(node, list),
      silent: async namespace =>
        workers
          .silent(namespace)
          .filter(({ lastSeenAt }) => clock.now() - lastSeenAt < SILENT_TOLD_MS)
          .map(({ id, name, lastSeenAt }) => ({ id, name, lastSeenAt })),
      list: async namespace =>
        workers
          .list(namespace)
          .filter(worker => workers.present(worker))
          .map(({ id, name, serves, queues, labels, slots, units, lastSeenAt, draining, via }) => ({
            id,
            name,
            draining,
            drained: settings.drainOf(namespace, id),
            serves,
            queues,
            labels,
            slots,
            units,
            lastSeenAt,
            via,
            running: (tenures.current?.leases.ofWorker(id) ?? []).map(({ run, definition, attempt, since, stuck }) => ({
              run,
              definition,
              attempt,
              since,
              stuck,
            })),
          })),
    },
    tasks: {
      ...tasks,
      async gone(namespace, worker) {
        await tasks.gone(namespace, worker)
        if (settings.drainOf(namespace, worker) !== null) await putSetting(DRAIN_SETTING, namespace, worker, null)
      },
      complete: async (...given) => told(() => tasks.complete(...given)),
      heartbeat: async (...given) => told(() => tasks.heartbeat(...given)),
      log: async (...given) => told(() => tasks.log(...given)),
      advance: async (...given) => told(() => tasks.advance(...given)),
      asked: (...given) => questions.asked(...given),
      answer: (...given) => questions.answer(...given),
      ask: (...given) => questions.ask(...given),
    },
    subscribe: async (namespace, run, listener) => live.subscribe(namespace, run, listener),
    settings: {
      get: kind => settings.ofKind(kind).map(({ namespace, name, value, changedAt }) => ({ namespace, name, value: value as string, changedAt })),
      put: putSetting,
    },
    namespaces: {
      async list() {
        const found = new Map<string, NamespaceView>()
        const view = (name: string): NamespaceView => {
          const known = found.get(name) ?? { name, definitions: 0, open: 0, workers: 0 }
          found.set(name, known)
          return known
        }
        view(NAMESPACE_DEFAULT)
        for (const { namespace } of definitions.all()) view(namespace).definitions++
        // Keys of the API are of no namespace.
        for (const namespace of settings.namespaces()) if (namespace !== '') view(namespace)
        for (const { namespace, counts } of tenures.current?.counters.all() ?? [])
          view(namespace).open += Object.values(counts).reduce((sum, count) => sum + count, 0)
        for (const { namespace } of workers.allPresent()) view(namespace).workers++
        return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
      },
    },
    stats() {
      const current = tenures.current
      const queues = (current?.counters.all() ?? []).map(({ namespace, queue, counts }) => ({
        namespace,
        queue,
        depth: counts.queued,
        running: counts.running,
        scheduled: counts.scheduled,
        waiting: counts.waiting,
        paused: counts.paused,
        oldestAt: current?.queues.oldest(namespace, queue) ?? null,
        untaken: current?.queues.untaken(namespace, queue, workers.presentOf(namespace)).length ?? 0,
      }))
      return {
        started: current?.counters.started ?? 0,
        delivered: current?.counters.delivered ?? 0,
        closed: current?.counters.closed ?? {},
        commits: current?.lane.chain.commits ?? 0,
        commitsFenced: tenures.fenced,
        actorsCached: current?.lane.actors.size ?? 0,
        batchBytes: current?.lane.bytes ?? 0,
        refusedOverload,
        stuck: (current?.counters.all() ?? []).reduce((sum, { counts }) => sum + counts.paused, 0),
        queues,
        workers: workers.count(),
      }
    },
  }
}

const NAMESPACE_DEFAULT = 'default'
/** Runs that are looked through for the end of an id, of the open and of the closed ones: some 50 ms. Among many more, five characters are no name any longer. */
const ENDINGS_MAX = 50_000
const ENDINGS_HINT = `the end of an id is looked for among the newest ${ENDINGS_MAX.toLocaleString('en')} runs: name an older one by its whole id`
/** So long a worker that fell silent is told of: then it is taken for gone. */
const SILENT_TOLD_MS = 3_600_000

/** A lane that is gone counts nothing any more. */
async function lent<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch {
    throw unavailable()
  }
}

/** A run that is reset may be signalled as fast as it is read. */
const FORKS_TRIED_MAX = 5
