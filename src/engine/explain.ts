import { ENDPOINT_HEALTH_SETTING, type EndpointHealth } from '../core/endpoints.ts'
import { type Group, groupId } from '../core/gates.ts'
import { shortId } from '../core/ids.ts'
import type { RunKind } from '../core/machine.ts'
import { type Failure, OPEN_STATES } from '../core/run.ts'
import type { JobState } from '../machines/job/types.ts'
import type { Row } from '../store/store.ts'
import { Actor } from './actor.ts'
import { explainApproval } from './approvals/explain.ts'
import { endedBatch, explainBatch } from './batches/explain.ts'
import type { HeldUnique } from './codec.ts'
import { type DagFacts, explainDag } from './dags/explain.ts'
import type { Explanation, Reason } from './face.ts'
import type { Leases } from './leases.ts'
import type { Limits } from './limits/limits.ts'
import { standingOf } from './limits/standing.ts'
import { limitReason } from './limits/words.ts'
import { pauseReason } from './pause-words.ts'
import { gatesOf } from './queues/gates.ts'
import type { Line } from './queues/line.ts'
import type { Queues } from './queues/queues.ts'
import type { Settings } from './settings.ts'
import { isDebounce } from './starts.ts'
import { shortVersion } from './version-names.ts'
import { explainWait } from './waits/explain.ts'
import { misfit, type WorkerSeen, type Workers } from './workers.ts'
import { explainWorkflow, taskGroup, versionReason } from './workflows/explain.ts'

export interface ExplainWorld {
  settings: Settings
  workers: Workers
  leases: Leases
  limits: Limits
  queues: Pick<Queues, 'of'>
  fresh: boolean
  /** The version in which the group's definition is registered; null: not known, and nothing is said of versions. */
  registered(group: Group): string | null
  /** What a DAG's run waits for beside its own tasks. */
  dag?(actor: Actor): DagFacts
  /** What a name stands for; null: nothing. */
  definition?(namespace: string, name: string): RunKind | null
  /** A fitting worker waits for a task right now. */
  awaited(group: Group): boolean
}

/** All reasons why a run does not run, from the gates and fits that dispatch asks (P6); of a closed run, what ended it. */
export function explain(row: Row, world: ExplainWorld): Explanation {
  const actor = Actor.load(row)
  const { view } = actor
  const clear: string[] = []
  const reasons = actor.closed ? [actor.kind === 'batch' ? endedBatch(actor) : ended(actor)] : open(actor, world, clear)
  return { run: actor.id, state: view.state, since: actor.lastAt, reasons, clear }
}

function open(actor: Actor, world: ExplainWorld, clear: string[]): Reason[] {
  const { view } = actor
  if (actor.stuck !== undefined)
    return [
      {
        code: 'stuck',
        text: `the run is stuck on "${actor.stuck.input.is}": ${actor.stuck.why}`,
        since: actor.stuck.at,
        command: `mainspring resume ${shortId(actor.id)}`,
      },
    ]
  if (view.reason === 'parked' && actor.kind !== 'workflow')
    return [
      {
        code: 'parked',
        text: `parked: its attempts are used up (${told(view.failure)})`,
        since: actor.lastAt,
        command: `mainspring resume ${shortId(actor.id)}`,
      },
    ]
  if (actor.kind === 'batch') return explainBatch(actor, clear)
  if (actor.kind === 'approval') return [explainApproval(actor)]
  if (actor.kind === 'wait') return [explainWait(actor, name => world.definition?.(actor.namespace, name) ?? null)]
  if (actor.kind === 'dag') return explainDag(actor, world.dag?.(actor) ?? NOTHING_KNOWN, clear)
  const awaited = actor.kind === 'workflow' ? explainWorkflow(actor, clear) : null
  if (awaited !== null) return awaited
  if (view.state === 'running') {
    clear.push(`attempt ${view.attempt} runs on ${workerName(world, view.worker)}${view.reason === 'cancelling' ? ', and is asked to stop' : ''}`)
    const lease = world.leases.ofWorker(view.worker as string).find(({ run }) => run === actor.id)
    return lease?.stuck === true ? [ignoresStop(actor)] : []
  }
  const group = taskGroup(actor)
  const line = world.queues.of(groupId(group))
  const reasons: Reason[] = []
  if (view.state === 'scheduled') reasons.push({ code: 'not-due', text: `not due until ${iso(view.dueAt)}`, until: view.dueAt as number })
  else if (view.reason === 'snoozed')
    reasons.push({ code: 'snoozed', text: `its handler asked to be called again at ${iso(view.dueAt)}`, until: view.dueAt as number })
  else if (view.state === 'waiting') reasons.push(backOff(actor))
  else clear.push('due')
  if (actor.kind === 'job') clear.push(...misfitText(actor))
  for (const gate of gatesOf(actor, group, { ...world, line })) {
    if (gate.is === 'unavailable') reasons.push({ code: 'unavailable', text: 'the node waits for its store' })
    else if (gate.is !== 'paused') reasons.push(limitReason(gate))
    else reasons.push(pauseReason(gate))
  }
  if (reasons.every(({ code }) => code !== 'paused')) clear.push('nothing is paused')
  clear.push(...standing(actor, group, world, line))
  reasons.push(...workerReasons(group, world, clear))
  if (actor.unique !== undefined && actor.unique.left !== true) clear.push(uniqueText(actor.unique))
  return reasons
}

/** A step of a workflow, whose history some code does not fit. */
function misfitText({ state }: Actor): string[] {
  const { misfits, misfitWhy } = state as JobState
  return misfits === undefined
    ? []
    : [`it keeps from version ${misfits.map(shortVersion).join(', ')}, which its workflow's history does not fit (${misfitWhy})`]
}

const NOTHING_KNOWN: DagFacts = { spec: undefined, newest: undefined, timeline: null, pauses: [] }

function ignoresStop(actor: Actor): Reason {
  return {
    code: 'ignores-stop',
    text: 'its handler was asked to stop and goes on; its log says where it was seen',
    command: `mainspring terminate ${shortId(actor.id)}`,
  }
}

/** What it has passed, and where it stands among those that wait like it. */
function standing(actor: Actor, group: Group, { limits }: ExplainWorld, line: Line | undefined): string[] {
  const told: string[] = []
  for (const { applied, resource } of limits.boundsOf(group)) {
    const { limit, per, weight } = applied
    const { used, freeAt } = standingOf(limits, limit, resource, weight)
    if (freeAt !== null) continue
    told.push(
      `${limit.is === 'rate' ? 'rate' : 'limit'} "${limit.name}"${per === null ? '' : ` for ${per}=${resource.key}`}: ${used} of ${limit.max}`,
    )
  }
  if (line?.share == null) return told
  const { share, set, window } = line
  if (share.key !== '') {
    const { before, of } = (set as NonNullable<Line['set']>).fair.position(share)
    told.push(`fair share of "${share.key.slice(1)}"${share.weight === 1 ? '' : ` (weight ${share.weight})`}: ${before} of ${of} go before it`)
  }
  const before = window.before(actor.id)
  if (before !== null) told.push(before === 0 ? 'first in its line' : `in line before it: ${before}`)
  return told
}

/** It keeps no run from running, only others like it from starting: they are answered with this one. */
function uniqueText({ key, states }: HeldUnique): string {
  if (isDebounce(key)) return 'debounced: until it is due, a start like it is added to it, and pushes it back'
  const what = key === 'name' ? 'name' : key.startsWith('input:') ? 'input' : `key "${key.slice('key:'.length)}"`
  const when = OPEN_STATES.every(state => states.includes(state)) ? 'open' : states.join(' or ')
  return `unique by ${what}: while it is ${when}, a start like it is answered with this run`
}

/** What the workers that were heard of lately lack for this group. */
function workerReasons(group: Group, world: ExplainWorld, clear: string[]): Reason[] {
  const known = world.workers.known(group.namespace)
  const present = known.filter(worker => world.workers.present(worker))
  const fits = present.filter(worker => misfit(worker, group) === null)
  if (fits.length > 0) {
    clear.push(`${fits.length} ${fits.length === 1 ? 'worker serves' : 'workers serve'} it${versionText(fits, group, world)}`)
    return world.awaited(group) ? [] : [noSlot(fits, world)]
  }
  const lacking = (why: string): WorkerSeen[] => present.filter(worker => misfit(worker, group) === why)
  const wrongLabel = lacking('labels')
  const wrongQueue = lacking('queue')
  const reasons: Reason[] = []
  if (wrongLabel.length > 0)
    reasons.push({
      code: 'wrong-label',
      text: `needs a worker with ${JSON.stringify(visibleLabels(group.labels))}; those that serve it have ${wrongLabel.map(worker => JSON.stringify(worker.labels)).join(', ')}`,
      workers: wrongLabel.map(({ name }) => name),
    })
  const wrongVersion = lacking('version')
  if (wrongVersion.length > 0) reasons.push(versionReason(group, wrongVersion))
  const draining = lacking('draining')
  if (draining.length > 0)
    reasons.push({
      code: 'draining',
      text: `${draining.map(({ name }) => name).join(', ')} would fit, but ${draining.length === 1 ? 'is' : 'are'} being drained, and gets no new task`,
      workers: draining.map(({ name }) => name),
      command: `mainspring worker undrain ${draining[0]?.name}`,
    })
  if (wrongQueue.length > 0)
    reasons.push({
      code: 'wrong-queue',
      text: `no worker polls queue "${group.queue}" for it; those that serve it poll ${wrongQueue.map(worker => worker.queues.join(', ')).join('; ')}`,
      workers: wrongQueue.map(({ name }) => name),
    })
  if (reasons.length === 0) reasons.push(...endpointReasons(group, world))
  if (reasons.length === 0) {
    const last = known.find(worker => misfit(worker, group) === null) ?? known.find(worker => worker.servesSet.has(group.definition))
    const seen =
      last === undefined ? 'none has been seen since the server started' : `last seen ${iso(last.lastSeenAt)}: ${last.name}${lackText(last, group)}`
    const others = present.filter(worker => misfit({ ...worker, servesSet: new Set([group.definition]) }, group) === null)
    reasons.push({
      code: 'no-worker',
      text: `no worker serves "${group.definition}"; ${seen}${othersText(others, group)}`,
      ...(last === undefined ? {} : { since: last.lastSeenAt }),
      ...(others.length === 0 ? {} : { workers: others.slice(0, WORKERS_SHOWN_MAX).map(({ name }) => name) }),
      command: 'mainspring worker FILE',
    })
  }
  return reasons
}

/** Endpoints that have its code, and get no work. */
function endpointReasons(group: Group, { settings }: ExplainWorld): Reason[] {
  return settings.ofKind(ENDPOINT_HEALTH_SETTING).flatMap(({ namespace, name, value }) => {
    const { serves, trouble, since } = JSON.parse(value as string) as EndpointHealth
    if (namespace !== group.namespace || trouble === null || !serves.includes(group.definition)) return []
    return [{ code: 'endpoint-away', text: `endpoint "${name}" gets no work: ${trouble}`, since, command: `mainspring endpoints show ${name}` }]
  })
}

const WORKERS_SHOWN_MAX = 5
const SERVED_SHOWN_MAX = 5

/** Those that would take it, had they its code. */
function othersText(others: readonly WorkerSeen[], group: Group): string {
  if (others.length === 0) return ''
  const told = others.slice(0, WORKERS_SHOWN_MAX).map(({ name, serves }) => {
    const names = serves.slice(0, SERVED_SHOWN_MAX).map(({ definition }) => definition)
    return `${name} serves ${names.join(', ') || 'nothing'}${serves.length > names.length ? ' …' : ''}`
  })
  const more = others.length > told.length ? `; and ${others.length - told.length} more` : ''
  return `; of those that poll queue "${group.queue}", ${told.join('; ')}${more}`
}

/** What the last one that served it would lack besides, were it back. */
function lackText(worker: WorkerSeen, group: Group): string {
  const lacks = misfit(worker, group)
  if (lacks === 'queue') return `, which polled ${worker.queues.join(', ')}`
  return lacks === 'labels' ? `, which had ${JSON.stringify(worker.labels)}` : ''
}

/** Jobs are not pinned: any version of their code runs them, and the history says which did. Worth saying when it is not the one that was registered last. */
function versionText(fits: readonly WorkerSeen[], group: Group, world: ExplainWorld): string {
  const registered = world.registered(group)
  if (registered === null) return ''
  const versions = fits.map(({ serves }) => serves.find(({ definition }) => definition === group.definition)?.version ?? null)
  const others = versions.filter(version => version !== registered && version !== null)
  if (others.length === 0) return ''
  const named = [...new Set(others)].map(shortVersion).sort().join(', ')
  const many = others.length === fits.length ? '' : `${others.length} of them `
  return `, ${many}in version ${named}; registered is ${shortVersion(registered)}`
}

/** Those of the engine's own begin with a colon. */
function visibleLabels(labels: Group['labels']): object {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => !name.startsWith(':')))
}

const HOLDERS_SHOWN_MAX = 10

function noSlot(fits: readonly WorkerSeen[], world: ExplainWorld): Reason {
  const holders = fits.flatMap(worker => world.leases.ofWorker(worker.id))
  const slots = fits.reduce((sum, worker) => sum + worker.slots, 0)
  const who = holders.slice(0, HOLDERS_SHOWN_MAX).map(lease => `${shortId(lease.run)} ${lease.definition}`)
  // One that was killed counts as there until its longest poll would be over.
  const heard = iso(Math.max(...fits.map(({ lastSeenAt }) => lastSeenAt)))
  const text =
    holders.length === 0
      ? `the ${fits.length === 1 ? 'worker that serves it asks' : 'workers that serve it ask'} for nothing just now; last heard of ${heard}`
      : `all ${slots} slots are taken, by ${who.join(', ')}${holders.length > who.length ? ' …' : ''}`
  return { code: 'no-slot', text, runs: holders.slice(0, HOLDERS_SHOWN_MAX).map(({ run }) => run), workers: fits.map(({ name }) => name) }
}

function backOff(actor: Actor): Reason {
  const { view } = actor
  return {
    code: 'back-off',
    text: `attempt ${view.attempt - 1} of ${view.attempts} failed (${told(view.failure)}); the next is due at ${iso(view.dueAt)}`,
    until: view.dueAt as number,
  }
}

const ENDED: Record<string, string> = {
  aborted: 'the handler said that no retry helps',
  threw: 'its code threw',
  'compensation-failed': 'its code threw, and not all that it had done was undone',
  'too-many-open': 'too much of it was open at once',
  'attempts-exhausted': 'its attempts are used up',
  'out-of-memory': 'its handler ran out of memory in its last attempt',
  lost: 'its worker gave no result by the end of its lease (delivery uncertain: the handler may have run)',
  silent: 'its handler gave no sign of life',
  timed_out: 'its last attempt took too long',
  total: 'its total time-out was over',
  expired: 'it had not begun when it expired',
  'schedule-to-start': 'no worker took it in time',
}

function ended(actor: Actor): Reason {
  const { view } = actor
  const by = view.reason === null ? null : (ENDED[view.reason] ?? view.reason)
  const failure = view.failure === null ? '' : `: ${told(view.failure)}`
  const text =
    view.state === 'completed'
      ? `completed${actor.kind !== 'job' ? '' : ` on attempt ${view.attempt} of ${view.attempts}`}`
      : `${view.state.replace('_', ' ')}${by === null || by === view.state ? '' : `, since ${by}`}${view.state === 'failed' && actor.kind === 'job' ? ` (attempt ${view.attempt} of ${view.attempts})` : ''}${failure}`
  return {
    code: view.reason ?? view.state,
    text,
    since: actor.closedAt,
    ...(view.state === 'completed' ? {} : { command: `mainspring retry ${shortId(actor.id)}` }),
  }
}

function told(failure: Failure | null): string {
  return failure === null ? 'no error told' : `${failure.type}: ${failure.message}`
}

function workerName(world: ExplainWorld, id: string | null): string {
  return id === null ? 'a worker' : (world.workers.get(id)?.name ?? id)
}

function iso(at: number | null): string {
  return at === null ? 'now' : new Date(at).toISOString()
}
