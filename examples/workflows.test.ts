/** The three workflows on virtual time: a month passes in milliseconds, and a crash is tried at each commit. */
import { rmSync } from 'node:fs'
import { everyCrash, everyCrashPoint, testEnvironment } from 'mainspring/testing'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { agent } from './agent.ts'
import { order } from './order-saga.ts'
import { subscription } from './subscription.ts'
import { entries } from './support/book.ts'

const output = await vi.hoisted(async () => {
  const { mkdtempSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-examples-'))
  Object.assign(process.env, { MAINSPRING_EXAMPLES_OUTPUT: folder, MAINSPRING_EXAMPLES_STEP_MS: '0', MAINSPRING_EXAMPLES_WORD_MS: '0' })
  return folder
})
const empty = (): void => rmSync(output, { recursive: true, force: true })
afterEach(empty)
afterAll(() => {
  for (const name of ['OUTPUT', 'STEP_MS', 'WORD_MS']) delete process.env[`MAINSPRING_EXAMPLES_${name}`]
})

const book = (of: string): string[] => entries(of).map(({ is, amount }) => (amount === undefined ? is : `${is} ${amount}`))
const yes = { approved: true, by: 'ana' }

describe('the order', () => {
  test('what is dear waits for a person, who may take six days', async () => {
    await using t = await testEnvironment([order])
    const run = await order.start({ item: 'lamp', price: 480 })
    await t.skip('6d')
    expect(await run.get()).toMatchObject({ state: 'waiting', reason: 'signal', workflow: { state: { stage: 'waiting for approval' } } })
    await run.signal('approval', yes)
    expect(await run.result()).toMatchObject({ charged: 480 })
    expect(book(run.id)).toEqual(['reserved', 'charged 480', 'shipped'])
  })

  test('what is cheap is looked at by nobody', async () => {
    await using _ = await testEnvironment([order])
    const run = await order.start({ item: 'pen', price: 2 })
    expect(await run.result()).toMatchObject({ charged: 2 })
  })

  test.each([
    ['a person says no', { item: 'lamp', price: 480 }, { approved: false, by: 'ana' }, 'aborted', 'ana did not approve it'],
    ['nobody says anything for a week', { item: 'lamp', price: 480 }, null, 'aborted', 'nobody approved it within 7 days'],
    ['what was approved cannot be sent', { item: 'piano', price: 9_000 }, yes, 'threw', 'no lorry takes a piano'],
  ])('where %s, all is undone, the last first', async (_, input, answer, reason, message) => {
    await using t = await testEnvironment([order])
    const run = await order.start(input)
    await t.settle()
    if (answer !== null) await run.signal('approval', answer)
    await expect(run.result()).rejects.toMatchObject({ code: 'run-failed', reason, message: expect.stringContaining(message) })
    expect(book(run.id)).toEqual(['reserved', `charged ${input.price}`, `refunded ${input.price}`, 'released'])
  })

  test('one that is cancelled while it waits is undone too', async () => {
    await using t = await testEnvironment([order])
    const run = await order.start({ item: 'lamp', price: 480 })
    await t.settle()
    await run.cancel()
    await expect(run.result()).rejects.toMatchObject({ code: 'run-cancelled' })
    expect(book(run.id)).toEqual(['reserved', 'charged 480', 'refunded 480', 'released'])
  })

  test.each([
    ['approved', yes, ['reserved', 'charged 480', 'shipped']],
    ['refused', { approved: false, by: 'ana' }, ['reserved', 'charged 480', 'refunded 480', 'released']],
  ])('wherever it crashes, one that is %s does each thing once', async (_, answer, done) => {
    const crashes = await everyCrash([order], async () => {
      empty()
      const run = await order.start({ item: 'lamp', price: 480 })
      await run.signal('approval', answer)
      await run.result().catch(() => undefined)
      expect(book(run.id)).toEqual(done)
    })
    expect(crashes).toBeGreaterThan(10)
  })
})

describe('the subscription', () => {
  const ada = { customer: 'ada', plan: 'basic' } as const

  test('charges each month, and another price from the month after a change', async () => {
    await using t = await testEnvironment([subscription])
    const run = await subscription.start(ada)
    await t.skip('45d')
    await run.signal('plan', 'pro')
    await t.settle()
    expect(await run.query('status')).toEqual({ plan: 'pro', months: 2, paid: 20 })
    await t.skip('16d')
    expect(await run.query('status')).toEqual({ plan: 'pro', months: 3, paid: 45 })
    await run.signal('plan', 'gold')
    await run.signal('plan', 'none')
    expect(await run.result()).toEqual({ months: 3, paid: 45, ended: 'as was wished' })
  })

  test('goes on for years, with a history of one', async () => {
    await using t = await testEnvironment([subscription])
    const run = await subscription.start(ada)
    await t.skip(`${14 * 30 - 1}d`)
    expect(await run.query('status')).toEqual({ plan: 'basic', months: 14, paid: 140 })
    await run.signal('plan', 'none')
    expect(await run.result()).toMatchObject({ months: 14 })
    expect(book(run.id)).toEqual(Array.from({ length: 14 }, () => 'charged 10'))
    const { history } = await t.recorded(run)
    expect(history.filter(({ is }) => is === 'continued')).toHaveLength(1)
  })

  test('a card that is declined is tried for a week, and then that is the end', async () => {
    await using t = await testEnvironment([subscription])
    const run = await subscription.start({ ...ada, customer: 'broke' })
    const begun = t.now().getTime()
    expect(await run.result()).toEqual({ months: 0, paid: 0, ended: 'the card does not pay' })
    // 1, 2 and 4 days, each spread by up to a tenth.
    expect((t.now().getTime() - begun) / 86_400_000).toBeGreaterThan(6)
  })

  test('wherever it crashes, each month is charged once', async () => {
    await everyCrash([subscription], async t => {
      empty()
      const run = await subscription.start({ ...ada, monthMs: 60_000 })
      await t.skip('61s')
      await run.signal('plan', 'none')
      expect(await run.result()).toEqual({ months: 2, paid: 20, ended: 'as was wished' })
      expect(book(run.id)).toEqual(['charged 10', 'charged 10'])
    })
  })
})

describe('the agent', () => {
  const question = 'Does it rain more in Seattle or in New York?'
  // Counted with Python's csv module: days of rain in four years are 641 and 446, the warmest 35.6 and 37.8.
  const answer = 'Seattle has 160 days of rain a year, and 35.6 °C at most. New York has 112 days of rain a year, and 37.8 °C at most.'

  test('calls the tools that its model asks for, some at once, and answers', async () => {
    await using _ = await testEnvironment([agent])
    const run = await agent.start({ question })
    expect(await run.result()).toEqual({ answer, rounds: 3 })
    const conversation = await run.query<{ by: string }[]>('conversation')
    expect(conversation.map(({ by }) => by)).toEqual(['user', 'model', 'tool', 'model', 'tool', 'tool', 'model'])
    const heard: string[] = []
    for await (const { value } of run.stream<string>('words')) heard.push(value)
    expect(heard.join('')).toContain(answer)
  })

  test('ends where its model never answers', async () => {
    await using _ = await testEnvironment([agent], { steps: { think: () => ({ text: 'hm', calls: [{ tool: 'guess', input: '' }] }) } })
    const run = await agent.start({ question })
    await expect(run.result()).rejects.toMatchObject({ reason: 'aborted', message: expect.stringContaining('no answer after 8 rounds') })
  })

  test('wherever it crashes, it comes to the same answer', async () => {
    // Words are gathered for 50 ms on the clock of the test, which waits for handlers.
    expect(await everyCrashPoint(agent, { question }, { patience: '20ms' })).toBeGreaterThan(10)
  })
})
