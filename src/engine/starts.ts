import { createHash } from 'node:crypto'
import { STARTS_PER_CALL_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import { callRunId, newId, type RunId, slotOf } from '../core/ids.ts'
import { type GateKeys, keyAt } from '../core/limits.ts'
import { isRun, type RunKind, type StartOrder } from '../core/machine.ts'
import { KEY_RETENTION_MS, mergeOptions, QUEUE_DEFAULT, type RunOptions } from '../core/options.ts'
import { nominalTimeOf, type Outcome, type Payload, parentOf, type Trigger, type TriggerAssets } from '../core/run.ts'
import { withDefaults } from '../core/schema-defaults.ts'
import { intervalOf } from '../machines/dag/input.ts'
import type { StartInput as DagStart, DagState } from '../machines/dag/types.ts'
import { machineOf } from '../machines/registry.ts'
import type { StartInput } from '../machines/workflow/types.ts'
import type { KeyName } from '../store/store.ts'
import type { Actor } from './actor.ts'
import type { ItemLetter } from './batches/items.ts'
import { replacedName, replaceInBatch } from './batches/replace.ts'
import { gateFor } from './changes.ts'
import type { HeldUnique } from './codec.ts'
import type { Definitions, Registered } from './definitions.ts'
import type { Command, DefinitionOptions, StartAnswer, StartCall, StartRequest, Unique } from './face.ts'
import { type Gather, meet } from './gathering.ts'
import { homeOf, keyItself, keyWithin } from './homes.ts'
import type { Gating } from './limits/gating.ts'
import { areTogether } from './shares.ts'
import { rowTags } from './tags.ts'
import type { World } from './transition.ts'
import type { Settle, Transaction, Work } from './work.ts'
import { giveKept, type KeptValue } from './workflows/kept.ts'
import { signalStarted } from './workflows/signal-start.ts'

/** A start that is decided on: what it is called, and which key decides. */
export interface Planned {
  run: RunId
  request: StartRequest
  definition: Registered
  options: RunOptions
  /** The key that decides whether it starts, and its home (E9). */
  key: (KeyName & { scope: 'key' | 'unique' }) | null
  unique: Unique | null
  inputHash: string
  /** What becomes of it when another run holds the key; null: it is answered with that one. */
  gather: Gather | null
  /** What of its input gates it; null: nothing. */
  gate: GateKeys | null
  gating: Gating
}

/**
 * A start call: all its unkeyed runs are born together in one commit on the shard of the call key; a repeat finds the first of them, hence all (E9).
 * Keyed items are accepted or refused one by one.
 */
export function startWork(
  namespace: string,
  call: StartCall,
  definitions: Definitions,
  world: World,
  settle: Settle<StartAnswer[]>,
  { place, slot, isHere = () => true, decided = () => {} }: Part = {},
): Work {
  if (call.starts.length > STARTS_PER_CALL_MAX)
    throw new UserError('too-many-items', { at: '/runs', found: call.starts.length, hint: `at most ${STARTS_PER_CALL_MAX} in one call: split it` })
  const callKey = call.callKey ?? newId(world.clock.now(), world.random)
  const planned = planAll(namespace, { ...call, callKey }, definitions, { place, slot })
  const here = planned.filter(({ run }) => isHere(run))
  // Those with a home of their own are looked at one by one: the others of their call may be elsewhere.
  const alone = ({ key, gate }: Planned): boolean => key !== null || gate?.sequence !== undefined
  const first = here.find(start => !alone(start))
  let answers: Decided[] = []
  return {
    // The unkeyed ones are there together or not at all; a keyed one is there when its key was free.
    ids: here.filter(start => start === first || alone(start)).map(({ run }) => run),
    keys: here.flatMap(start => [
      ...(start.key === null ? [] : [start.key]),
      ...(start === first || alone(start) ? [callName(namespace, start.run)] : []),
    ]),
    ...(here.some(({ gather, request }) => gather !== null || request.signal !== undefined)
      ? { further: (transaction: Transaction) => ({ ids: holders(here, transaction) }) }
      : {}),
    starts: true,
    bytes: planned.reduce((sum, { request }) => sum + 1_000 + (request.input?.length ?? 0) + (request.options.metadata?.length ?? 0), 0),
    execute(transaction) {
      const before = (run: RunId): RunId | null => transaction.key(callName(namespace, run))?.run ?? (transaction.actor(run) === null ? null : run)
      const repeated = first !== undefined && before(first.run) !== null
      answers = planned.map(start => {
        if (!isHere(start.run)) return { is: 'elsewhere', run: start.run }
        const run = alone(start) ? before(start.run) : repeated ? start.run : null
        const answer: StartAnswer = run === null ? begin(namespace, start, call, transaction, world) : { is: 'existing', run, by: 'call' }
        return signalStarted(start, answer, call.by, transaction)
      })
      decided(answers)
    },
    done: () => settle.resolve(answers as StartAnswer[]),
    failed: settle.reject,
  }
}

function planAll(
  namespace: string,
  call: StartCall & { callKey: string },
  definitions: Definitions,
  { place, slot }: { place?: Part['place'] | undefined; slot?: number | undefined } = {},
): Planned[] {
  const { callKey } = call
  const many = call.places !== undefined || call.starts.length > 1
  return call.starts.map((request, at) => {
    const index = call.places?.[at] ?? at
    return plan(namespace, request, { callKey, index, at: place?.(index) ?? (many ? `/runs/${index}` : ''), slot }, definitions)
  })
}

/** Where the runs of a call will live. */
export function slotsOf(namespace: string, call: StartCall & { callKey: string }, definitions: Definitions): number[] {
  return planAll(namespace, call, definitions).map(({ run }) => slotOf(run))
}

/** `elsewhere`: of another lane, and not decided here. */
export type Decided = StartAnswer | { is: 'elsewhere'; run: RunId }

/** A call whose starts are part of something larger. */
export interface Part {
  /** Where each is in its body. */
  place?: (index: number) => string
  /** Where those live that have no home of their own; default: with their call key. */
  slot?: number
  /** Others are left out. Default: all are here. */
  isHere?: (id: RunId) => boolean
  /** Told inside the transaction. */
  decided?: (answers: readonly Decided[]) => void
}

/** What a late repeat of a call finds (E9): of a young run that retention dropped, or of a unique conflict, whose other run may have closed. */
export function callName(namespace: string, run: RunId): KeyName {
  return { namespace, scope: 'call', definition: '', key: run }
}

/** A start that an actor asks for, under the run id that the actor chose: null when nothing of this name is registered. */
export function planOrder(namespace: string, run: RunId, order: StartOrder, definitions: Definitions): Planned | null {
  if (order.kind !== undefined) return planBuiltIn(namespace, run, order, order.kind, definitions)
  const definition = definitions.get(namespace, order.definition)
  return definition === undefined ? null : planFor(namespace, run, definition, order, definitions.gating)
}

/** What has no definition has no options of its own, and no limits. */
function planBuiltIn(namespace: string, run: RunId, order: StartOrder, kind: RunKind, { gating }: Definitions): Planned {
  const definition: Registered = {
    ...{ kind, namespace, name: order.definition, version: '', options: {}, declared: {}, override: null, set: {} },
    ...{ schema: null, registeredAt: 0, versions: new Map() },
  }
  const own = { key: null, unique: null, inputHash: '', gather: null, gate: null }
  return { run, request: order, definition, options: order.options, ...own, gating }
}

export function planFor(namespace: string, run: RunId, definition: Registered, order: StartOrder, gating: Gating): Planned {
  const { unique = null } = definition.options
  const request: StartRequest = order
  const merged = mergeOptions(runOptionsOf(definition.options), order.options)
  const gate = gating.of(namespace, definition.name, merged.queue, order.input)
  const named = uniqueName(definition.options, unique, order.input)
  const key = named === null ? null : { namespace, definition: definition.name, scope: 'unique' as const, key: keyWithin(named, gate?.sequence) }
  return { run, request, definition, options: merged, key, unique, inputHash: '', gather: gatherOf(definition.options, unique), gate, gating }
}

interface Item {
  callKey: string
  /** Its number in its call. */
  index: number
  /** Where it is in its body. */
  at: string
  slot?: number | undefined
}

function plan(namespace: string, request: StartRequest, { callKey, index, at, slot }: Item, definitions: Definitions): Planned {
  const definition = definitions.require(namespace, request.definition, `${at}/definition`)
  const unique = request.unique ?? definition.options.unique ?? null
  if (request.signal !== undefined && definition.kind !== 'workflow')
    throw new UserError('not-a-workflow', { at: `${at}/signal`, found: definition.name, hint: `it is a ${definition.kind}` })
  if (request.key !== undefined && request.unique !== undefined)
    throw new UserError('invalid-option', { at: `${at}/unique`, hint: '`key` and `unique` are two questions with two homes: use one of them' })
  const gather = gatherOf(definition.options, unique)
  if (gather !== null && gather.is !== 'unique')
    for (const option of ['key', 'unique'] as const)
      if (request[option] !== undefined)
        throw new UserError('invalid-option', { at: `${at}/${option}`, hint: `starts of "${definition.name}" gather by ${gather.is}: leave it out` })
  const merged = mergeOptions(runOptionsOf(definition.options), request.options)
  const { gating } = definitions
  const gate = gating.of(namespace, definition.name, merged.queue, request.input)
  const named = request.key ?? uniqueName(definition.options, unique, request.input)
  const scope = request.key === undefined ? ('unique' as const) : ('key' as const)
  const key = named === null ? null : { namespace, definition: definition.name, scope, key: keyWithin(named, gate?.sequence) }
  const home = homeOf(namespace, definition.name, gate?.sequence, named)
  const run = callRunId(callKey, index, home ?? slot)
  return {
    run,
    request,
    definition,
    options: merged,
    key,
    unique: request.key === undefined ? unique : null,
    inputHash: request.key === undefined ? '' : hash(request.input),
    gather: request.key === undefined ? gather : null,
    gate,
    gating,
  }
}

/** The slot of a start that an actor asks for, by its sequence or its key; null: that of who asks. */
export function homeOfOrder(namespace: string, order: StartOrder, definitions: Definitions): number | null {
  // Most have none of these, and are planned once, when they start.
  const {
    sequence,
    unique = null,
    debounce,
    throttle,
  } = (order.kind === undefined ? definitions.get(namespace, order.definition) : undefined)?.options ?? {}
  if (sequence === undefined && unique === null && debounce === undefined && throttle === undefined) return null
  const planned = planOrder(namespace, '', order, definitions)
  return planned === null ? null : homeOfPlanned(namespace, planned)
}

export function homeOfPlanned(namespace: string, { definition, gate, key }: Planned): number | null {
  return homeOf(namespace, definition.name, gate?.sequence, key && keyItself(key.key, gate?.sequence))
}

/** A job of a batch, planned where it lives: it is the run that its call would have started. Null: it cannot be. */
export function planItem({ namespace, request, callKey, index }: ItemLetter, definitions: Definitions): Planned | null {
  try {
    return plan(namespace, request, { callKey, index, at: '' }, definitions)
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
}

/** A run keeps what is its own; the definition's rules are looked up whenever they are needed. */
function runOptionsOf(options: DefinitionOptions): RunOptions {
  const known = ownOptions.get(options)
  if (known !== undefined) return known
  const own = withoutRules(options)
  ownOptions.set(options, own)
  return own
}
const ownOptions = new WeakMap<DefinitionOptions, RunOptions>()

function withoutRules({
  unique,
  limits,
  fair,
  sequence,
  cost,
  batch,
  debounce,
  throttle,
  onFailure,
  notify,
  ...options
}: DefinitionOptions): RunOptions {
  return options
}

/** Runs whose keys planned starts meet, and may change. */
export function holders(planned: readonly Planned[], transaction: Transaction): RunId[] {
  return planned.flatMap(({ gather, key, request }) => {
    const held = (gather === null && request.signal === undefined) || key === null ? null : transaction.key(key)
    return held === null ? [] : [held.run]
  })
}

function gatherOf({ debounce, throttle }: DefinitionOptions, unique: Unique | null): Gather | null {
  if (debounce !== undefined) return { is: 'debounce', forMs: debounce.forMs, maximumMs: debounce.maximumMs ?? Number.POSITIVE_INFINITY }
  if (throttle !== undefined) return { is: 'throttle', everyMs: throttle.everyMs }
  return unique?.onConflict === 'replace' ? { is: 'unique' } : null
}

/** Options of a definition that do not go together: each says what becomes of a start like another. @throws UserError `invalid-option` */
export function checkTogether(options: DefinitionOptions, at: string): void {
  const [one, other] = (['debounce', 'throttle', 'unique'] as const).filter(name => options[name] !== undefined)
  if (one !== undefined && other !== undefined)
    throw new UserError('invalid-option', {
      at: `${at}/${other}`,
      hint: `${one} and ${other} cannot be combined: both say what becomes of a start like another`,
    })
}

const DEBOUNCE = 'debounce:'

export function isDebounce(key: string): boolean {
  return key.startsWith(DEBOUNCE)
}

/** The key under which a start meets those like it; null: it meets none. */
function uniqueName({ debounce, throttle }: DefinitionOptions, unique: Unique | null, input: Payload | null): string | null {
  const per = ({ per }: { per: string | null }): string => (per === null || input === null ? '' : keyAt(JSON.parse(input), per, hash))
  if (debounce !== undefined) return `${DEBOUNCE}${per(debounce)}`
  if (throttle !== undefined) return `throttle:${per(throttle)}`
  return unique === null ? null : uniqueKey(unique, input)
}

function uniqueKey(unique: Unique, input: Payload | null): string {
  if (unique.by === 'key') return `key:${unique.key}`
  return unique.by === 'input' ? `input:${hash(input)}` : 'name'
}

function hash(input: Payload | null): string {
  return createHash('sha256')
    .update(input ?? '')
    .digest('base64url')
}

export function begin(namespace: string, planned: Planned, call: Pick<StartCall, 'by'>, transaction: Transaction, world: World): StartAnswer {
  const { key, request, run, inputHash } = planned
  const now = world.clock.now()
  const { delayMs, ...rest } = planned.options
  const options = delayMs === undefined ? rest : { ...rest, notBefore: Math.max(rest.notBefore ?? 0, now + delayMs) }
  const held = key === null ? null : transaction.key(key)
  let unique: HeldUnique | null = null
  if (key?.scope === 'key') {
    if (held !== null)
      return held.inputHash === inputHash ? { is: 'existing', run: held.run, by: 'key' } : { is: 'refused', problem: conflict(request, held.run) }
    transaction.putKey({ ...key, run, inputHash, expiresAt: now + Math.max(KEY_RETENTION_MS, request.keyRetentionMs ?? 0) })
  } else if (key !== null) {
    const met = meet(namespace, planned, options, held, transaction, now)
    if (met.is === 'meets') {
      // Asked again later, the same call must not find that the other has closed meanwhile.
      transaction.putKey({ ...callName(namespace, run), run: met.run, inputHash: '', expiresAt: now + KEY_RETENTION_MS })
      return { is: 'existing', run: met.run, by: 'unique', ...(met.replaced ? { replaced: true } : {}) }
    }
    transaction.putKey({ ...key, run, inputHash, expiresAt: met.expiresAt })
    if (met.notBefore !== null) options.notBefore = met.notBefore
    if (met.holds !== null) unique = { key: key.key, states: met.holds }
  }
  if (planned.gate !== null) options.gate = { ...options.gate, ...placed(planned, namespace, call, now) }
  const input = inputFor(planned.definition, request.input)
  const trigger: Trigger = call.by !== null && request.trigger.is === 'call' ? { is: 'call', by: call.by } : request.trigger
  birth(
    transaction,
    { run, namespace, name: planned.definition.name, kind: planned.definition.kind, input: flat(input), options, trigger, now },
    actor => {
      if (unique !== null) actor.unique = unique
    },
    {
      ...(request.key === undefined ? {} : { key: request.key }),
      ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
      ...dagFacts(planned.definition, input),
    },
  )
  return { is: 'started', run }
}

/** A text of its own: a part of a call's body would keep the whole of it in memory. */
function flat(input: Payload | null): Payload | null {
  return input === null ? null : Buffer.from(input).toString()
}

function placed({ gate, gating, definition }: Planned, namespace: string, call: object, now: number): GateKeys {
  if (gate?.sequence === undefined) return gate as GateKeys
  return { ...gate, place: gating.place(namespace, definition.name, gate.sequence, call, now) }
}

/** A DAG's tasks find in it what its schema has a default for. */
function inputFor({ kind, schema }: Registered, input: Payload | null): Payload | null {
  return kind === 'dag' ? withDefaults(schema, input) : input
}

/** A DAG goes by the version that was the newest when it started, and may hand on its input. */
function dagFacts({ kind, version }: Registered, input: Payload | null): { version?: string; input?: Payload } {
  if (kind === 'approval' || kind === 'wait') return { input: flat(input) as Payload }
  return kind === 'dag' ? { version, ...(input === null ? {} : { input: flat(input) as Payload }) } : {}
}

interface Birth {
  run: RunId
  namespace: string
  name: string
  kind: RunKind
  input: Payload | null
  options: Omit<RunOptions, 'delayMs'>
  trigger: Trigger
  now: number
}

function birth(
  transaction: Transaction,
  born: Birth,
  prepare: (actor: ReturnType<Transaction['create']>) => void,
  rest: { key?: string; traceparent?: string; version?: string; input?: Payload; fork?: Fork['start'] },
): void {
  const { run, namespace, name, kind, input, trigger, now } = born
  const { queue: asked = QUEUE_DEFAULT, ...others } = born.options
  // A DAG's run stands in no queue: its tasks do.
  const [queue, options] = kind === 'dag' || kind === 'approval' || kind === 'wait' ? ['', others] : [asked, born.options]
  const actor = transaction.create(
    { id: run, namespace, kind, name, queue, createdAt: now, tags: rowTags(options.tags ?? null, kind, trigger), input },
    machineOf(kind),
  )
  actor.parent = parentOf(trigger)
  prepare(actor)
  transaction.apply(actor, { is: 'start', definition: name, options, trigger, ...rest } as { is: string })
}

function conflict(request: StartRequest, run: RunId): import('../core/errors.ts').Problem {
  return new UserError('key-conflict', { at: '/key', found: request.key, hint: `run ${run} has this key with another input`, data: { run } }).problem
}

/** A new run goes on from a point of an old one, and keeps what came before. */
export interface Fork {
  from: { n: number; name: string }
  start: NonNullable<StartInput['fork'] | DagStart['fork']>
  /** Results of kept steps that are beside the history. */
  values?: readonly KeptValue[]
  /** The old one, if it is open, ends. */
  reset: boolean
}

/** A new run from a closed one, in its slot, linked to it, under its unique key. In a sequence it goes before all that have not begun, and before retries of what began earlier: what stopped a sequence began last. */
export function retryWork(
  namespace: string,
  id: RunId,
  command: Command & { input?: Payload; force?: boolean },
  definitions: Definitions,
  world: World,
  settle: Settle<RunId>,
  slot = slotOf(id),
  forkOf: ((old: Actor) => Fork) | null = null,
): Work {
  const run = callRunId(`${command.id}:retry:${id}`, 0, slot)
  const uniqueOf = (transaction: Transaction): HeldUnique | null => {
    const old = transaction.actor(id)
    return old === null ? null : uniqueOfRetry(old, command.input, definitions)
  }
  const nameOf = (transaction: Transaction, { key }: HeldUnique): KeyName => ({
    namespace,
    scope: 'unique',
    definition: transaction.actor(id)?.name as string,
    key,
  })
  return {
    ids: [id, run],
    keys: [callName(namespace, run), replacedName(namespace, id)],
    further(transaction) {
      const unique = uniqueOf(transaction)
      return unique === null ? {} : { keys: [nameOf(transaction, unique)] }
    },
    starts: true,
    bytes: 500,
    execute(transaction) {
      const old = transaction.actor(id)
      if (old === null || old.namespace !== namespace || !isRun(old.kind)) throw new UserError('run-not-found', { found: id })
      if (transaction.actor(run) !== null || transaction.key(callName(namespace, run)) !== null) return
      const fork = forkOf?.(old) ?? null
      if (!old.closed && fork === null) throw new UserError('run-open', { found: id, hint: 'cancel it first, or wait until it is closed' })
      if (old.kind === 'approval' || old.kind === 'wait')
        throw new UserError('invalid-input', {
          at: '/path/run',
          found: id,
          hint: `${old.kind === 'wait' ? 'a wait is begun' : 'an approval is asked for'} again by its DAG: \`mainspring dag rerun\``,
        })
      if (old.kind === 'batch')
        throw new UserError('invalid-input', { at: '/path/run', found: id, hint: 'a batch is not started again: retry its jobs' })
      const { notBefore: _, gate: __, ...options } = old.view.options
      const input = command.input === undefined ? old.input : inputFor(definitions.require(namespace, old.name, '/path/run'), command.input)
      if (!areTogether(homeOfRetry(old, command.input, definitions), slot))
        throw new UserError('unavailable', { retryAfter: 1, hint: 'what decides where it lives has just changed; the same call may be repeated' })
      const now = world.clock.now()
      if (!old.closed && fork?.reset === true) {
        if (!transaction.isHere(id)) throw new UserError('unavailable', { retryAfter: 1, hint: 'it would live elsewhere than the run that it ends' })
        const why = `reset to ${fork.from.name === '' ? `operation ${fork.from.n}` : `"${fork.from.name}"`}: run ${run}`
        transaction.apply(old, { is: 'terminate', command: command.id, by: command.by, why } as { is: string })
      }
      const unique = old.closed ? uniqueOf(transaction) : null
      const held = unique === null ? null : transaction.key(nameOf(transaction, unique))
      if (held !== null && command.force !== true && fork === null)
        throw new UserError('unique-conflict', {
          found: id,
          hint: `run ${held.run} holds its unique key: wait for it, or use force`,
          data: { run: held.run },
        })
      const free = held === null ? unique : null
      if (free !== null) transaction.putKey({ ...nameOf(transaction, free), run, inputHash: '', expiresAt: null })
      let gate = gateFor(old, { namespace, definition: old.name, queue: options.queue, input }, definitions.gating, command)
      if (gate?.place !== undefined && gate.place === old.view.options.gate?.place && old.view.startedAt !== null)
        gate = { ...gate, place: -old.view.startedAt }
      const { nominalAt, intervalStart } = meantFor(old, fork)
      const after = (old.outcome as Outcome | null)?.state
      const trigger: Trigger = {
        is: 'retry',
        of: id,
        ...(after === undefined ? {} : { after }),
        ...(fork === null ? {} : { from: fork.from }),
        ...(nominalAt === null ? {} : { nominalAt }),
        ...(intervalStart === undefined ? {} : { intervalStart }),
        ...assetsOf(old.view.trigger),
        ...(old.closed ? replaceInBatch(old, run, transaction, now) : {}),
      }
      birth(
        transaction,
        { run, namespace, name: old.name, kind: old.kind as RunKind, input, options: gate == null ? options : { ...options, gate }, trigger, now },
        actor => {
          if (free !== null) actor.unique = free
        },
        {
          ...(old.kind === 'dag' ? dagFacts(definitions.require(namespace, old.name, '/path/run'), input) : {}),
          ...(fork === null ? {} : { fork: fork.start }),
        },
      )
      giveKept(transaction, run, fork?.values ?? [])
    },
    done: () => settle.resolve(run),
    failed: settle.reject,
  }
}

/** What of assets triggered the first of the chain, and how far those before it had come. */
function assetsOf(trigger: Trigger): { assets?: TriggerAssets; partition?: string; watermark?: Payload } {
  if (trigger.is !== 'schedule' && trigger.is !== 'retry') return {}
  const { assets, partition, watermark } = trigger
  return {
    ...(assets !== undefined && { assets }),
    ...(partition !== undefined && { partition }),
    ...(watermark !== undefined && { watermark }),
  }
}

/** The time that a run in the place of another is for: of a DAG that goes on always that of the old one, since what is kept was made for it. */
function meantFor({ kind, state, view }: Actor, fork: Fork | null): { nominalAt: number | null; intervalStart?: number } {
  const nominalAt = nominalTimeOf(view.trigger)
  if (kind !== 'dag') return { nominalAt }
  const { started } = state as DagState
  // In the order of the others it stands where the old one stood.
  if (nominalAt === null && fork === null && started.timeline === undefined) return { nominalAt }
  const { nominalAt: at, interval } = intervalOf(started)
  return { nominalAt: at, intervalStart: interval.start }
}

/** The unique key that a retry takes; null: none. */
function uniqueOfRetry(old: Actor, input: Payload | undefined, definitions: Definitions): HeldUnique | null {
  const { unique } = old
  if (unique === undefined || isDebounce(unique.key)) return null
  const named = keyItself(unique.key, old.view.options.gate?.sequence)
  const key = input !== undefined && named.startsWith('input:') ? `input:${hash(input)}` : named
  return { key: keyWithin(key, sequenceOfRetry(old, input ?? old.input, definitions)), states: unique.states }
}

function sequenceOfRetry(old: Actor, input: Payload | null, { gating }: Definitions): string | undefined {
  return gating.of(old.namespace, old.name, old.view.options.queue, input)?.sequence
}

/** The slot of a retry: where its run was, unless its sequence or its key has changed. */
export function homeOfRetry(old: Actor, input: Payload | undefined, definitions: Definitions): number {
  const sequence = sequenceOfRetry(old, input ?? old.input, definitions)
  const unique = uniqueOfRetry(old, input, definitions)
  return homeOf(old.namespace, old.name, sequence, unique && keyItself(unique.key, sequence)) ?? slotOf(old.id)
}
