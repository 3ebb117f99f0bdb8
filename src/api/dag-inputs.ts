import { createHash } from 'node:crypto'
import type { Static } from 'typebox'
import { UserError } from '../core/errors.ts'
import { durationMs } from '../core/time.ts'
import {
  checkCalls,
  checkDag,
  type DagApproval,
  type DagCache,
  type DagSpec,
  type DagWait,
  type DefinitionOptions,
  type DefinitionSpec,
} from '../engine/face.ts'
import { foundText } from './check.ts'
import type { ApprovalBody, CacheBody, DagBody, NamedDagBody, WaitBody } from './dag-schemas.ts'
import type { Definition } from './definition-schemas.ts'
import { definitionOptionsOf, optionsOf, payloadOf } from './inputs.ts'
import { notifyOf } from './notifications.ts'
import { inOrder } from './schedule-inputs.ts'

/** A definition of a worker; a DAG's is data, whoever registers it. */
export function definitionOf(
  { kind, name, version, dag, ...body }: Static<typeof Definition>,
  payloads: readonly string[],
  at: string,
): DefinitionSpec {
  if ((kind === 'dag') !== (dag !== undefined))
    throw new UserError('invalid-option', {
      at: `${at}/dag`,
      hint: kind === 'dag' ? 'a DAG says which tasks it has' : `a ${kind} has no tasks of its own`,
    })
  const options = definitionOptionsOf(body.options, `${at}/options`, null)
  if (options.versioning !== undefined && kind !== 'workflow')
    throw new UserError('invalid-option', { at: `${at}/options/versioning`, hint: `a ${kind} is not pinned: any version of its code runs it` })
  const schema = schemaOf(body.schema, payloads, `${at}/schema`)
  return { kind, name, version, options, schema, ...(dag !== undefined && { dag: dagOf(name, dag, `${at}/dag`) }) }
}

/** The canonical form: durations are read, members in order, so that what says the same is the same. @throws UserError `invalid-dag` */
export function dagOf(
  name: string,
  { description, maxActiveTasks, maxActiveRuns, weightRule, deadlines, defaults, tasks, groups, output }: DagBody,
  at: string,
): DagSpec {
  const read = Object.entries(tasks).map(([id, { options, approval, wait, cache, ...task }]) => {
    const own = options === undefined ? {} : { options: optionsOf(options, `${at}/tasks/${id}/options`) }
    const asked = approval === undefined ? {} : { approval: approvalOf(approval, `${at}/tasks/${id}/approval`) }
    const awaited = wait === undefined ? {} : { wait: waitOf(wait, `${at}/tasks/${id}/wait`) }
    const kept = cache === undefined ? {} : { cache: cacheOf(cache, `${at}/tasks/${id}/cache`) }
    return [id, { ...task, ...asked, ...awaited, ...kept, ...own }] as const
  })
  const spec = inOrder({
    ...(description !== undefined && { description }),
    ...(maxActiveTasks !== undefined && { maxActiveTasks }),
    ...(maxActiveRuns !== undefined && { maxActiveRuns }),
    ...(weightRule !== undefined && { weightRule }),
    ...(deadlines !== undefined && {
      deadlines: deadlines.map(({ within, ...deadline }, n) => ({ ...deadline, withinMs: durationMs(within, `${at}/deadlines/${n}/within`) })),
    }),
    ...(defaults !== undefined && { defaults: optionsOf(defaults, `${at}/defaults`) }),
    tasks: Object.fromEntries(read),
    ...(groups !== undefined && { groups }),
    ...(output !== undefined && { output }),
  }) as DagSpec
  checkDag(name, spec, at)
  return spec
}

/** Those that are new: whose runs would start runs of themselves without end are refused, as far as what is registered shows it. @throws UserError `invalid-dag` */
export function refuseEndless(registered: readonly DefinitionSpec[], specs: readonly DefinitionSpec[], atOf: (index: number) => string): void {
  if (specs.every(({ dag }) => dag === undefined)) return
  const known = new Map(registered.map(spec => [spec.name, spec]))
  const next = new Map([...known, ...specs.map(spec => [spec.name, spec] as const)])
  for (const [index, { name, version, dag }] of specs.entries())
    if (dag !== undefined && known.get(name)?.version !== version) checkCalls(name, dag, other => next.get(other)?.dag, atOf(index))
}

function approvalOf({ deadline, ...approval }: ApprovalBody, at: string): DagApproval {
  const deadlineMs = deadline === undefined ? undefined : durationMs(deadline, `${at}/deadline`)
  if (deadlineMs === undefined && approval.default !== undefined)
    throw new UserError('invalid-dag', { at: `${at}/default`, found: approval.default, hint: 'it is the answer at the deadline: say `deadline`' })
  if (approval.form !== undefined) checkForm(approval.form, `${at}/form`)
  return { ...approval, ...(deadlineMs !== undefined && { deadlineMs }) } as DagApproval
}

function waitOf({ plus, earlier, timeout, ...wait }: WaitBody, at: string): DagWait {
  return {
    ...wait,
    ...(plus !== undefined && { plusMs: durationMs(plus, `${at}/plus`) }),
    ...(earlier !== undefined && { earlierMs: durationMs(earlier, `${at}/earlier`) }),
    ...(timeout !== undefined && { timeoutMs: durationMs(timeout, `${at}/timeout`) }),
  } as DagWait
}

function cacheOf({ key, ttl }: CacheBody, at: string): DagCache {
  return { ...(key !== undefined && { key }), ...(ttl !== undefined && { ttlMs: durationMs(ttl, `${at}/ttl`) }) } as DagCache
}

function checkForm(form: unknown, at: string): void {
  const found = foundText(JSON.stringify(form))
  if (typeof form !== 'object' || form === null || Array.isArray(form))
    throw new UserError('invalid-dag', { at, found, hint: 'a form is a JSON Schema: an object' })
}

/** Of a file: its version is what it says. `before`: the options in force, whose secrets masks stand for. */
export function namedDagOf(
  { name, schema, options = {}, notify, ...dag }: NamedDagBody,
  payloads: readonly string[],
  at: string,
  before: DefinitionOptions | null,
): DefinitionSpec {
  const spec = dagOf(name, dag, at)
  const own: DefinitionOptions = {
    ...optionsOf(options, `${at}/options`),
    ...(notify !== undefined && { notify: notifyOf(notify, `${at}/notify`, before?.notify) }),
  }
  const text = schemaOf(schema, payloads, `${at}/schema`)
  const content = JSON.stringify(inOrder({ kind: 'dag', name, options: own, schema: text === null ? null : JSON.parse(text), dag: spec }))
  return { kind: 'dag', name, version: createHash('sha256').update(content).digest('hex'), options: own, schema: text, dag: spec }
}

function schemaOf(schema: unknown, payloads: readonly string[], at: string): string | null {
  const text = schema === undefined ? null : payloadOf(schema, payloads)
  if (text !== null && !/^\s*(?:\{|true\b|false\b)/.test(text))
    throw new UserError('invalid-input', { at, found: foundText(text), hint: 'a JSON Schema is an object, or true or false' })
  return text
}
