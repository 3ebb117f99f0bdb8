import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Context, Decision } from '../../core/machine.ts'
import { BATCH_CALLBACKS, CLOSED_STATES, type ClosedState } from '../../core/run.ts'
import { batch } from './machine.ts'
import { FAILED_RUNS_MAX, LOOK_MS, REFUSALS_MAX, RESEND_MS } from './state.ts'
import type { BatchEvent, BatchInput, BatchState, Callbacks, PageInput, Plan } from './types.ts'

const SELF = '06fake0000000000000000000a'
const WHO = { command: 'c', by: 'ana', why: null }
const told = { definition: 'told', input: '{"n":1}', options: {} }
const ALL: Callbacks = { firstFailure: told, complete: told, success: told }

/** A batch by itself: what it sends is kept, and answered only when the test says so. */
class Life {
  state: BatchState | null = null
  now = 1_000
  readonly events: BatchEvent[] = []
  readonly started: { run: string; again: boolean; callback: string; input: string | null }[] = []
  last: Decision<BatchEvent> = { events: [] }
  wakeAt: number | null = null

  take(input: BatchInput): this {
    const context: Context = { self: SELF, now: this.now, random: () => 0.5, id: () => 'id', home: () => 0 }
    const frozen = JSON.stringify(this.state)
    const decision = batch.decide(this.state, input, context)
    expect(JSON.stringify(this.state)).toBe(frozen)
    for (const event of decision.events) this.state = batch.evolve(this.state, event)
    this.events.push(...decision.events)
    if (decision.wakeAt !== undefined) this.wakeAt = decision.wakeAt
    if (decision.outcome !== undefined) this.wakeAt = null
    for (const message of decision.messages ?? []) {
      if (message.is !== 'start') continue
      const { trigger, input: given } = message.order
      this.started.push({ run: message.run, again: message.again, callback: (trigger as { callback: string }).callback, input: given })
    }
    this.last = decision
    // What the decisions add up to is what recovery finds, and what the events tell (E10).
    expect(batch.pending(this.state as BatchState).wakeAt).toBe(this.wakeAt)
    expect(this.events.reduce<BatchState | null>((state, event) => batch.evolve(state, JSON.parse(JSON.stringify(event))), null)).toEqual(this.state)
    return this
  }
  start(plan: Partial<Plan & { is: 'jobs' }> = {}): this {
    return this.take({
      is: 'start',
      name: 'import',
      options: {},
      trigger: { is: 'call' },
      plan: { is: 'jobs', total: 2, sealed: true, callbacks: ALL, depth: 1, ...plan },
    })
  }
  bulk(): this {
    const plan: Plan = { is: 'bulk', operation: 'cancel', filter: {}, change: null, matched: 10, by: 'ana', why: null }
    return this.take({ is: 'start', name: 'cancel', options: {}, trigger: { is: 'call' }, plan })
  }
  close(run: string, state: ClosedState): this {
    return this.take({ is: 'child_closed', run, state })
  }
  /** As the engine does it in the same commit. */
  answer(): this {
    for (const { callback } of [...this.started]) this.take(answered(callback))
    return this
  }
  page(page: Partial<PageInput> = {}): this {
    return this.take({ is: 'page', from: null, next: null, done: 0, skipped: 0, refusals: [], ...page })
  }
  get callbacks(): string[] {
    return this.started.map(({ callback }) => callback)
  }
}

function answered(callback: string, refusal: string | null = null): BatchInput {
  return { is: 'answered', reference: BATCH_CALLBACKS.indexOf(callback as 'success'), run: 'r', closed: false, refusal }
}

describe('a group of jobs', () => {
  test.each<[ClosedState[], string[], string, string | null]>([
    // Sidekiq Pro: "complete" when all have run, whatever became of them; "success" when all have succeeded; "death" at the first that dies.
    [['completed', 'completed'], ['complete', 'success'], 'completed', null],
    [['completed', 'failed'], ['firstFailure', 'complete'], 'failed', 'jobs-failed'],
    [['timed_out', 'completed'], ['firstFailure', 'complete'], 'failed', 'jobs-failed'],
    [['cancelled', 'completed'], ['firstFailure', 'complete'], 'failed', 'jobs-failed'],
    [['terminated', 'failed'], ['firstFailure', 'complete'], 'failed', 'jobs-failed'],
  ])('whose jobs end as %j starts %j and ends as %s', (states, callbacks, state, reason) => {
    const life = new Life().start()
    states.forEach((closed, n) => {
      life.close(`r${n}`, closed)
    })
    expect(life.callbacks).toEqual(callbacks)
    expect(life.state?.closing).toBeNull()
    life.answer()
    expect(life.last.outcome).toMatchObject({ state, reason })
    expect(batch.view(life.state as BatchState)).toMatchObject({ state, reason, progress: { value: 1 } })
  })

  test('gives its callbacks what became of its jobs, beside their own input', () => {
    const life = new Life().start({ total: 3 }).close('r0', 'timed_out').close('r1', 'terminated')
    expect(life.started.map(({ input }) => JSON.parse(input as string))).toEqual([
      { batch: { batch: SELF, name: 'import', total: 3, completed: 0, failed: 1, cancelled: 0, failedRuns: ['r0'] }, input: { n: 1 } },
    ])
  })

  test('without callbacks ends with its last job; an empty one at once; one that is open when it is sealed', () => {
    expect(new Life().start({ callbacks: {}, total: 1 }).close('r0', 'completed').last.outcome).toMatchObject({ state: 'completed' })
    expect(new Life().start({ callbacks: {}, total: 0 }).last.outcome).toMatchObject({ state: 'completed' })
    const open = new Life().start({ callbacks: {}, total: 1, sealed: false }).close('r0', 'completed')
    expect(open.last.outcome).toBeUndefined()
    expect(open.take({ is: 'added', count: 1 }).take({ is: 'seal', ...WHO }).last.outcome).toBeUndefined()
    expect(open.close('r1', 'completed').last.outcome).toMatchObject({ state: 'completed' })
  })

  test('asks again for a callback that was not answered, under the same run, until it is', () => {
    const life = new Life().start({ total: 1, callbacks: { complete: told } }).close('r0', 'completed')
    expect(life.wakeAt).toBe(1_000 + RESEND_MS)
    life.now += RESEND_MS
    life.take({ is: 'wake' })
    expect(life.started.map(({ run, again }) => [run, again])).toEqual([
      [life.started[0]?.run, false],
      [life.started[0]?.run, true],
    ])
    life.take({ is: 'wake' })
    expect(life.started).toHaveLength(2)
    expect(life.take(answered('complete')).last.outcome).toMatchObject({ state: 'completed' })
    expect(life.take(answered('complete')).last.events).toEqual([])
  })

  test('ends although a callback was refused, and says why', () => {
    const life = new Life().start({ total: 0, callbacks: { success: told } }).take(answered('success', 'unknown-definition'))
    expect(life.state?.jobs?.callbacks).toMatchObject([{ callback: 'success', answered: true, refused: 'unknown-definition' }])
    expect(life.last.outcome).toMatchObject({ state: 'completed' })
  })

  test('counts a retry in the place of what failed', () => {
    const life = new Life().start({ total: 2 }).close('r0', 'failed').answer()
    life.take({ is: 'child_retried', run: 'r2', of: 'r0', state: 'failed' })
    expect(life.state?.jobs).toMatchObject({ total: 2, open: 2, failed: 0, failedRuns: [] })
    life.close('r1', 'completed').close('r2', 'completed')
    expect(life.callbacks).toEqual(['firstFailure', 'complete', 'success'])
  })

  test('that is cancelled goes through its open jobs and ends as cancelled', () => {
    const life = new Life().start({ total: 2, sealed: false, callbacks: {} }).take({ is: 'cancel', ...WHO })
    expect(life.state).toMatchObject({ cancelRequested: true, sweep: { operation: 'cancel', over: false }, jobs: { sealed: true } })
    expect(life.take({ is: 'cancel', ...WHO }).last.events).toEqual([])
    life.page({ done: 2 }).close('r0', 'cancelled')
    expect(life.state?.closing).toBeNull()
    expect(life.close('r1', 'completed').last.outcome).toMatchObject({ state: 'cancelled' })
    expect(life.take({ is: 'cancel', ...WHO }).last).toEqual({ events: [] })
    expect(life.take({ is: 'change', ...WHO, change: {} }).last.replies).toMatchObject([{ reply: { ok: false, code: 'run-closed' } }])
    expect(life.take({ is: 'terminate', ...WHO }).last.replies).toMatchObject([{ reply: { ok: false, code: 'run-closed' } }])
  })

  test('names the first failed jobs only, and keeps counts of the rest', () => {
    const life = new Life().start({ total: FAILED_RUNS_MAX + 5, callbacks: {} })
    for (let n = 0; n < FAILED_RUNS_MAX + 5; n++) life.close(`r${n}`, 'failed')
    expect(life.state?.jobs?.failedRuns).toHaveLength(FAILED_RUNS_MAX)
    expect(life.state?.jobs?.failed).toBe(FAILED_RUNS_MAX + 5)
  })

  test('property: whatever the order, each callback starts once, exactly when its condition holds', () => {
    const step = fc.oneof(
      fc.record({ is: fc.constant('close' as const), state: fc.constantFrom(...CLOSED_STATES) }),
      fc.record({ is: fc.constant('add' as const), count: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ is: fc.constant('retry' as const) }),
      fc.record({ is: fc.constant('wake' as const) }),
      fc.record({ is: fc.constant('answer' as const) }),
    )
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.array(step, { maxLength: 40 }), (total, steps) => {
        const life = new Life().start({ total, sealed: false })
        const open = Array.from({ length: total }, (_, n) => `r${n}`)
        const ended: { run: string; state: ClosedState }[] = []
        let [next, hadFailure] = [total, false]
        const close = (state: ClosedState): void => {
          const run = open.shift()
          if (run === undefined) return
          ended.push({ run, state })
          hadFailure ||= state !== 'completed'
          life.close(run, state)
        }
        for (const given of steps) {
          life.now += 3_000
          if (given.is === 'close') close(given.state)
          else if (given.is === 'add') {
            for (let n = 0; n < given.count; n++) open.push(`r${next++}`)
            life.take({ is: 'added', count: given.count })
          } else if (given.is === 'retry') {
            const failed = ended.findIndex(({ state }) => state !== 'completed')
            if (failed < 0) continue
            const [{ run: of, state }] = ended.splice(failed, 1) as [(typeof ended)[number]]
            open.push(`r${next}`)
            life.take({ is: 'child_retried', run: `r${next++}`, of, state })
          } else if (given.is === 'wake') life.take({ is: 'wake' })
          else life.answer()
          expect(life.state?.jobs).toMatchObject({ open: open.length, completed: ended.filter(({ state }) => state === 'completed').length })
          expect(new Set(life.callbacks)).toEqual(new Set(hadFailure ? ['firstFailure'] : []))
        }
        life.take({ is: 'seal', ...WHO })
        while (open.length > 0) close('completed')
        const succeeded = ended.every(({ state }) => state === 'completed')
        const expected = [...(hadFailure ? ['firstFailure'] : []), 'complete', ...(succeeded ? ['success'] : [])]
        expect(life.started.filter(({ again }) => !again).map(({ callback }) => callback)).toEqual(expected)
        life.answer()
        expect(life.state?.closing?.is).toBe(succeeded ? 'completed' : 'failed')
      }),
      { numRuns: 300 },
    )
  })
})

describe('a bulk operation', () => {
  test('adds up its pages, each from where the last one ended, and ends with the last', () => {
    const life = new Life().bulk()
    expect(life.wakeAt).toBe(1_000 + LOOK_MS)
    life.page({ next: 'a', done: 3, skipped: 1 })
    expect(batch.view(life.state as BatchState)).toMatchObject({ state: 'running', progress: { value: 0.4 } })
    expect(() => life.page({ next: 'b' })).toThrow('a page begins where the last one ended')
    life.page({ from: 'a', refusals: Array.from({ length: REFUSALS_MAX + 1 }, (_, n) => ({ run: `r${n}`, code: 'run-closed' })) })
    expect(life.state?.sweep).toMatchObject({ done: 3, skipped: 1, refused: REFUSALS_MAX + 1, over: true })
    expect(life.state?.sweep?.refusals).toHaveLength(REFUSALS_MAX)
    expect(life.last.outcome).toMatchObject({ state: 'completed' })
    expect(JSON.parse(life.last.outcome?.output as string)).toMatchObject({ done: 3, skipped: 1, refused: REFUSALS_MAX + 1 })
  })

  test('asks to be looked at while it is at work, and not while it is paused', () => {
    const life = new Life().bulk()
    life.now += LOOK_MS
    expect(life.take({ is: 'wake' }).last.events).toMatchObject([{ is: 'looked' }])
    expect(life.wakeAt).toBe(life.now + LOOK_MS)
    life.take({ is: 'pause', ...WHO })
    expect(life.wakeAt).toBeNull()
    expect(batch.view(life.state as BatchState)).toMatchObject({ state: 'paused', reason: 'paused' })
    expect(life.take({ is: 'pause', ...WHO }).last.events).toEqual([])
    life.take({ is: 'resume', ...WHO })
    expect(life.wakeAt).toBe(life.now + LOOK_MS)
    expect(life.take({ is: 'cancel', ...WHO }).last.outcome).toMatchObject({ state: 'cancelled' })
  })
})
