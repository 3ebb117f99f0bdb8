import { type DagBuilder, dag, job, Skip } from '@mainspring/sdk'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { everyCrash, testEnvironment } from './testing.ts'

const statesOf = async (t: { client: { call: <A>(name: 'runs.tasks', params: Record<string, string>) => Promise<A> } }, run: { id: string }) => {
  const { tasks } = await t.client.call<{ tasks: { task: string; state: string }[] }>('runs.tasks', { run: run.id })
  return Object.fromEntries(tasks.map(({ task, state }) => [task, state]))
}

const publish = job('publish', async (parts: string[]) => parts.join('+'))
const sales = dag('sales', (d: DagBuilder<{ day: string }>) => {
  const files = d.task('list', async input => [`${input.day}/a`, `${input.day}/b`])
  const clean = d.map('clean', files, async file => file.toUpperCase(), { concurrency: 1 })
  const [first] = [d.task('first', { after: [files, clean] }, async ([all, cleaned]) => ({ all: all.length, first: cleaned[0] }))]
  expectTypeOf(first).toExtend<{ types?: { all: number; first: string | undefined } }>()
  return d.task('publish', { after: clean, waitFor: first }, publish)
})

describe('a DAG in code', () => {
  test('hands what a task gives to those after it, typed, and what it returns is the output of the run', async () => {
    await using t = await testEnvironment([sales])
    const run = await sales.start({ day: 'monday' })
    expect(await run.result()).toBe('MONDAY/A+MONDAY/B')
    expect(await statesOf(t, run)).toEqual({ list: 'success', clean: 'success', first: 'success', publish: 'success' })
  })

  test('has one version for one content, whoever defines it', () => {
    const define = (times: number) => dag('same', d => void d.task('a', async () => times)).version
    expect(define(1)).toBe(define(2))
    expect(sales.definition.dag?.tasks).toMatchObject({
      clean: { map: { over: '{{output.list}}', concurrency: 1 } },
      publish: { job: 'publish', after: ['clean', 'first'] },
    })
  })

  test('branches, skips, meets again, looks for something without holding a slot, and tears down', async () => {
    let looked = 0
    const done: string[] = []
    const flow = dag('flow', d => {
      const made = d.setup('make', {}, async () => 'cluster')
      const found = d.sensor('wait', { every: '10m', after: made }, async () => ++looked === 3 && 'file')
      const way = d.branch('way', { after: found }, async file => (file === 'file' ? 'left' : ['right']))
      const left = d.task('left', { after: way }, async () => 1)
      const right = d.task('right', { after: way }, async () => 2)
      const none = d.task('none', { after: left }, async () => {
        throw new Skip('nothing to do')
      })
      const met = d.join('meet', { after: [left, right, none], when: 'none_failed' })
      d.teardown('drop', { after: met, waitFor: made }, async () => void done.push('dropped'))
      return met
    })
    await using t = await testEnvironment([flow])
    const run = await flow.start(undefined)
    await t.skip('1h')
    expect(await run.result()).toEqual([1, null, null])
    expect({ looked, done }).toEqual({ looked: 3, done: ['dropped'] })
    expect(await statesOf(t, run)).toEqual({
      make: 'success',
      wait: 'success',
      way: 'success',
      left: 'success',
      right: 'skipped',
      none: 'skipped',
      meet: 'success',
      drop: 'success',
    })
  })

  test('asks a person, with a form that types what comes after, and goes by its default at the deadline', async () => {
    const release = dag('release', d => {
      const check = d.task('check', async () => ({ rows: 3 }))
      const ok = d.approval('ok', {
        after: check,
        subject: `Publish ${d.part(check, 'rows').template} rows?`,
        form: z.object({ amount: z.number().default(5) }),
        deadline: '2d',
        default: 'reject',
      })
      expectTypeOf(ok).toExtend<{ types?: { approved: boolean; by: string | null; input: { amount: number } | null } }>()
      return d.task('publish', { after: ok }, async ({ by, input }) => `${input?.amount} by ${by}`)
    })
    await using t = await testEnvironment([release])
    const run = await release.start(undefined)
    await t.skip('1h')
    const [asked] = (await t.client.approvals.list()).approvals
    expect(asked).toMatchObject({ definition: 'release.ok', subject: 'Publish 3 rows?', default: 'reject', dag: { run: run.id, task: 'ok' } })
    const id = asked?.run as string
    await expect(t.client.approvals.approve(id, { input: { amount: 'many' } })).rejects.toMatchObject({ code: 'invalid-input', at: '/input/amount' })
    await t.client.approvals.approve(id, { by: 'ana' })
    expect(await run.result()).toBe('5 by ana')
    const late = await release.start(undefined)
    await t.skip('3d')
    expect(await late.result()).toBeUndefined()
    expect(await statesOf(t, late)).toEqual({ check: 'success', ok: 'success', publish: 'skipped' })
  })

  test('refuses an approval that cannot be, with its place', async () => {
    await using t = await testEnvironment([sales])
    const asking = (options: object) => dag('asking', d => void d.approval('ok', { subject: 'Go on?', ...options })).definition
    for (const [options, at] of [
      [{ default: 'approve' }, '/definitions/0/dag/tasks/ok/approval/default'],
      [{ form: [] }, '/definitions/0/dag/tasks/ok/approval/form'],
      [{ subject: '' }, '/definitions/0/dag/tasks/ok/approval/subject'],
    ] as const)
      await expect(t.client.call('definitions.register', {}, { definitions: [asking(options)] })).rejects.toMatchObject({ at })
  })

  test('its schedule gives each run an interval: from the time before to its own', async () => {
    const seen: string[] = []
    const daily = dag('daily', { schedule: { cron: '0 2 * * *', timezone: 'UTC' } }, d => {
      d.task(
        'day',
        { retry: { attempts: 1 } },
        async (_, { interval, dag: { task } }) => void seen.push(`${task} ${interval.start.toISOString()} ${interval.end.toISOString()}`),
      )
    })
    await using t = await testEnvironment([daily])
    await t.skip('2d')
    expect(seen).toHaveLength(2)
    for (const text of seen) {
      const [, start, end] = text.split(' ') as [string, string, string]
      expect(Date.parse(end) - Date.parse(start)).toBe(86_400_000)
      expect(end.slice(10)).toBe('T02:00:00.000Z')
    }
  })

  test('ends the same whichever commit a node dies at, and none of its tasks ends twice', async () => {
    let ended: string[] = []
    const flow = dag('flow', (d: DagBuilder<number[]>) => {
      const list = d.task('list', async numbers => numbers)
      const each = d.map('each', list, async n => n * 2)
      const bad = d.task('bad', { after: list }, async () => {
        throw new Skip('no')
      })
      return d.task('sum', { after: [each, bad], when: 'none_failed' }, async ([numbers]) => numbers.reduce((sum, n) => sum + n, 0))
    })
    const crashes = await everyCrash([flow], async t => {
      const run = await flow.start([1, 2])
      expect(await run.result()).toBe(6)
      expect(await statesOf(t, run)).toEqual({ list: 'success', bad: 'skipped', each: 'success', sum: 'success' })
      const { events } = await t.client.call<{ events: { is: string; task?: string; ref?: number }[] }>('runs.history', { run: run.id })
      ended = events.flatMap(event => (event.is === 'ended' ? [`${event.task} ${event.ref}`] : []))
      expect(new Set(ended).size).toBe(ended.length)
    })
    expect(ended).toHaveLength(5)
    expect(crashes).toBeGreaterThan(10)
  })

  test.each<[string, () => unknown, string]>([
    ['an id twice', () => dag('x', d => void [d.task('a', async () => 1), d.task('a', async () => 2)]), '/tasks/a'],
    ['an id that is none', () => dag('x', d => void d.task('a b', async () => 1)), '/tasks'],
    ['no function', () => dag('x', d => void d.task('a', 7 as never)), '/tasks/a'],
    ['an option of nobody', () => dag('x', { concurrency: 3 } as never, () => {}), '/concurrency'],
  ])('refuses %s', (_, define, at) => expect(define).toThrowError(expect.objectContaining({ code: 'invalid-option', at })))
})
