import { randomBytes } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { ENDPOINT_HEALTH_SETTING, ENDPOINT_SETTING, type EndpointHealth, type EndpointSet } from '../core/endpoints.ts'
import { UserError } from '../core/errors.ts'
import { durationMs } from '../core/time.ts'
import type { Engine } from '../engine/face.ts'
import { Empty, SetBy } from './answers.ts'
import { formatInstant } from './instants.ts'
import { type Operation, operation } from './operation.ts'
import { closed, count, Duration } from './schemas.ts'

const ENDPOINTS = '/v1/namespaces/{namespace}/endpoints'
const ENDPOINT = `${ENDPOINTS}/{name}`
const SLOTS_DEFAULT = 10
const SLOTS_MAX = 1_000
/** The longest that AWS Lambda lets a function run. */
const TIMEOUT_MS_DEFAULT = 15 * 60_000
const TIMEOUT_MS_MAX = 24 * 3_600_000
const ENDPOINTS_MAX = 1_000

const EndpointSettings = closed(
  {
    url: Type.String({ maxLength: 2_000, description: 'an address of http: or https: where serve() answers, without user and password' }),
    slots: Type.Optional(count(1, SLOTS_MAX)),
    timeout: Type.Optional(Duration),
  },
  { title: 'EndpointSet', description: 'slots: requests at the same time, 10 where it says nothing; timeout: of one request, 15 minutes' },
)
const orNull = <S extends Parameters<typeof Type.Optional>[0]>(schema: S) => Type.Union([schema, Type.Null()])
const view = {
  name: Type.String(),
  url: Type.String(),
  slots: Type.Integer(),
  timeout: Type.Number({ description: 'milliseconds' }),
  health: Type.Enum(['unknown', 'ok', 'away'], { description: 'away: it gets no work; unknown: it was not asked yet' }),
  trouble: orNull(Type.String({ description: 'why it gets no work' })),
  healthSince: orNull(Type.String({ format: 'date-time' })),
  serves: Type.Array(Type.String(), { description: 'definitions that it has code for, as far as it said' }),
  set: SetBy,
}
const EndpointView = Type.Object(view, { title: 'Endpoint' })
const Endpoints = Type.Object({ endpoints: Type.Array(EndpointView) }, { title: 'Endpoints' })
const EndpointSecret = Type.Object(
  { ...view, secret: Type.Optional(Type.String({ description: 'what its requests are signed with; shown in this answer and never again' })) },
  { title: 'EndpointSecret' },
)

export const endpoints: Operation[] = [
  operation({
    name: 'endpoints.list',
    method: 'GET',
    path: ENDPOINTS,
    summary: 'List the endpoints that work is sent to, and how they are',
    answers: { 200: Endpoints },
    handle: ({ engine, params }) => JSON.stringify({ endpoints: allOf(engine, params.namespace).map(one => viewOf(engine, params.namespace, one)) }),
  }),
  operation({
    name: 'endpoints.get',
    method: 'GET',
    path: ENDPOINT,
    summary: 'An endpoint that work is sent to',
    answers: { 200: EndpointView },
    handle: ({ engine, params: { namespace, name } }) => JSON.stringify(viewOf(engine, namespace, { name, set: found(engine, namespace, name) })),
  }),
  operation({
    name: 'endpoints.set',
    method: 'PUT',
    path: ENDPOINT,
    summary: 'Send work to an endpoint of serve(); a new one gets a secret, which is shown in this answer alone',
    body: { schema: EndpointSettings },
    answers: { 200: EndpointSecret },
    async handle({ engine, params: { namespace, name }, body, by, callKey, context }) {
      const all = allOf(engine, namespace)
      const before = all.find(one => one.name === name)?.set
      if (before === undefined && all.length >= ENDPOINTS_MAX)
        throw new UserError('too-many-items', { at: '', found: all.length, hint: `at most ${ENDPOINTS_MAX} endpoints are kept` })
      const { secrets, secretBy } = before ?? { secrets: [newSecret()], ...(callKey !== null && { secretBy: callKey }) }
      const set: EndpointSet = { ...settingsOf(body, before), secrets, by, since: context.now(), ...(secretBy !== undefined && { secretBy }) }
      await put(engine, namespace, name, set)
      // Of another address nothing is known.
      if (before !== undefined && before.url !== set.url) await engine.settings.put(ENDPOINT_HEALTH_SETTING, namespace, name, null)
      return JSON.stringify({
        ...viewOf(engine, namespace, { name, set }),
        ...((before === undefined || wasMadeBy(before, callKey)) && { secret: secrets[0] }),
      })
    },
  }),
  operation({
    name: 'endpoints.rotate',
    method: 'POST',
    path: `${ENDPOINT}/rotate`,
    summary: 'Give it another secret, shown in this answer alone; until the next time requests are signed with the last one, too',
    answers: { 200: EndpointSecret },
    async handle({ engine, params: { namespace, name }, by, callKey, context }) {
      const before = found(engine, namespace, name)
      const set = wasMadeBy(before, callKey) ? before : rotated(before, callKey, { by, since: context.now() })
      await put(engine, namespace, name, set)
      return JSON.stringify({ ...viewOf(engine, namespace, { name, set }), secret: set.secrets[0] })
    },
  }),
  operation({
    name: 'endpoints.remove',
    method: 'DELETE',
    path: ENDPOINT,
    summary: 'Send it no more work; what it does now goes back to its queue',
    answers: { 200: Empty },
    async handle({ engine, params: { namespace, name } }) {
      found(engine, namespace, name)
      await engine.settings.put(ENDPOINT_SETTING, namespace, name, null)
      await engine.settings.put(ENDPOINT_HEALTH_SETTING, namespace, name, null)
      return '{}'
    },
  }),
]

interface Named {
  name: string
  set: EndpointSet
}

function allOf(engine: Engine, namespace: string): Named[] {
  return engine.settings
    .get(ENDPOINT_SETTING)
    .filter(setting => setting.namespace === namespace)
    .map(({ name, value }) => ({ name, set: JSON.parse(value) as EndpointSet }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function found(engine: Engine, namespace: string, name: string): EndpointSet {
  const all = allOf(engine, namespace)
  const one = all.find(known => known.name === name)
  if (one !== undefined) return one.set
  throw new UserError('endpoint-not-found', {
    at: '/name',
    found: name,
    hint: all.length === 0 ? 'there is none; mainspring endpoints add URL makes one' : `there are ${all.map(known => known.name).join(', ')}`,
  })
}

/** Its answer was lost, or left before all nodes had heard of it (E21), and it comes again: nobody has seen the secret yet. */
function wasMadeBy({ secretBy }: EndpointSet, callKey: string | null): boolean {
  return callKey !== null && secretBy === callKey
}

function rotated({ secretBy: _, ...before }: EndpointSet, callKey: string | null, set: Pick<EndpointSet, 'by' | 'since'>): EndpointSet {
  return { ...before, secrets: [newSecret(), ...before.secrets.slice(0, 1)], ...set, ...(callKey !== null && { secretBy: callKey }) }
}

function put(engine: Engine, namespace: string, name: string, set: EndpointSet): Promise<void> {
  return engine.settings.put(ENDPOINT_SETTING, namespace, name, JSON.stringify(set))
}

function settingsOf(
  { url, slots, timeout }: Static<typeof EndpointSettings>,
  before?: EndpointSet,
): Pick<EndpointSet, 'url' | 'slots' | 'timeoutMs'> {
  const parsed = URL.canParse(url) ? new URL(url) : null
  const isPlain = parsed !== null && parsed.username === '' && parsed.password === '' && parsed.hash === ''
  if (parsed === null || !isPlain || !/^https?:$/.test(parsed.protocol))
    throw new UserError('invalid-option', { at: '/url', hint: 'an address such as https://shop.example/api/mainspring, without user and password' })
  const timeoutMs = timeout === undefined ? (before?.timeoutMs ?? TIMEOUT_MS_DEFAULT) : durationMs(timeout, '/timeout')
  if (timeoutMs < 1_000 || timeoutMs > TIMEOUT_MS_MAX)
    throw new UserError('invalid-option', { at: '/timeout', found: timeout, hint: 'from a second to a day' })
  return { url: parsed.href, slots: slots ?? before?.slots ?? SLOTS_DEFAULT, timeoutMs }
}

function viewOf(engine: Engine, namespace: string, { name, set }: Named): object {
  const { url, slots, timeoutMs, by, since } = set
  const told = engine.settings.get(ENDPOINT_HEALTH_SETTING).find(setting => setting.namespace === namespace && setting.name === name)
  const health = told === undefined ? null : (JSON.parse(told.value) as EndpointHealth)
  return {
    name,
    url,
    slots,
    timeout: timeoutMs,
    health: health === null ? 'unknown' : health.trouble === null ? 'ok' : 'away',
    trouble: health?.trouble ?? null,
    healthSince: health === null ? null : formatInstant(health.since),
    serves: health?.serves ?? [],
    set: { by, since: formatInstant(since) },
  }
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}
