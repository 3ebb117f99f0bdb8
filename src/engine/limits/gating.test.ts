import { describe, expect, test } from 'vitest'
import { Definitions } from '../definitions.ts'
import type { DefinitionOptions } from '../face.ts'
import { Settings } from '../settings.ts'
import type { Gating } from './gating.ts'
import { LIMIT_SETTING } from './rules.ts'

function gating(options: DefinitionOptions): Gating {
  const definitions = new Definitions(new Settings())
  definitions.put({ namespace: 'default', name: 'mail', version: '1', kind: 'job', options: JSON.stringify(options), schema: null, registeredAt: 0 })
  return definitions.gating
}

const of = (options: DefinitionOptions, input: unknown) =>
  gating(options).of('default', 'mail', undefined, input === undefined ? null : JSON.stringify(input))

describe('what of an input gates its run', () => {
  test('nothing, where nothing goes by a path into it', () => expect(of({ limits: [{ concurrency: 1 }] }, { user: 'u1' })).toBeNull())

  test.each([
    [{ user: 'u1' }, 'u1'],
    [{ user: 17 }, '17'],
    [{ user: { b: 1 } }, '{"b":1}'],
    [{ user: null }, ''],
    [{}, ''],
    ['text', ''],
    [undefined, ''],
  ])('of %j the key is "%s"', (input, key) => expect(of({ limits: [{ per: 'user', concurrency: 1 }] }, input)).toEqual({ keys: { user: key } }))

  test('a path has steps, and goes by what an object has itself', () => {
    const options: DefinitionOptions = { fair: { per: 'order.customer' } }
    expect(of(options, { order: { customer: 'c' } })).toEqual({ keys: { 'order.customer': 'c' } })
    expect(of({ fair: { per: 'constructor.name' } }, {})).toEqual({ keys: { 'constructor.name': '' } })
  })

  test('two long values that differ at their ends are two keys', () => {
    const options: DefinitionOptions = { limits: [{ per: 'user', concurrency: 1 }] }
    const [a, b] = ['a', 'b'].map(end => of(options, { user: `${'x'.repeat(300)}${end}` })?.keys?.user as string)
    expect(a).not.toBe(b)
    expect([a?.length, b?.length].every(length => length !== undefined && length <= 200)).toBe(true)
  })
})

describe('the limits that a run would meet', () => {
  const met = (options: DefinitionOptions, queue: string | null, input: unknown) =>
    gating(options)
      .met('default', 'mail', queue, input === undefined ? null : JSON.stringify(input))
      .map(({ limit, key, weight }) => [limit.name, key, weight])

  test('are those of its definition, its pools and its queue, with the values of its input and what it takes', () => {
    const limits = [
      { per: 'user', concurrency: 1 },
      { rate: 5, everyMs: 1_000 },
      { pool: 'press', weight: 3 },
    ]
    const all = (user: string) => [
      ['mail/1000ms', null, 1],
      ['mail/user', user, 1],
      ['press', null, 3],
    ]
    expect(met({ limits }, null, { user: 'u1' })).toEqual(all('u1'))
    expect(met({ limits }, null, undefined)).toEqual(all(''))
  })

  test('go by the queue that it is started in, or that of its definition', () => {
    const settings = new Settings()
    const definitions = new Definitions(settings)
    definitions.put({ namespace: 'default', name: 'mail', version: '1', kind: 'job', options: '{"queue":"slow"}', schema: null, registeredAt: 0 })
    const value = JSON.stringify({ on: { scope: 'queue', name: 'slow' }, max: 2 })
    settings.put({ kind: LIMIT_SETTING, namespace: 'default', name: 'few', value, changedAt: 0 })
    expect(definitions.gating.met('default', 'mail', null, null).map(({ limit }) => limit.name)).toEqual(['few'])
    expect(definitions.gating.met('default', 'mail', 'quick', null)).toEqual([])
  })
})

describe('places in a sequence', () => {
  const place = (of: Gating, call: object, now: number, key = 'k') => of.place('default', 'mail', key, call, now)

  test('each call has a later one than the call before, also within a millisecond and when the clock steps back', () => {
    const of = gating({ sequence: { per: 'user', onFailure: 'stop' } })
    const places = [100, 100, 100, 50, 200].map(now => place(of, {}, now))
    expect(places).toEqual([100, 101, 102, 103, 200])
  })

  test('runs of one call share theirs, and go by their ids', () => {
    const of = gating({ sequence: { per: 'user', onFailure: 'stop' } })
    const call = {}
    expect([place(of, call, 100), place(of, call, 105), place(of, {}, 105)]).toEqual([100, 100, 105])
  })

  test('sequences do not know of each other', () => {
    const of = gating({ sequence: { per: 'user', onFailure: 'stop' } })
    expect([place(of, {}, 100, 'a'), place(of, {}, 100, 'b')]).toEqual([100, 100])
  })
})
