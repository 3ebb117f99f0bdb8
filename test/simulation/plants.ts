import { registerHooks } from 'node:module'
import type { Body } from '../../src/engine/codec.ts'
import type { Engine } from '../../src/engine/face.ts'
import type { MemoryStore } from '../../src/store/memory/store.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import type { Store, Writes } from '../../src/store/store.ts'
import { ASSET_PLANTS } from './plants-assets.ts'
import { CLUSTER_PLANTS } from './plants-cluster.ts'
import { DAG_PLANTS } from './plants-dags.ts'
import { LIMIT_PLANTS } from './plants-limits.ts'
import { WORKFLOW_PLANTS } from './plants-workflows.ts'
import type { Scenario } from './scenario.ts'
import type { Plant } from './simulation.ts'
import { forward } from './watch.ts'

/** A change of a source file as it is loaded: production code holds no seam for tests. The text must be there once, else the plant is out of date. */
export interface Patch {
  file: string
  find: string
  replace: string
}

/** A bug that breaks one rule. The checker is worth what it catches. */
export interface Planted {
  rule: string
  what: string
  plant?: Plant
  patches?: readonly Patch[]
  /** It shows in worlds with limits; all others are planted in worlds without. */
  limits?: true
  /** It shows in worlds with workflows; all others are planted in worlds without. */
  workflows?: true
  /** It shows in worlds with DAGs; all others are planted in worlds without. */
  dags?: true
  /** It is caught within so many seeds … */
  seeds: number
  /** … from this one on, 1 by default: where it was met last. Any other will do, and takes longer. */
  from?: number
  /** By one of these rules, and not by whatever else is wrong. */
  caught: RegExp
}

export const PLANTS: Readonly<Record<string, Planted>> = {
  ...ASSET_PLANTS,
  ...CLUSTER_PLANTS,
  ...DAG_PLANTS,
  ...LIMIT_PLANTS,
  ...WORKFLOW_PLANTS,
  'E1-no-fence': {
    rule: 'E1',
    what: 'the batch of a lane whose claim was revoked lands',
    seeds: 40,
    from: 5,
    caught: /\(E1\)|\(E3\)/,
    plant: { store: memory => unfenced(memory, () => true) },
  },
  'E5-retention-unfenced': {
    rule: 'E5',
    what: 'what only drops what is over lands whatever became of its claim',
    seeds: 60,
    from: 11,
    caught: /\(E1\)|\(E3\)/,
    plant: {
      scenario: scenario => {
        Object.assign(scenario, { retentionShort: true, storeLatencyMs: 50 })
      },
      store: memory => unfenced(memory, ({ purge, born, touched, closed }) => purge.length > 0 && born.length + touched.length + closed.length === 0),
    },
  },
  'E2-no-mismatch': {
    rule: 'E2',
    what: 'the store went backwards and the next batch builds on what is gone',
    seeds: 10,
    caught: /\((E1, E2|E3)\)/,
    plant: {
      scenario: scenario => {
        scenario.rollbacks = true
      },
      store: memory => {
        const tables = memory.tables() as Tables
        return {
          ...forward(memory),
          commit: async batch => {
            const lane = tables.lanes.get(batch.lane)
            if (lane?.stands) tables.setLane({ ...lane, sequence: batch.sequence, lastBatch: batch.lastBatch })
            return memory.commit(batch)
          },
        }
      },
    },
  },
  'E3-settled-by-reading': {
    rule: 'E3',
    what: 'an unknown commit is settled by looking whether it is there',
    seeds: 10,
    caught: /\(E3\)/,
    plant: {
      scenario: scenario => {
        Object.assign(scenario, { dying: 0.3, storeLatencyMs: 100 })
      },
      store: settlesByReading,
    },
  },
  'E4-answers-early': {
    rule: 'E4',
    what: 'a batch counts as committed when it is sent',
    seeds: 5,
    caught: /\(E4\)/,
    plant: {
      nodeStore: store => ({
        ...forward(store),
        commit: async batch => {
          void store.commit(batch).catch(() => {})
          return { is: 'committed' }
        },
      }),
    },
  },
  'E4-lines-lost': {
    rule: 'E4',
    what: 'of log lines that are acknowledged the first is not written',
    seeds: 3,
    caught: /a log line was acknowledged and is not committed/,
    patches: [{ file: 'src/engine/tasks.ts', find: 'known.has(run)))', replace: 'known.has(run)).slice(1))' }],
  },
  'notify-after': {
    rule: 'E3',
    what: 'who is told of an attempt that is tried again is told only where something else is sent as well',
    seeds: 3,
    caught: /not in the commit of what it tells/,
    plant: {
      scenario: scenario => {
        scenario.notifies = true
      },
    },
    patches: [{ file: 'src/engine/lane-transaction.ts', find: 'HOOK_EVENT_OF.has(is)', replace: "is === 'parked'" }],
  },
  'E9-no-tombstone': {
    rule: 'E9',
    what: 'what retention drops leaves no tombstone for a call that is repeated late',
    seeds: 60,
    from: 10,
    caught: /born again after it was dropped \(E9\)|another run \(E9\)|started twice/,
    plant: {
      scenario: scenario => {
        Object.assign(scenario, { retentionShort: true, loses: 0.3 })
      },
    },
    patches: [{ file: 'src/engine/retention.ts', find: 'if (expiresAt > now)', replace: 'if (expiresAt < now)' }],
  },
  'E12-cursor-before-commands': {
    rule: 'E12',
    what: 'an operation on many runs commits its cursor, and the commands to the runs of the page go after it',
    seeds: 40,
    caught: /forgot one \(E12\)/,
    plant: { scenario: startsBatches },
    patches: [
      { file: 'src/engine/batches/runner.ts', find: 'next: cursor, runs },', replace: 'next: cursor, runs: [] },' },
      {
        file: 'src/engine/batches/runner.ts',
        find: '{ resolve, reject },',
        replace: '{ resolve: () => { resolve(); for (const run of runs) this.submit(commandAlone(run, id, sweep)) }, reject },',
      },
      {
        file: 'src/engine/batches/runner.ts',
        find: 'const AGAIN_MS = 200',
        replace: `const AGAIN_MS = 200
const commandAlone = (run: RunId, command: RunId, { operation: is, why }: Sweep): Work => ({
  ids: [run], bytes: 200, done: () => {}, failed: () => {},
  execute(transaction) {
    const actor = transaction.actor(run)
    if (actor !== null && !actor.closed && is !== 'retry') transaction.apply(actor, { is, command, by: null, why } as { is: string })
  },
})`,
      },
    ],
  },
  'E12-no-second-look': {
    rule: 'E12',
    what: 'an operation on many runs does not look again at whom it commands, nor at when they were made',
    seeds: 40,
    from: 4,
    caught: /does not match \(E12\)/,
    plant: { scenario: startsBatches },
    patches: [
      { file: 'src/engine/batches/filter.ts', find: 'target.createdAt > until ||', replace: '' },
      { file: 'src/engine/batches/runner.ts', find: 'sweep.until + 1', replace: 'Number.POSITIVE_INFINITY' },
    ],
  },
  'E7-parent-not-at-hand': {
    rule: 'E7',
    what: 'a batch that closes with its last job tells the batch around it only if that happens to be in memory',
    seeds: 40,
    caught: /counts other open jobs/,
    plant: {
      scenario: scenario => {
        startsBatches(scenario)
        scenario.sizes = { ...scenario.sizes, actorsCached: 1 }
      },
    },
    patches: [{ file: 'src/engine/loader.ts', find: 'if (known !== undefined) told.push(known)', replace: '' }],
  },
  'E9-call-key-ignored': {
    rule: 'E9',
    what: 'a repeated call starts its runs once more',
    seeds: 5,
    caught: /\(E9\)/,
    plant: {
      engine: engine =>
        override(engine, {
          runs: override(engine.runs, { start: (namespace, call) => engine.runs.start(namespace, { ...call, callKey: null }) }),
        }),
    },
  },
  'E9-keys-not-found': {
    rule: 'E9',
    what: 'the row of a key is not looked up',
    seeds: 5,
    caught: /\(E9\)|one unique key/,
    plant: { store: memory => ({ ...forward(memory), findKeys: async claim => memory.findKeys(claim, []) }) },
  },
  'E9-born-before': {
    rule: 'E9',
    what: 'who takes over takes what was born before for new, and does not look for it',
    seeds: 60,
    caught: /\(P1|\(E9\)/,
    patches: [{ file: 'src/engine/tenure.ts', find: 'births.begin(await store.lastId(claim))', replace: 'births.begin(null)' }],
  },
  'E9-born-since': {
    rule: 'E9',
    what: 'what was born and has closed is taken for new when its call is repeated',
    seeds: 60,
    caught: /\(P1|\(E9\)/,
    patches: [{ file: 'src/engine/actors.ts', find: 'this.births.note(actor.id)', replace: '' }],
  },
  'E9-change-twice': {
    rule: 'E9',
    what: 'a change that is repeated is made twice',
    seeds: 10,
    from: 9,
    caught: /E9\): changed/,
    plant: { scenario: waits },
    patches: [
      {
        file: 'src/machines/job/machine.ts',
        find: 'if (state.commands?.includes(command)) return NOTHING',
        replace: '',
      },
    ],
  },
  'E4-not-replaced': {
    rule: 'E4',
    what: 'a start is answered "replaced" and nothing is',
    seeds: 20,
    caught: /answered "replaced"/,
    plant: { scenario: waits },
    patches: [
      {
        file: 'src/engine/gathering.ts',
        find: 'const change: RunChange = { input: request.input, options,',
        replace: 'const change: RunChange = { options,',
      },
    ],
  },
  'E13-from-the-clock': {
    rule: 'E13',
    what: 'the next nominal time follows from the clock',
    seeds: 10,
    caught: /E13/,
    plant: { scenario: keepsSchedules },
    patches: [
      {
        file: 'src/machines/schedule/account.ts',
        find: 'let next = table.next(state.accounted)',
        replace: 'let next = table.next(Math.max(state.accounted, context.now - 1_500))',
      },
    ],
  },
  'E13-edit-forgets': {
    rule: 'E13',
    what: 'an edit loses the times that were due before it',
    seeds: 40,
    caught: /E13/,
    plant: { scenario: keepsSchedules },
    patches: [
      {
        file: 'src/machines/schedule/commands.ts',
        find: "account(state, context, 'cut')",
        replace: '{ state, events: [], messages: [], done: true } as ReturnType<typeof account>',
      },
    ],
  },
  'E13-fired-without-run': {
    rule: 'E13',
    what: 'the ledger says fired, and nothing was started',
    seeds: 5,
    caught: /E13/,
    plant: { scenario: keepsSchedules },
    patches: [
      {
        file: 'src/engine/mail.ts',
        find: 'const answered = begin(namespace, planned, { by: null }, transaction, world)',
        replace: "const answered = { is: 'started', run: planned.run } as ReturnType<typeof begin> & { is: 'started' | 'existing' | 'refused' }",
      },
    ],
  },
  'E10-no-segments': {
    rule: 'E10',
    what: 'events stay in the row, however many they are',
    seeds: 5,
    caught: /more events than the bound \(E10\)/,
    patches: [{ file: 'src/engine/actor.ts', find: 'if (this.eventsBytes <= bytesMax) return null', replace: 'if (bytesMax >= 0) return null' }],
  },
  'E14-poison-resent': {
    rule: 'E14',
    what: 'a batch that is refused for its data is sent again for ever',
    seeds: 10,
    from: 2,
    caught: /\(P6\)|nobody answers|a time that has passed/,
    plant: {
      scenario: scenario => {
        scenario.poison = true
      },
      store: memory => ({
        ...forward(memory),
        commit: async batch => {
          const answer = await memory.commit(batch)
          return answer.is === 'refused' ? { ...answer, resend: true } : answer
        },
      }),
    },
  },
  'E14-half-way': {
    rule: 'E14',
    what: 'what a machine had applied before it threw stays',
    seeds: 30,
    caught: /half-way \(E14\)|cannot be folded|not what the events make/,
    plant: { scenario: throwsOften },
    patches: [{ file: 'src/engine/transition.ts', find: 'actor.rewind(before.state, before.length)', replace: '' }],
  },
  'E14-input-lost': {
    rule: 'E14',
    what: 'the input that a machine threw at is not kept',
    seeds: 10,
    caught: /did not throw at \(E14\)/,
    plant: { scenario: throwsOften },
    patches: [
      { file: 'src/engine/transition.ts', find: 'actor.stuck = { input, why, at }', replace: "actor.stuck = { input: { is: 'wake' }, why, at }" },
    ],
  },
  'E14-swallowed': {
    rule: 'E14',
    what: 'a throw is logged, and its input is gone',
    seeds: 20,
    caught: /"superseded" by nothing|add up to pending|told "lost" of the recorded delivery|\(P6\)|acknowledged and is not committed/,
    plant: { scenario: throwsOften },
    patches: [{ file: 'src/engine/transition.ts', find: 'actor.stuck = { input, why, at }', replace: '' }],
  },
  'E14-half-a-call': {
    rule: 'E14',
    what: 'a start that throws leaves the runs of its call that came before it',
    seeds: 60,
    from: 2,
    caught: /some of its runs are there \(E14\)|\(E4\)/,
    plant: { scenario: throwsOften },
    patches: [{ file: 'src/engine/lane.ts', find: 'this.broken.set(work, refusal)', replace: '{}' }],
  },
  'E14-not-resumed': {
    rule: 'E14',
    what: 'a run that is resumed does not take its input again',
    seeds: 30,
    caught: /without the input that it was stuck on \(E14\)/,
    plant: { scenario: throwsOften },
    patches: [{ file: 'src/engine/lane-transaction.ts', find: 'if (input !== null) this.apply(actor, input)', replace: '' }],
  },
  'E15-any-delivery': {
    rule: 'E15',
    what: 'the result of any delivery is taken for that of the recorded one',
    seeds: 60,
    from: 20,
    caught: /\(P3, E4\)/,
    plant: {
      engine: (engine, _life, memory) => {
        const complete: Engine['tasks']['complete'] = (namespace, worker, results) =>
          engine.tasks.complete(
            namespace,
            worker,
            results.map(result => asRecorded(memory, result)),
          )
        return override(engine, { tasks: override(engine.tasks, { complete }) })
      },
    },
  },
  'E15-changed-adopted': {
    rule: 'E15',
    what: 'a delivery that left unrecorded is adopted, though the input was changed since',
    seeds: 40,
    from: 85,
    caught: /an input that was changed before \(E15\)/,
    plant: {
      scenario: scenario => {
        waits(scenario)
        Object.assign(scenario, { faults: ['kill', 'kill-both'], faultEveryMs: 1_500, throws: false, thinkMs: 60 })
        scenario.sizes.deliveryHoldMs = 300
      },
    },
    patches: [{ file: 'src/core/task.ts', find: ' && task.changed !== true', replace: '' }],
  },
  'E16-dead-lane-delivers': {
    rule: 'E16',
    what: 'an unrecorded delivery leaves a lane whose claim was not confirmed for long',
    seeds: 20,
    from: 16,
    caught: /\(E16\)/,
    patches: [
      { file: 'src/engine/lane.ts', find: 'claimTtlMs / 2 && now - this.chain.renewedAt < (claimTtlMs * 3) / 4', replace: 'claimTtlMs * 1_000' },
    ],
  },
  'E16-once-unrecorded': {
    rule: 'E16',
    what: 'a task with attempts: 1 leaves before its delivery is recorded',
    seeds: 5,
    caught: /\(E16\)/,
    patches: [{ file: 'src/core/task.ts', find: 'atMostOnce: policy.retry.attempts === 1', replace: 'atMostOnce: false' }],
  },
  'E19-one-group': {
    rule: 'E19',
    what: 'all tasks of a queue wait in one line, whatever gates them',
    seeds: 10,
    caught: /does not serve|acknowledged pause|\(P6\)/,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    patches: [{ file: 'src/core/gates.ts', find: '${queue}\\0${definition}', replace: '${queue}' }],
  },
  'E21-settings-forgotten': {
    rule: 'E21',
    what: 'a node that takes over does not read what operators have set',
    seeds: 20,
    caught: /\(P1, E21\)|\(E21\)/,
    patches: [{ file: 'src/engine/catalog.ts', find: 'this.settings.load(settings)', replace: 'this.settings.load([])' }],
  },
  'E20-dated-leases': {
    rule: 'E20',
    what: 'leases are counted on the wall clock',
    seeds: 20,
    caught: /\(E20\)|may be dead \(E16\)|\(P1, E21\)/,
    plant: {
      scenario: scenario => {
        Object.assign(scenario, { faults: ['step-clock', 'pause'], faultEveryMs: 1_500 })
      },
      options: options => ({ ...options, clock: { ...options.clock, monotonic: () => options.clock.now() } }),
    },
  },
}

/** Batches like these land, though their claim does not stand. */
function unfenced(memory: MemoryStore, lands: (writes: Writes) => boolean): Store {
  const tables = memory.tables() as Tables
  return {
    ...forward(memory),
    commit: async batch => {
      const lane = tables.lanes.get(batch.lane)
      if (lane === undefined || lane.stands || !lands(batch.writes)) return memory.commit(batch)
      tables.setLane({ ...lane, stands: true, sequence: batch.sequence, lastBatch: batch.lastBatch })
      const answer = memory.commit(batch)
      tables.setLane({ ...lane, stands: false })
      return answer
    },
  }
}

function startsBatches(scenario: Scenario): void {
  Object.assign(scenario, { batches: true, rollbacks: false, thinkMs: 300 })
}

function throwsOften(scenario: Scenario): void {
  scenario.throws = true
}

/** Applies the patches of a plant to what is imported from now on. */
export function applyPatches(patches: readonly Patch[]): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const fitting = patches.filter(({ file }) => url.endsWith(`/${file}`))
      if (fitting.length === 0) return loaded
      return { ...loaded, source: patched(Buffer.from(loaded.source as Uint8Array).toString(), fitting) }
    },
  })
}

/** The source of one file with its patches in. */
export function patched(source: string, patches: readonly Patch[]): string {
  let changed = source
  for (const { file, find, replace } of patches) {
    if (changed.split(find).length !== 2) throw new Error(`A plant is out of date: ${file} does not have this text exactly once: ${find}`)
    changed = changed.replace(find, () => replace)
  }
  return changed
}

/** An object with some of its members replaced; the others stay bound to it, whatever they are made of. */
function override<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value = Reflect.get(name in replaced ? replaced : target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function asRecorded<Result extends { run: string; attempt: number; delivery: string }>(memory: MemoryStore, result: Result): Result {
  const row = memory.tables().open.get(result.run)
  if (row === undefined || !row.delivered) return result
  const recorded = (JSON.parse(row.body) as Body).events.findLast(event => event.is === 'delivered')
  return recorded === undefined ? result : { ...result, attempt: recorded.attempt as number, delivery: recorded.delivery as string }
}

/** What was settled as "not there" takes no place in the chain: the batch may still land. */
function settlesByReading(memory: MemoryStore) {
  const tables = memory.tables()
  const stands = new Map<string, string>()
  const placed = (lastBatch: string): string => stands.get(lastBatch) ?? lastBatch
  return {
    ...forward(memory),
    commit: async (batch: Parameters<MemoryStore['commit']>[0]) => {
      const lane = tables.lanes.get(batch.lane)
      const lastBatch = placed(batch.lastBatch)
      return memory.commit({ ...batch, lastBatch, sequence: lane?.lastBatch === lastBatch ? lane.sequence : batch.sequence })
    },
    settle: async (batch: Parameters<MemoryStore['settle']>[0], settling: string) => {
      const lane = tables.lanes.get(batch.lane)
      if (lane === undefined || !lane.stands) return 'fenced' as const
      if (lane.lastBatch === batch.id) return 'in' as const
      if (lane.lastBatch !== placed(batch.lastBatch)) return 'fenced' as const
      stands.set(settling, placed(batch.lastBatch))
      return 'out' as const
    },
  }
}

function waits(scenario: Scenario): void {
  Object.assign(scenario, { waiting: true, rollbacks: false })
}

function keepsSchedules(scenario: Scenario): void {
  scenario.schedules = true
}
