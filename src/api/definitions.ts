import { UserError } from '../core/errors.ts'
import type { DefinitionOptions, DefinitionView, Engine } from '../engine/face.ts'
import { Definition, DefinitionDetail, Definitions, Empty } from './answers.ts'
import { nearest } from './check.ts'
import { definitionOf, refuseEndless } from './dag-inputs.ts'
import { type DefinitionOptionsBody, DefinitionOptions as OptionsSchema, Register } from './definition-schemas.ts'
import { definitionOptionsOf, payloadOf } from './inputs.ts'
import { formatInstant } from './instants.ts'
import { LimitsMet, MeetLimits } from './limit-schemas.ts'
import { limitsMet } from './limits-met.ts'
import { type Operation, operation } from './operation.ts'
import { pauseOperations } from './queues.ts'
import { dagJson, definitionText, NOTHING } from './views.ts'

const DEFINITIONS = '/v1/namespaces/{namespace}/definitions'

const DEFINITION = `${DEFINITIONS}/{name}`

const register = operation({
  name: 'definitions.register',
  method: 'POST',
  path: DEFINITIONS,
  summary: 'Register definitions; one that is registered already makes no new version',
  body: { schema: Register, raw: { definitions: [{ schema: 'raw' }] } },
  answers: { 200: Empty },
  async handle({ engine, params, body, payloads }) {
    const definitions = body.definitions.map((definition, index) => definitionOf(definition, payloads, `/definitions/${index}`))
    refuseEndless(engine.definitions.list(params.namespace), definitions, index => `/definitions/${index}/dag`)
    if (definitions.length > 0) await engine.definitions.register(params.namespace, definitions)
    return '{}'
  },
})

const list = operation({
  name: 'definitions.list',
  method: 'GET',
  path: DEFINITIONS,
  summary: 'List definitions, each with its newest version and what it did in the last hour',
  answers: { 200: Definitions },
  async handle({ engine, params }) {
    const { definitions: hours } = await engine.activity.lastHour(params.namespace)
    const rows = engine.definitions.list(params.namespace)
    return `{"definitions":[${rows.map(row => definitionText(row, { lastHour: hours.get(row.name) ?? NOTHING })).join(',')}]}`
  },
})

const get = operation({
  name: 'definitions.get',
  method: 'GET',
  path: DEFINITION,
  summary: 'A definition, with what of its options an operator has set, all its versions, and its newest runs',
  answers: { 200: DefinitionDetail },
  async handle({ engine, params }) {
    const definition = found(engine, params)
    const { versions, recent } = await engine.definitions.detail(params.namespace, params.name)
    const told = versions.map(one => ({ ...one, registeredAt: formatInstant(one.registeredAt) }))
    const { dag } = definition
    return definitionText(definition, { ...(dag !== undefined && { dag: dagJson(dag) }), versions: told, recent })
  },
})

const met = operation({
  name: 'definitions.limits',
  method: 'POST',
  path: `${DEFINITION}/limits`,
  summary: 'Which limits a run with this input would meet, and which schedules start runs that meet them too; nothing is started',
  body: { schema: MeetLimits, raw: { input: 'raw' }, optional: true },
  answers: { 200: LimitsMet },
  async handle({ engine, params, body, payloads }) {
    found(engine, params)
    const input = body.input === undefined ? null : payloadOf(body.input, payloads)
    return JSON.stringify(await limitsMet(engine, params.namespace, params.name, { ...body, input }))
  },
})

const override = operation({
  name: 'definitions.override',
  method: 'PUT',
  path: `${DEFINITION}/options`,
  summary: "Set an operator's options over those of the code, the whole of them; the secret that *** stands for is kept",
  body: { schema: OptionsSchema },
  answers: { 200: Definition },
  async handle({ engine, params, body, by }) {
    const options = overrideOf(found(engine, params), body, '')
    await engine.definitions.override(params.namespace, params.name, Object.keys(options).length === 0 ? null : options, by)
    return definitionText(found(engine, params))
  },
})

const reset = operation({
  name: 'definitions.reset',
  method: 'DELETE',
  path: `${DEFINITION}/options`,
  summary: "Remove an operator's options: those of the code are in force again",
  answers: { 200: Definition },
  async handle({ engine, params, by }) {
    found(engine, params)
    await engine.definitions.override(params.namespace, params.name, null, by)
    return definitionText(found(engine, params))
  },
})

/** An operator's options over a definition. `at`: of the body. */
export function overrideOf({ options: before, override }: DefinitionView, body: DefinitionOptionsBody, at: string): DefinitionOptions {
  const options = definitionOptionsOf(body, at, before)
  for (const [one, other] of [
    ['debounce', 'throttle'],
    ['throttle', 'debounce'],
  ] as const)
    if (options[one] !== undefined && before[other] !== undefined && override?.[other] === undefined)
      throw new UserError('invalid-option', { at: `${at}/${one}`, hint: `the code says ${other}, and the two cannot be combined` })
  return options
}

/** @throws UserError `unknown-definition` */
function found(engine: Engine, { namespace, name }: { namespace: string; name: string }): DefinitionView {
  const known = engine.definitions.list(namespace)
  const definition = known.find(one => one.name === name)
  if (definition !== undefined) return definition
  throw unknownDefinition(
    name,
    known.map(one => one.name),
    '/path/name',
  )
}

export function unknownDefinition(name: string, known: readonly string[], at: string): UserError {
  const near = nearest(name, known)
  const hint = near === null ? 'a worker that has it must have registered it before' : `did you mean ${near}?`
  return new UserError('unknown-definition', { at, found: name, hint })
}

export const definitions: Operation[] = [register, list, get, met, override, reset, ...pauseOperations('definition', 'definitions', DEFINITION)]
