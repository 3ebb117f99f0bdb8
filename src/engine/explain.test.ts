import { describe, expect, test } from 'vitest'
import type { TaskResult } from '../core/machine.ts'
import type { RunOptions } from '../core/options.ts'
import { OPEN_STATES, type OpenState } from '../core/run.ts'
import { seeded } from '../core/seeded.ts'
import { MACHINES } from '../machines/registry.ts'
import { ALL_SHARDS, type Row } from '../store/store.ts'
import { Actor } from './actor.ts'
import { Definitions } from './definitions.ts'
import { explain } from './explain.ts'
import type { Poll } from './face.ts'
import { Leases } from './leases.ts'
import { Limits, type LimitsOptions } from './limits/limits.ts'
import { Settings } from './settings.ts'
import { TestClock } from './test-clock.ts'
import { transition, type World } from './transition.ts'
import { Workers } from './workers.ts'

const RUN = '01jzc8p4xr7s5v9q2m6n3k8t1b'
const START = Date.parse('2026-01-01T00:00:00.000Z')
const poll: Poll = {
  worker: 'w1',
  workerName: 'box:1',
  last: null,
  queues: [],
  serves: [{ definition: 'mail', version: null }],
  labels: {},
  max: 1,
  slots: 2,
  waitMs: 0,
}

/** A run, the workers that were heard of, and what an operator has set. */
class Scene {
  readonly clock = new TestClock(START)
  readonly world: World = { clock: this.clock, random: seeded(1), retentionMs: () => 0, log: () => {}, home: () => null }
  readonly settings = new Settings()
  readonly workers = new Workers(this.clock)
  readonly leases = new Leases(
    this.clock,
    15_000,
    () => true,
    () => {},
  )
  fresh = true
  awaited = false
  registered: string | null = null
  readonly actor: Actor
  constructor(options: Omit<RunOptions, 'delayMs'> = {}) {
    this.actor = new Actor(
      { id: RUN, namespace: 'default', kind: 'job', name: 'mail', queue: 'default', createdAt: START, tags: null, input: null },
      MACHINES.job,
    )
    this.give({ is: 'start', definition: 'mail', options: { retry: { jitter: 0 }, ...options }, trigger: { is: 'call' } })
  }
  give(input: { is: string; [field: string]: unknown }): this {
    transition(this.actor, input, this.world)
    return this
  }
  deliver(): this {
    return this.give({
      is: 'deliver',
      task: 'job',
      attempt: this.actor.view.attempt,
      delivery: `d${this.actor.view.attempt}`,
      worker: 'w1',
      version: null,
    })
  }
  result(result: TaskResult): this {
    const { attempt } = this.actor.view
    return this.give({ is: 'result', task: 'job', attempt, delivery: `d${attempt}`, worker: 'w1', result })
  }
  later(ms: number): this {
    this.clock.stall(ms)
    return this
  }
  polls(changes: Partial<Poll> = {}): this {
    this.workers.polled('default', { ...poll, ...changes })
    return this
  }
  pause(scope: string, name: string, by: string | null, note: string | null): this {
    this.settings.put({
      namespace: 'default',
      kind: 'pause',
      name: `${scope}:${name}`,
      value: JSON.stringify({ by, note, since: START }),
      changedAt: START,
    })
    return this
  }
  waits(): this {
    this.awaited = true
    return this.polls()
  }
  holds(run: string): this {
    const rest = { task: 'job', attempt: 1, delivery: run, namespace: 'default', since: 0, heartbeatMs: null, cancelling: false, atMostOnce: false }
    this.leases.add({ run, definition: 'report', worker: 'w1', ...rest })
    return this
  }
  unique(key: string, states: readonly OpenState[] = OPEN_STATES): this {
    this.actor.unique = { key, states }
    return this
  }
  off(): this {
    this.fresh = false
    return this
  }
  explain() {
    const { actor } = this
    const row: Row = actor.closed ? ({ ...actor.openRow(), ...actor.closingRow() } as unknown as Row) : actor.openRow()
    const { settings, workers, leases, fresh } = this
    const limits = new Limits({
      rules: new Definitions(settings).rules,
      clock: this.clock,
      claim: { shards: ALL_SHARDS },
      share: false,
    } as unknown as LimitsOptions)
    const queues = { of: () => undefined }
    return explain(row, { settings, workers, leases, limits, queues, fresh, registered: () => this.registered, awaited: () => this.awaited })
  }
  texts(): string[] {
    return this.explain().reasons.map(({ code, text }) => `${code}: ${text}`)
  }
}

const serving = (...names: string[]): Poll['serves'] => names.map(definition => ({ definition, version: null }))
const failed = (retry = true): TaskResult => ({ is: 'failed', retry, failure: { type: 'TypeError', message: 'no such user' } })

describe('why a run does not run (issue 10, point 6)', () => {
  test.each<[string, () => Scene, string[]]>([
    ['nothing is in its way', () => new Scene().waits(), []],
    ['not due until', () => new Scene({ notBefore: START + 60_000 }).waits(), ['not-due: not due until 2026-01-01T00:01:00.000Z']],
    [
      'queue paused by whom',
      () => new Scene().waits().pause('queue', 'default', 'ana', 'migration'),
      ['paused: queue "default" is paused since 2026-01-01T00:00:00.000Z by ana: "migration"'],
    ],
    [
      'definition paused by nobody known',
      () => new Scene().waits().pause('definition', 'mail', null, null),
      ['paused: definition "mail" is paused since 2026-01-01T00:00:00.000Z'],
    ],
    [
      'namespace paused',
      () => new Scene().waits().pause('namespace', '', 'ana', null),
      ['paused: the namespace is paused since 2026-01-01T00:00:00.000Z by ana'],
    ],
    ['no worker has ever been there', () => new Scene(), ['no-worker: no worker serves "mail"; none has been seen since the server started']],
    [
      'no worker serves it: last seen when',
      () => new Scene().polls().later(80_000),
      ['no-worker: no worker serves "mail"; last seen 2026-01-01T00:00:00.000Z: box:1'],
    ],
    [
      'a worker of something else is no worker for it: who serves what',
      () => new Scene().polls({ serves: [{ definition: 'report', version: null }] }),
      ['no-worker: no worker serves "mail"; none has been seen since the server started; of those that poll queue "default", box:1 serves report'],
    ],
    [
      'the queue is polled, and the last that served it is gone',
      () =>
        new Scene()
          .polls({ worker: 'w0', workerName: 'old:1' })
          .later(80_000)
          .polls({ serves: serving('a', 'b', 'c', 'd', 'e', 'f') })
          .polls({ worker: 'w2', workerName: 'box:2', serves: serving('report'), queues: ['night'] }),
      [
        'no-worker: no worker serves "mail"; last seen 2026-01-01T00:00:00.000Z: old:1; of those that poll queue "default", box:1 serves a, b, c, d, e …',
      ],
    ],
    [
      'the last that served it polled another queue',
      () => new Scene().polls({ queues: ['slow'] }).later(80_000),
      ['no-worker: no worker serves "mail"; last seen 2026-01-01T00:00:00.000Z: box:1, which polled slow'],
    ],
    [
      'many that serve something else are counted',
      () => {
        const scene = new Scene()
        for (let n = 1; n <= 7; n++) scene.polls({ worker: `w${n}`, workerName: `b${n}`, serves: serving('x') })
        return scene
      },
      [
        'no-worker: no worker serves "mail"; none has been seen since the server started; of those that poll queue "default", b7 serves x; b6 serves x; b5 serves x; b4 serves x; b3 serves x; and 2 more',
      ],
    ],
    [
      'wrong label',
      () => new Scene({ labels: { gpu: 'a100' } }).polls({ labels: { gpu: 'h100' } }),
      ['wrong-label: needs a worker with {"gpu":"a100"}; those that serve it have {"gpu":"h100"}'],
    ],
    [
      'wrong queue',
      () => new Scene().polls({ queues: ['slow', 'night'] }),
      ['wrong-queue: no worker polls queue "default" for it; those that serve it poll slow, night'],
    ],
    [
      'all slots taken by whom',
      () => new Scene().polls().holds('r-aaaaa').holds('r-bbbbb'),
      ['no-slot: all 2 slots are taken, by aaaaa report, bbbbb report'],
    ],
    [
      'a worker counts as there, and does not ask: it may be gone',
      () => new Scene().polls(),
      ['no-slot: the worker that serves it asks for nothing just now; last heard of 2026-01-01T00:00:00.000Z'],
    ],
    [
      'back-off until',
      () => new Scene().waits().deliver().result(failed()),
      ['back-off: attempt 1 of 10 failed (TypeError: no such user); the next is due at 2026-01-01T00:00:01.000Z'],
    ],
    ['the node waits for its store', () => new Scene().waits().off(), ['unavailable: the node waits for its store']],
    [
      'everything at once, without stopping at the first',
      () => new Scene({ notBefore: START + 60_000 }).pause('queue', 'default', 'ana', null).pause('definition', 'mail', 'ben', null).off(),
      [
        'not-due: not due until 2026-01-01T00:01:00.000Z',
        'paused: queue "default" is paused since 2026-01-01T00:00:00.000Z by ana',
        'paused: definition "mail" is paused since 2026-01-01T00:00:00.000Z by ben',
        'unavailable: the node waits for its store',
        'no-worker: no worker serves "mail"; none has been seen since the server started',
      ],
    ],
  ])('%s', (_, make, texts) => expect(make().texts()).toEqual(texts))

  const hash = (digit: string): string => digit.repeat(64)
  test.each<[string, string | null, (string | null)[], string]>([
    ['that is registered', 'v1', ['v1'], '1 worker serves it'],
    ['that is not known', null, ['v1'], '1 worker serves it'],
    ['that the worker does not name', 'v1', [null], '1 worker serves it'],
    ['that is another', hash('b'), [hash('a')], '1 worker serves it, in version aaaaaaa; registered is bbbbbbb'],
    ['that is another, in some', 'v3', ['v1', 'v3', 'v2', 'v2'], '4 workers serve it, 3 of them in version v1, v2; registered is v3'],
    ['that are two others', 'v3', ['v1', 'v2'], '2 workers serve it, in version v1, v2; registered is v3'],
  ])('a version %s keeps no job from running, and is said', (_, registered, served, text) => {
    const scene = new Scene()
    scene.registered = registered
    scene.awaited = true
    for (const [index, version] of served.entries()) scene.polls({ worker: `w${9 - index}`, serves: [{ definition: 'mail', version }] })
    const { reasons, clear } = scene.explain()
    expect(reasons).toEqual([])
    expect([...clear].sort()).toEqual(['due', 'nothing is paused', text].sort())
  })

  test.each<[string, readonly OpenState[], string]>([
    ['name', OPEN_STATES, 'unique by name: while it is open, a start like it is answered with this run'],
    ['input:dGVzdA', OPEN_STATES, 'unique by input: while it is open, a start like it is answered with this run'],
    ['key:user-7', OPEN_STATES, 'unique by key "user-7": while it is open, a start like it is answered with this run'],
    ['key:user-7', ['scheduled', 'queued'], 'unique by key "user-7": while it is scheduled or queued, a start like it is answered with this run'],
  ])('one that holds a unique key (%s, %j) says so', (key, states, text) => {
    const { reasons, clear } = new Scene().waits().unique(key, states).explain()
    expect(reasons).toEqual([])
    expect(clear).toContain(text)
  })

  test('a running one has no reason, and says where it runs', () => {
    const scene = new Scene().polls().deliver()
    expect(scene.explain()).toMatchObject({ state: 'running', reasons: [], clear: ['attempt 1 runs on box:1'] })
    scene.give({ is: 'cancel', command: 'c', by: null, why: null })
    expect(scene.explain().clear).toEqual(['attempt 1 runs on box:1, and is asked to stop'])
  })

  test('a stuck one says on what, and how to go on', () => {
    const scene = new Scene()
    scene.actor.stuck = { input: { is: 'wake' }, why: 'oops', at: START }
    expect(scene.explain().reasons).toEqual([
      { code: 'stuck', text: 'the run is stuck on "wake": oops', since: START, command: 'mainspring resume k8t1b' },
    ])
  })

  test('a pause says how to end it', () => {
    expect(new Scene().waits().pause('queue', 'default', null, null).explain().reasons[0]?.command).toBe('mainspring queue resume default')
  })
})

describe('what ended a closed run', () => {
  const lost = { is: 'lost', task: 'job', attempt: 1, delivery: 'd1' }
  test.each<[string, () => Scene, string]>([
    ['completed', () => new Scene().deliver().result({ is: 'completed', output: null }), 'completed: completed on attempt 1 of 10'],
    [
      'attempts used up',
      () => new Scene({ retry: { attempts: 1 } }).deliver().result(failed()),
      'attempts-exhausted: failed, since its attempts are used up (attempt 1 of 1): TypeError: no such user',
    ],
    [
      'aborted',
      () => new Scene().deliver().result(failed(false)),
      'aborted: failed, since the handler said that no retry helps (attempt 1 of 10): TypeError: no such user',
    ],
    [
      'lost at most once',
      () => new Scene({ retry: { attempts: 1 } }).deliver().give(lost),
      'lost: failed, since its worker gave no result by the end of its lease (delivery uncertain: the handler may have run) (attempt 1 of 1): Lost: delivery uncertain: the worker gave no result, and attempts: 1 is never delivered again',
    ],
    ['cancelled', () => new Scene().give({ is: 'cancel', command: 'c', by: null, why: null }), 'cancelled: cancelled'],
    ['terminated', () => new Scene().give({ is: 'terminate', command: 'c', by: null, why: null }), 'terminated: terminated'],
    [
      'total time-out',
      () => new Scene({ timeout: { total: 5 } }).later(5).give({ is: 'wake' }),
      'total: timed out, since its total time-out was over',
    ],
    ['expired', () => new Scene({ expiresMs: 5 }).later(5).give({ is: 'wake' }), 'expired: timed out, since it had not begun when it expired'],
    [
      'schedule to start',
      () => new Scene({ timeout: { scheduleToStart: 5 } }).later(5).give({ is: 'wake' }),
      'schedule-to-start: timed out, since no worker took it in time',
    ],
    [
      'attempt time-out',
      () => new Scene({ retry: { attempts: 1 }, timeout: { attempt: 5 } }).deliver().later(5).give({ is: 'wake' }),
      'timed_out: failed, since its last attempt took too long (attempt 1 of 1): AttemptTimeout: attempt 1 took longer than 5 ms',
    ],
  ])('%s', (_, make, text) => expect(make().texts()).toEqual([text]))

  test('is told with the way to run it again, unless it completed', () => {
    expect(new Scene().give({ is: 'cancel', command: 'c', by: null, why: null }).explain().reasons[0]?.command).toBe('mainspring retry k8t1b')
    expect(new Scene().deliver().result({ is: 'completed', output: null }).explain().reasons[0]?.command).toBeUndefined()
  })
})
