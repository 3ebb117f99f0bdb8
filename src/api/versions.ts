import { Type } from 'typebox'
import { Empty, object, orNull, Time } from './answers.ts'
import { formatInstant } from './instants.ts'
import { type Operation, operation } from './operation.ts'
import { closed, Name, number } from './schemas.ts'

const PATH = '/v1/namespaces/{namespace}/definitions/{name}/versions'

export const Ramp = closed(
  { version: { ...Name, description: 'a version, or the beginning of its hash' }, percent: number(0, 100) },
  { title: 'Ramp', description: 'percent: of new work; 100 makes it the current version' },
)
export const Versions = object(
  {
    versions: Type.Array(
      object({
        version: Type.String(),
        state: Type.Enum(['current', 'ramping', 'draining', 'drained'], {
          description: 'draining: open runs go by it, and nothing new does; drained: none do',
        }),
        percent: orNull(Type.Number({ description: 'of new work; null: it is not shared out, and whatever is served gets it' })),
        open: Type.Integer({ description: 'open runs that go by it' }),
        registeredAt: Time,
        workers: Type.Array(object({ id: Type.String(), name: Type.String() }), { description: 'that serve it now: the first 20' }),
      }),
      { description: 'current and ramping first, then newest first: 50 at most' },
    ),
    unbegun: Type.Integer({ description: 'open runs that nobody has begun' }),
    more: Type.Boolean({ description: 'there are more open runs than the newest 5,000, which were counted' }),
    set: orNull(object({ by: orNull(Type.String()), since: Time })),
  },
  'Versions',
)

const get = operation({
  name: 'versions.get',
  method: 'GET',
  path: PATH,
  summary: 'The versions of a workflow, what share of the work each gets, and how many open runs go by it',
  answers: { 200: Versions },
  async handle({ engine, params }) {
    const { versions, set, ...more } = await engine.versions.get(params.namespace, params.name)
    const rows = versions.map(row => ({ ...row, registeredAt: formatInstant(row.registeredAt) }))
    return JSON.stringify({ versions: rows, ...more, set: set && { ...set, since: formatInstant(set.since) } })
  },
})

const ramp = operation({
  name: 'versions.ramp',
  method: 'POST',
  path: `${PATH}/ramp`,
  summary: 'Give a version so many per cent of the work, the current one the rest; 100: it is the current one',
  body: { schema: Ramp },
  answers: { 200: Empty },
  async handle({ engine, params, body, by }) {
    await engine.versions.ramp(params.namespace, params.name, body, by)
    return '{}'
  },
})

const rollback = operation({
  name: 'versions.rollback',
  method: 'POST',
  path: `${PATH}/rollback`,
  summary: 'Give the ramping version nothing any more, or, where none ramps, all work to the version before the current one',
  answers: { 200: Empty },
  async handle({ engine, params, by }) {
    await engine.versions.rollback(params.namespace, params.name, by)
    return '{}'
  },
})

export const versions: Operation[] = [get, ramp, rollback]
