import { describe, expect, test } from 'vitest'
import type { HookEvent } from '../core/run.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import type { DefinitionOptions, Delivery, RunSummary } from './face.ts'
import { TestNode } from './test-engine.ts'

const command = (id = 'c1') => ({ id, by: null })
const failure = { type: 'TypeError', message: 'no' }
const HOOK: DefinitionOptions = { onFailure: { job: 'alert' } }

async function node(mail: DefinitionOptions, others: Record<string, DefinitionOptions> = { alert: {} }) {
  const store = openMemoryStore()
  const it = await TestNode.start(store, { mail, ...others })
  const attempt = async (result: 'completed' | 'failed', definition = 'mail') => {
    const { tasks } = await it.poll({ serves: [{ definition, version: null }], max: 1 })
    const said = result === 'completed' ? { is: result, output: null } : { is: result, failure, retry: true }
    await it.engine.tasks.complete('default', 'w1', [{ ...(tasks[0] as Delivery), ...said }])
  }
  /** Runs of the hook's job, oldest first. */
  const told = async (definition = 'alert') => {
    const { rows } = await it.engine.runs.list({ namespace: 'default', names: [definition] }, { after: null, limit: 99 })
    return Promise.all(rows.reverse().map(({ id }: RunSummary) => it.engine.runs.get('default', id)))
  }
  const events = async () => (await told()).map(({ trigger }) => (trigger.is === 'hook' ? trigger.event : trigger.is))
  return { it, store, attempt, told, events }
}
const once = { retry: { attempts: 1 } }

describe('a failure hook', () => {
  test('is told of a run that fails: what, why, and which', async () => {
    const { it, attempt, told } = await node({ ...HOOK, ...once, tags: { team: 'a' } })
    const run = await it.run()
    await attempt('failed')
    const [hook] = await told()
    expect(hook).toMatchObject({ state: 'queued', trigger: { is: 'hook', run, event: 'failed' } })
    expect(JSON.parse(hook?.input as string)).toEqual({
      event: 'failed',
      run,
      definition: 'mail',
      state: 'failed',
      reason: 'attempts-exhausted',
      failure,
      attempt: 1,
      at: new Date(it.clock.now()).toISOString(),
      tags: { team: 'a' },
    })
  })

  test('is told in the same commit: a node that dies at once finds it', async () => {
    const { it, store, attempt, told } = await node({ ...HOOK, ...once })
    await it.run()
    await attempt('failed')
    expect([...store.tables().open.values()].map(({ name }) => name)).toEqual(['alert'])
    expect(await told()).toHaveLength(1)
  })

  test('is told of a run that times out', async () => {
    const { it, events } = await node({ ...HOOK, expiresMs: 50 })
    await it.run()
    await it.clock.advance(50)
    expect(await events()).toEqual(['failed'])
  })

  test.each(['cancel', 'terminate'] as const)('is not told of a run that somebody ends: %s', async end => {
    const { it, told } = await node(HOOK)
    await it.engine.runs[end]('default', await it.run(), command())
    expect(await told()).toEqual([])
  })

  test('is not told of an attempt that is tried again, nor of success', async () => {
    const { it, attempt, told } = await node({ ...HOOK, retry: { attempts: 2, initialMs: 0 } })
    await it.run()
    await attempt('failed')
    await attempt('completed')
    expect(await told()).toEqual([])
  })

  test('is told each time that a run is parked, and when it is made good', async () => {
    const { it, attempt, events } = await node({ ...HOOK, ...once, exhausted: 'park' })
    const run = await it.run()
    await attempt('failed')
    await it.engine.runs.resume('default', run, command('c1'))
    await attempt('failed')
    await it.engine.runs.resume('default', run, command('c2'))
    await attempt('completed')
    expect(await events()).toEqual(['parked', 'parked', 'recovered'])
  })

  test('is told when a retry of a failed run completes, and not of a retry of a good one', async () => {
    const { it, attempt, events } = await node({ ...HOOK, ...once })
    const run = await it.run()
    await attempt('failed')
    const second = await it.engine.runs.retry('default', run, command('c1'))
    await attempt('completed')
    expect(await events()).toEqual(['failed', 'recovered'])
    await it.engine.runs.retry('default', second, command('c2'))
    await attempt('completed')
    expect(await events()).toEqual(['failed', 'recovered'])
  })

  test('that fails itself tells nobody', async () => {
    const { it, attempt, told } = await node({ ...HOOK, ...once }, { alert: { ...HOOK, ...once } })
    await it.run()
    await attempt('failed')
    await attempt('failed', 'alert')
    expect((await told()).map(({ state }) => state)).toEqual(['failed'])
  })

  test('starts once for each event, though its own job is unique', async () => {
    const { it, attempt, told } = await node({ ...HOOK, ...once }, { alert: { unique: { by: 'name' } } })
    for (let n = 0; n < 2; n++) {
      await it.run()
      await attempt('failed')
    }
    expect(await told()).toHaveLength(2)
  })

  test('that is changed is in force at once, for runs that began before', async () => {
    const { it, attempt, told } = await node({ ...HOOK, ...once }, { alert: {}, page: {} })
    await it.run()
    await it.engine.definitions.override('default', 'mail', { onFailure: { job: 'page' } }, 'ana')
    await attempt('failed')
    expect([await told('alert'), (await told('page')).length]).toEqual([[], 1])
  })

  test('that nobody registered is logged once, and the run ends as it should', async () => {
    const { it, attempt } = await node({ ...HOOK, ...once }, {})
    for (let n = 0; n < 2; n++) {
      const run = await it.run()
      await attempt('failed')
      expect((await it.engine.runs.get('default', run)).state).toBe('failed')
    }
    expect(it.logged.filter(({ facts }) => facts.job === 'alert')).toHaveLength(1)
  })

  test('as a webhook is a run of its own, without address and secret, that waits for its executor', async () => {
    const { it, store, attempt, told } = await node({ ...once, onFailure: { url: 'https://example.org/hook', secret: 'whsec_abc' } }, {})
    await it.run()
    await attempt('failed')
    const [hook] = await told('mainspring.webhook')
    expect(hook).toMatchObject({ state: 'queued', queue: 'http', trigger: { event: 'failed' } })
    const { reasons } = await it.engine.runs.explain('default', hook?.id as string)
    expect(reasons).toMatchObject([{ code: 'no-worker' }])
    const { open, closed, segments } = store.tables()
    expect(JSON.stringify([...open.values(), ...closed.values(), ...segments.values()])).not.toMatch(/whsec_abc|example\.org/)
  })
})

describe('a notification', () => {
  const on = (...events: HookEvent[]): DefinitionOptions => ({ notify: [{ on: events, job: 'alert' }] })

  test('is told of each attempt that is tried again, when that will be, and of the end', async () => {
    const { it, attempt, events, told } = await node({
      ...on('retrying', 'completed'),
      retry: { attempts: 3, initialMs: 1_000, factor: 1, jitter: 0 },
    })
    await it.run()
    await attempt('failed')
    expect(JSON.parse((await told())[0]?.input as string)).toMatchObject({
      event: 'retrying',
      attempt: 1,
      failure,
      retryAt: new Date(it.clock.now() + 1_000).toISOString(),
    })
    await it.clock.advance(1_000)
    await attempt('failed')
    await it.clock.advance(1_000)
    await attempt('completed')
    expect(await events()).toEqual(['retrying', 'retrying', 'completed'])
  })

  test('that asks for both is told once that a run recovered, and one that does not that it completed', async () => {
    const notify = [on('completed', 'recovered'), { notify: [{ on: ['completed' as const], job: 'count' }] }].flatMap(({ notify = [] }) => notify)
    const { it, attempt, told } = await node({ ...once, notify }, { alert: {}, count: {} })
    const run = await it.run()
    await attempt('failed')
    await it.engine.runs.retry('default', run, command())
    await attempt('completed')
    const eventsOf = async (name: string) => (await told(name)).map(({ trigger }) => trigger.is === 'hook' && trigger.event)
    expect([await eventsOf('alert'), await eventsOf('count')]).toEqual([['recovered'], ['completed']])
  })

  test('stands beside onFailure, and each is a run of its own, in the same commit', async () => {
    const { it, store, attempt } = await node(
      {
        ...HOOK,
        ...once,
        notify: [
          { on: ['failed'], job: 'page' },
          { on: ['completed'], job: 'page' },
        ],
      },
      { alert: {}, page: {} },
    )
    await it.run()
    await attempt('failed')
    expect([...store.tables().open.values()].map(({ name }) => name).sort()).toEqual(['alert', 'page'])
  })

  test('by e-mail or to Slack is a run without address, which names its number', async () => {
    const slack = 'https://hooks.slack.com/services/T0/B0/secret'
    const notify: DefinitionOptions['notify'] = [
      { on: ['completed'], email: ['ana@example.org'] },
      { on: ['completed'], slack },
    ]
    const { it, store, attempt, told } = await node({ notify }, {})
    await it.run()
    await attempt('completed')
    const runs = [...(await told('mainspring.email')), ...(await told('mainspring.webhook'))]
    expect(runs.map(({ queue, input }) => [queue, JSON.parse(input as string).notification])).toEqual([
      ['email', 0],
      ['http', 1],
    ])
    const { open, closed, segments } = store.tables()
    expect(JSON.stringify([...open.values(), ...closed.values(), ...segments.values()])).not.toMatch(/secret|example\.org/)
  })
})
