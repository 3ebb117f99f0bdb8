import { PAGE_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { CommandId } from '../core/ids.ts'
import type { DefinitionOptions, DefinitionSpec, DefinitionView, Engine, ScheduleSpec, ScheduleView, ScheduleWarning } from '../engine/face.ts'
import { limitChanges, operatorLimits } from './apply-limits.ts'
import { Apply, type ApplyBody } from './apply-schemas.ts'
import { namedDagOf, refuseEndless } from './dag-inputs.ts'
import { overrideOf, unknownDefinition } from './definitions.ts'
import { storable } from './inputs.ts'
import { notifyJson } from './notifications.ts'
import { type Operation, operation } from './operation.ts'
import { Applied, Export } from './schedule-answers.ts'
import { inOrder } from './schedule-inputs.ts'
import { writtenOptions, writtenSpec, writtenSpecText } from './schedule-views.ts'
import { checkedSchedules, refuseTwice } from './schedules.ts'
import { NOTE_LENGTH_MAX, SECRET_MASK } from './schemas.ts'

/**
 * `apply` makes a namespace what a file says: read and check all of it, compare with what is there, then do what differs. What fails half-way (a server
 * that stops) is finished by applying again. `export` writes the file that changes nothing.
 */

const NAMESPACE = '/v1/namespaces/{namespace}'

interface Change {
  kind: 'dag' | 'schedule' | 'queue' | 'definition' | 'limit'
  name: string
  change: 'created' | 'edited' | 'unchanged' | 'deleted' | 'kept'
  fields: Field[]
  warnings: ScheduleWarning[]
}
interface Field {
  field: string
  from?: unknown
  to?: unknown
}
/** A change, and what makes it so: `id` makes each of them repeatable (E9). */
interface Plan {
  change: Change
  act(command: { id: CommandId; by: string | null }): Promise<unknown>
}

const apply = operation({
  name: 'apply',
  method: 'POST',
  path: `${NAMESPACE}/apply`,
  summary: 'Make DAGs, schedules, limits, and settings of queues and definitions, what a file says; all is checked before anything is changed',
  body: { schema: Apply, raw: { schedules: [{ input: 'raw' }], dags: [{ schema: 'raw' }] } },
  answers: { 200: Applied },
  async handle({ engine, params, body, payloads, command }) {
    const plans = await planned(engine, params.namespace, body, payloads)
    const dryRun = body.dryRun ?? false
    const { id, by } = command()
    if (!dryRun) for (const { change, act } of plans) await act({ id: `${id}:${change.kind}:${change.name}`, by })
    return JSON.stringify({ applied: !dryRun, changes: plans.map(({ change }) => change) })
  },
})

async function planned(engine: Engine, namespace: string, body: ApplyBody, payloads: readonly string[]): Promise<Plan[]> {
  const dags = dagPlans(engine, namespace, body, payloads)
  const settings = [
    ...definitionPlans(engine, namespace, body),
    ...queuePlans(engine, namespace, body),
    ...(await limitPlans(engine, namespace, body)),
  ]
  const schedules = await checkedSchedules(engine, namespace, body.schedules ?? [], payloads)
  const plans: Plan[] = []
  const targets = new Set([...engine.definitions.list(namespace), ...(body.dags ?? [])].map(({ name }) => name))
  for (const { name, spec, warnings } of schedules) {
    const { definition } = spec.target
    const unknown = { code: 'target-unknown', message: `nothing called "${definition}" is registered yet`, hint: TARGET_HINT }
    plans.push(await schedulePlan(engine, namespace, name, spec, targets.has(definition) ? warnings : [...warnings, unknown]))
  }
  return [...dags, ...settings, ...plans, ...(body.prune ? await prunePlans(engine, namespace, new Set(schedules.map(({ name }) => name))) : [])]
}

/** A DAG whose version is registered already stays as it is. */
function dagPlans(engine: Engine, namespace: string, { dags = [] }: ApplyBody, payloads: readonly string[]): Plan[] {
  refuseTwice(dags, '/dags')
  const registered = new Map(engine.definitions.list(namespace).map(definition => [definition.name, definition]))
  const definitions = dags.map((body, index) => namedDagOf(body, payloads, `/dags/${index}`, registered.get(body.name)?.options ?? null))
  refuseEndless([...registered.values()], definitions, index => `/dags/${index}`)
  return definitions.map((definition, index) => {
    const at = `/dags/${index}`
    const known = registered.get(definition.name)
    if (known !== undefined && known.kind !== 'dag')
      throw new UserError('invalid-option', { at: `${at}/name`, found: known.name, hint: `there is a ${known.kind} of this name` })
    const fields = known === undefined || known.version === definition.version ? [] : dagFields(known, definition)
    const change = known === undefined ? 'created' : known.version === definition.version ? 'unchanged' : 'edited'
    return {
      change: { kind: 'dag', name: definition.name, change, fields, warnings: [] },
      act: change === 'unchanged' ? NOTHING : () => engine.definitions.register(namespace, [definition]),
    }
  })
}

/** Of its tasks, each that differs. */
function dagFields(before: DefinitionSpec, after: DefinitionSpec): Field[] {
  const flat = ({ dag, options, schema }: DefinitionSpec): Record<string, unknown> => {
    const { tasks = {}, ...rest } = dag ?? { tasks: {} }
    const each = Object.entries(tasks).map(([id, task]) => [`tasks.${id}`, task] as const)
    return {
      ...rest,
      ...(schema !== null && { schema: JSON.parse(schema) }),
      options: { ...options, ...(options.notify && { notify: notifyJson(options.notify) }) },
      ...Object.fromEntries(each),
    }
  }
  return fieldsOf(flat(before), flat(after))
}

async function schedulePlan(engine: Engine, namespace: string, name: string, spec: ScheduleSpec, warnings: ScheduleWarning[]): Promise<Plan> {
  const known = await found(engine, namespace, name)
  const fields = differences(known?.spec ?? null, spec)
  const kind = known === null ? 'created' : fields.length === 0 ? 'unchanged' : 'edited'
  const change: Change = { kind: 'schedule', name, change: kind, fields, warnings }
  // What says the same stays as it is, whoever made it: prune never deletes what no file has changed.
  if (change.change === 'unchanged') return { change, act: NOTHING }
  return { change, act: command => engine.schedules.put(namespace, name, { spec, origin: { is: 'apply' }, ...command }) }
}
const NOTHING = async () => {}
const TARGET_HINT = 'Until a worker registers it, its times are refused, and the ledger says so.'

async function found(engine: Engine, namespace: string, name: string): Promise<ScheduleView | null> {
  try {
    return await engine.schedules.get(namespace, name)
  } catch (error) {
    if (error instanceof UserError && error.code === 'schedule-not-found') return null
    throw error
  }
}

async function prunePlans(engine: Engine, namespace: string, names: ReadonlySet<string>): Promise<Plan[]> {
  const gone = (await allSchedules(engine, namespace)).filter(({ name, origin }) => origin.is === 'apply' && !names.has(name))
  return gone.map(({ name }) => ({
    change: { kind: 'schedule', name, change: 'deleted', fields: [], warnings: [] },
    act: command => engine.schedules.remove(namespace, name, command),
  }))
}

async function allSchedules(engine: Engine, namespace: string): Promise<ScheduleView[]> {
  const all: ScheduleView[] = []
  for (let after: string | null = null; ; ) {
    const page: { rows: ScheduleView[]; next: string | null } = await engine.schedules.list(namespace, { after, limit: PAGE_MAX })
    all.push(...page.rows)
    if (page.next === null) return all
    after = page.next
  }
}

function queuePlans(engine: Engine, namespace: string, { queues = [] }: ApplyBody): Plan[] {
  refuseTwice(queues, '/queues')
  const pauses = pausesOf(engine, namespace, 'queue')
  return queues.map(({ name, paused }) => {
    const pause = pausing(engine, { namespace, scope: 'queue', name }, pauses.get(name), paused)
    return plan('queue', name, pause === null ? [] : [pause])
  })
}

function definitionPlans(engine: Engine, namespace: string, { definitions = [] }: ApplyBody): Plan[] {
  refuseTwice(definitions, '/definitions')
  const registered = new Map(engine.definitions.list(namespace).map(definition => [definition.name, definition]))
  const pauses = pausesOf(engine, namespace, 'definition')
  return definitions.map(({ name, paused, options }, index) => {
    const at = `/definitions/${index}`
    const definition = registered.get(name)
    if (definition === undefined) throw unknownDefinition(name, [...registered.keys()], `${at}/name`)
    const pause = pausing(engine, { namespace, scope: 'definition', name }, pauses.get(name), paused)
    const override = options === undefined ? null : overriding(engine, namespace, definition, overrideOf(definition, options, `${at}/options`))
    return plan(
      'definition',
      name,
      [pause, override].filter(step => step !== null),
    )
  })
}

async function limitPlans(engine: Engine, namespace: string, body: ApplyBody): Promise<Plan[]> {
  return (await limitChanges(engine, namespace, body)).map(({ name, before, after, warnings, act }) => {
    const fields = after === null ? [] : fieldsOf(before ?? {}, after)
    const change = after === null ? 'deleted' : before === null ? 'created' : fields.length === 0 ? 'unchanged' : 'edited'
    return { change: { kind: 'limit', name, change, fields, warnings }, act: change === 'unchanged' ? NOTHING : ({ by }) => act(by) }
  })
}

/** Fields that change together, and the call that does it. */
interface SettingStep {
  fields: Field[]
  act(by: string | null): Promise<void>
}

function plan(kind: 'queue' | 'definition', name: string, steps: SettingStep[]): Plan {
  const fields = steps.flatMap(step => step.fields)
  return {
    change: { kind, name, change: fields.length === 0 ? 'unchanged' : 'edited', fields, warnings: [] },
    async act({ by }) {
      for (const step of steps) await step.act(by)
    },
  }
}

function pausing(
  engine: Engine,
  target: { namespace: string; scope: 'queue' | 'definition'; name: string },
  before: { note: string | null } | undefined,
  asked: boolean | { note?: string } | undefined,
): SettingStep | null {
  if (asked === undefined) return null
  const note = typeof asked === 'object' && asked.note !== undefined ? storable(asked.note, NOTE_LENGTH_MAX) : null
  const to = asked === false ? false : pausedOf({ note })
  const from = before === undefined ? false : pausedOf(before)
  if (same(from, to)) return null
  return { fields: [{ field: 'paused', from, to }], act: by => engine.pauses.set(target, asked === false ? null : { by, note }) }
}

function pausedOf({ note }: { note: string | null }): true | { note: string } {
  return note === null ? true : { note }
}

function pausesOf(engine: Engine, namespace: string, scope: 'queue' | 'definition'): Map<string, { note: string | null }> {
  return new Map(
    engine.pauses
      .list(namespace)
      .filter(pause => pause.scope === scope)
      .map(pause => [pause.name, pause]),
  )
}

function overriding(engine: Engine, namespace: string, { name, override }: DefinitionView, options: DefinitionOptions): SettingStep | null {
  const [from, to] = [written(override ?? {}), written(options)]
  const fields = fieldsOf({ options: from }, { options: to })
  for (const option of ['onFailure', 'notify'] as const) {
    const isOtherSecret = !same(override?.[option], options[option]) && same(from[option], to[option])
    if (isOtherSecret) fields.push({ field: `options.${option}.secret`, from: SECRET_MASK, to: SECRET_MASK })
  }
  if (fields.length === 0) return null
  const isEmpty = Object.keys(options).length === 0
  return { fields, act: by => engine.definitions.override(namespace, name, isEmpty ? null : options, by) }
}

/** What a person would see as changed: of `options` each one by itself. */
function differences(before: ScheduleSpec | null, after: ScheduleSpec): Field[] {
  const flat = (spec: ScheduleSpec | null): Record<string, unknown> => {
    if (spec === null) return {}
    const { fields, input } = writtenSpec(spec)
    return input === null ? fields : { ...fields, input: new Written(input) }
  }
  return fieldsOf(flat(before), flat(after))
}

/** A payload is compared as the text that it is; two large numbers may be the same once they are parsed. */
class Written {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function fieldsOf(before: Record<string, unknown>, after: Record<string, unknown>): Field[] {
  const [from, to] = [withOptionsApart(before), withOptionsApart(after)]
  return [...new Set([...Object.keys(to), ...Object.keys(from)])]
    .filter(field => !same(from[field], to[field]))
    .map(field => ({
      field,
      ...(from[field] !== undefined && { from: shown(from[field]) }),
      ...(to[field] !== undefined && { to: shown(to[field]) }),
    }))
}

function withOptionsApart({ options, ...fields }: Record<string, unknown>): Record<string, unknown> {
  const each = Object.entries((options ?? {}) as Record<string, unknown>).map(([name, value]) => [`options.${name}`, value] as const)
  return { ...fields, ...Object.fromEntries(each) }
}

function shown(value: unknown): unknown {
  return value instanceof Written ? (JSON.parse(value.text) as unknown) : value
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b))
}

function written(options: DefinitionOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(writtenOptions(options)).filter(([, value]) => value !== undefined))
}

const exported = operation({
  name: 'export',
  method: 'GET',
  path: `${NAMESPACE}/export`,
  summary:
    'What apply takes: schedules (those of code where an operator has changed them), paused queues and definitions, options and limits set by an operator',
  answers: { 200: Export },
  async handle({ engine, params: { namespace } }) {
    const schedules = (await allSchedules(engine, namespace)).filter(({ origin, overridden }) => origin.is !== 'code' || overridden.length > 0)
    const pauses = { queue: pausesOf(engine, namespace, 'queue'), definition: pausesOf(engine, namespace, 'definition') }
    const queues = [...pauses.queue].map(([name, pause]) => ({ name, paused: pausedOf(pause) }))
    const definitions = engine.definitions
      .list(namespace)
      .filter(({ name, override }) => override !== null || pauses.definition.has(name))
      .map(({ name, override }) => {
        const pause = pauses.definition.get(name)
        return { name, ...(pause && { paused: pausedOf(pause) }), ...(override && { options: written(override) }) }
      })
    const limits = [...(await operatorLimits(engine, namespace))].map(([name, limit]) => ({ name, ...limit }))
    const specs = schedules.map(({ name, spec }) => writtenSpecText(name, spec))
    return `{"schedules":[${specs.join(',')}],"queues":${JSON.stringify(byName(queues))},"definitions":${JSON.stringify(byName(definitions))},"limits":${JSON.stringify(byName(limits))}}`
  },
})

function byName<T extends { name: string }>(named: T[]): T[] {
  return named.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export const applying: Operation[] = [apply, exported]
