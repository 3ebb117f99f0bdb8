import { describe, expect, test } from 'vitest'
import type { LimitRule } from '../../core/limits.ts'
import { Definitions, OPTIONS_SETTING } from '../definitions.ts'
import type { DefinitionOptions, LimitSet } from '../face.ts'
import { Settings } from '../settings.ts'
import { LIMIT_SETTING, type Rules } from './rules.ts'

const NS = 'default'

interface World {
  rules: Rules
  settings: Settings
  definitions: Definitions
  set(name: string, set: LimitSet | null): void
}

function world(code: Record<string, DefinitionOptions>): World {
  const settings = new Settings()
  const definitions = new Definitions(settings)
  for (const [name, options] of Object.entries(code))
    definitions.put({ namespace: NS, name, version: '1', kind: 'job', options: JSON.stringify(options), schema: null, registeredAt: 0 })
  return {
    rules: definitions.rules,
    definitions,
    settings,
    set: (name, set) => settings.put({ kind: LIMIT_SETTING, namespace: NS, name, value: set === null ? null : JSON.stringify(set), changedAt: 0 }),
  }
}

const limits = (...limits: LimitRule[]): DefinitionOptions => ({ limits })
const met = (rules: Rules, definition = 'mail', queue = 'default') =>
  rules
    .applied(NS, queue, definition)
    .map(({ limit, per, weight }) => `${limit.name} ${limit.max}${limit.everyMs === null ? '' : `/${limit.everyMs}`} per ${per} x${weight}`)

describe('which limits a task meets', () => {
  test('those of its definition, in the order of their names, each under the name of its rule', () => {
    const { rules } = world({
      mail: limits({ rate: 5, everyMs: 1_000 }, { concurrency: 3, weight: 2 }, { per: 'user', concurrency: 1 }),
      other: limits({ concurrency: 9 }),
    })
    expect(met(rules)).toEqual(['mail 3 per null x2', 'mail/1000ms 5/1000 per null x1', 'mail/user 1 per user x1'])
  })

  test('of two definitions that name one limit, the stricter counts, for both', () => {
    const { rules } = world({ mail: limits({ name: 'api', concurrency: 5 }), sms: limits({ name: 'api', concurrency: 2 }) })
    expect([met(rules, 'mail'), met(rules, 'sms')]).toEqual([['api 2 per null x1'], ['api 2 per null x1']])
  })

  test('of two rates of one name the slower counts', () => {
    const { rules } = world({ mail: limits({ name: 'api', rate: 10, everyMs: 1_000 }), sms: limits({ name: 'api', rate: 100, everyMs: 60_000 }) })
    expect(met(rules)).toEqual(['api 100/60000 per null x1'])
  })

  test('a pool lets nothing pass until an operator gives it a size', () => {
    const { rules, set } = world({ mail: limits({ pool: 'licences', weight: 2 }) })
    expect(met(rules)).toEqual(['licences 0 per null x2'])
    set('licences', { on: { scope: 'pool', name: 'licences' }, max: 4 })
    expect(met(rules)).toEqual(['licences 4 per null x2'])
  })

  test("an operator's value is over the code's until it is taken away, and says what the code says", () => {
    const { rules, set } = world({ mail: limits({ concurrency: 3, per: 'user' }) })
    set('mail/user', { max: 1 })
    expect(rules.get(NS, 'mail/user')).toMatchObject({ max: 1, per: 'user', from: 'operator', declared: { max: 3, everyMs: null } })
    set('mail/user', { max: 7, everyMs: 500 })
    expect(rules.get(NS, 'mail/user')).toMatchObject({ is: 'rate', max: 7, everyMs: 500, declared: { max: 3, everyMs: null } })
    set('mail/user', null)
    expect(rules.get(NS, 'mail/user')).toMatchObject({ is: 'concurrency', max: 3, from: 'code', declared: null })
  })

  test.each([
    [{ scope: 'namespace', name: '' }, ['mail default', 'mail slow', 'sms default']],
    [{ scope: 'queue', name: 'slow' }, ['mail slow']],
    [{ scope: 'definition', name: 'sms' }, ['sms default']],
    [{ scope: 'pool', name: 'own' }, []],
  ] as const)('one of an operator alone on %j is met by %j', (on, by) => {
    const { rules, set } = world({ mail: {}, sms: {} })
    set('own', { on, max: 1 })
    const places = [
      ['mail', 'default'],
      ['mail', 'slow'],
      ['sms', 'default'],
    ] as const
    expect(places.filter(([definition, queue]) => met(rules, definition, queue).length > 0).map(place => place.join(' '))).toEqual(by)
  })

  test('an override without a target is nothing where no code declares the limit', () => {
    const { rules, set } = world({ mail: {} })
    set('ghost', { max: 1 })
    expect(rules.list(NS)).toEqual([])
  })

  test("an operator's options of a definition replace its limits, and show as an operator's", () => {
    const { rules, definitions } = world({ mail: limits({ concurrency: 3 }) })
    definitions.set({ kind: OPTIONS_SETTING, namespace: NS, name: 'mail', value: JSON.stringify(limits({ concurrency: 8 })), changedAt: 0 })
    expect(rules.get(NS, 'mail')).toMatchObject({ max: 8, from: 'operator' })
  })

  test('who set a limit, and when, is known; in a row of before that was kept only when', () => {
    const { rules, set, settings } = world({ mail: limits({ concurrency: 3 }) })
    expect(rules.get(NS, 'mail')).toMatchObject({ set: null })
    settings.put({ kind: LIMIT_SETTING, namespace: NS, name: 'mail', value: '{"max":5,"by":"ana"}', changedAt: 70 })
    expect(rules.get(NS, 'mail')).toMatchObject({ max: 5, set: { by: 'ana', since: 70 } })
    settings.put({ kind: LIMIT_SETTING, namespace: NS, name: 'mail', value: '{"max":6}', changedAt: 80 })
    expect(rules.get(NS, 'mail')).toMatchObject({ max: 6, set: { by: null, since: 80 } })
    set('mail', null)
    expect(rules.get(NS, 'mail')).toMatchObject({ max: 3, set: null })
  })

  test('each option is whose it was until it says something else, and so are the limits of it', () => {
    const { rules, definitions } = world({ mail: limits({ concurrency: 3 }) })
    const say = (options: DefinitionOptions, by: string, since: number): void =>
      definitions.set({
        kind: OPTIONS_SETTING,
        namespace: NS,
        name: 'mail',
        value: definitions.kept(NS, 'mail', options, { by, since }),
        changedAt: since,
      })
    say({ priority: 5, ...limits({ concurrency: 8 }) }, 'ana', 70)
    say({ priority: 6, ...limits({ concurrency: 8 }), expiresMs: 5 }, 'bob', 80)
    expect(definitions.get(NS, 'mail')).toMatchObject({
      override: { priority: 6, limits: [{ concurrency: 8 }], expiresMs: 5 },
      set: { priority: { by: 'bob', since: 80 }, limits: { by: 'ana', since: 70 }, expiresMs: { by: 'bob', since: 80 } },
    })
    expect(definitions.get(NS, 'mail')?.options).toEqual({ priority: 6, limits: [{ concurrency: 8 }], expiresMs: 5 })
    expect(rules.get(NS, 'mail')).toMatchObject({ max: 8, from: 'operator', set: { by: 'ana', since: 70 } })
    definitions.set({ kind: OPTIONS_SETTING, namespace: NS, name: 'mail', value: null, changedAt: 90 })
    expect(definitions.get(NS, 'mail')).toMatchObject({ override: null, set: {} })
  })

  test('options in a row of before it was kept are whose nobody knows', () => {
    const { rules, definitions } = world({ mail: {} })
    definitions.set({ kind: OPTIONS_SETTING, namespace: NS, name: 'mail', value: JSON.stringify(limits({ concurrency: 8 })), changedAt: 70 })
    expect(definitions.get(NS, 'mail')).toMatchObject({ override: limits({ concurrency: 8 }), set: { limits: { by: null, since: null } } })
    expect(rules.get(NS, 'mail')).toMatchObject({ from: 'operator', set: { by: null, since: null } })
  })

  test('of an input it reads the paths of its limits and of its fair share, each once', () => {
    const { rules } = world({ mail: { ...limits({ per: 'user', concurrency: 1 }, { per: 'user', rate: 1, everyMs: 10 }), fair: { per: 'tenant' } } })
    expect(rules.paths(NS, undefined, 'mail')).toEqual(['tenant', 'user'])
  })
})
