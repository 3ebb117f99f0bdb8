import { Abort, job, workflow } from '@mainspring/sdk'
import { type Case, stateOf } from './case.ts'

const WORKFLOW_TIMEOUTS = 'https://docs.temporal.io/encyclopedia/detecting-workflow-failures'
const ACTIVITY_TIMEOUTS = 'https://docs.temporal.io/encyclopedia/detecting-activity-failures'
const ANEW = 'https://docs.temporal.io/develop/typescript/continue-as-new'
const CHILDREN = 'https://docs.temporal.io/child-workflows'
const RESTATE = 'https://docs.restate.dev/develop/ts/error-handling'
const DBOS = 'https://docs.dbos.dev/typescript/tutorials/workflow-tutorial'
const INNGEST = 'https://www.inngest.com/docs/durable-execution/guides-and-advanced/error-handling'
const STOPS = 'https://www.inngest.com/docs/durable-execution/guides-and-advanced/error-handling/non-retriable-errors'

const never = () => new Promise<never>(() => {})
const fails = () => Promise.reject(new Error('no'))
const slow = workflow('child', { timeout: { total: '1h' } }, async (_: unknown, ctx) => ctx.sleep('1d'))
const long = workflow('long', async (_: unknown, ctx) => ctx.sleep('30d'))
const attemptsOf = async ({ history }: { history: readonly { is: string }[] }) => history.filter(({ is }) => is === 'step_failed').length
const attemptsOfEnded: NonNullable<Case['script']> = async (run, t) => {
  await run.result()
  return attemptsOf(await t.recorded(run))
}

/** Timeouts of each kind, retries, and beginning anew. */
export const TIME: readonly Case[] = [
  {
    at: WORKFLOW_TIMEOUTS,
    says: 'the execution timeout ends a workflow that waits, as timed out',
    options: { timeout: { total: '1d' } },
    code: async (_, ctx) => ctx.sleep('30d'),
    fails: { code: 'run-timed-out', reason: 'total' },
  },
  {
    at: WORKFLOW_TIMEOUTS,
    says: 'the execution timeout counts through every continue-as-new',
    options: { timeout: { total: '5h' } },
    code: async (_, ctx) => {
      await ctx.sleep('2h')
      ctx.continueAs(null)
    },
    fails: { code: 'run-timed-out', reason: 'total' },
  },
  {
    at: WORKFLOW_TIMEOUTS,
    says: 'an execution whose time is over is closed as timed out: no code of it runs any more',
    options: { timeout: { total: '1h' } },
    code: async (_, ctx) => {
      ctx.compensate('undo', () => 1)
      await ctx.sleep('1d')
    },
    script: async (run, t) => {
      await run.result().catch(() => undefined)
      return (await t.recorded(run)).history.some(({ name }) => name === 'undo')
    },
    fails: { code: 'run-timed-out' },
    told: false,
  },
  {
    at: WORKFLOW_TIMEOUTS,
    says: 'a workflow task that takes too long is tried again on another worker: here the node dies with it',
    code: async (_, ctx) => [await ctx.run('a', () => 1), await ctx.run('b', () => 2)],
    script: async (_, t) => {
      t.crash('after', 2)
      await t.skip('1h')
    },
    gives: [1, 2],
  },
  {
    at: WORKFLOW_TIMEOUTS,
    says: 'for something to happen after a time, a timer is what one takes, and not a timeout',
    code: async (_, ctx) => (await ctx.until(() => false, { timeout: '3d' })) || 'late',
    gives: 'late',
  },
  {
    at: ACTIVITY_TIMEOUTS,
    says: 'Start-To-Close bounds each attempt, and one that is late is tried again',
    code: async (_, ctx) => ctx.run('slow', ({ attempt }) => (attempt < 3 ? never() : attempt), { timeout: '5m' }),
    gives: 3,
  },
  {
    at: ACTIVITY_TIMEOUTS,
    says: 'the last attempt that is late rejects with a timeout',
    code: async (_, ctx) => ctx.run('slow', never, { timeout: '5m', retry: { attempts: 2 } }).catch(({ name }: Error) => name),
    gives: 'StepTimedOut',
  },
  {
    at: ACTIVITY_TIMEOUTS,
    says: 'Schedule-To-Start bounds how long it stands in a queue: here of a child that nobody serves',
    code: async (_, ctx) =>
      ctx
        .call(
          job('served', async () => 1),
          undefined,
          { queue: 'nobody', expires: '10m' },
        )
        .catch(({ code, reason }: { code: string; reason: string }) => [code, reason]),
    with: [job('served', async () => 1)],
    options: { queue: 'default' },
    script: async (_, t) => {
      await t.client.call('queues.pause', { name: 'nobody' }, {})
      await t.skip('11m')
    },
    gives: ['run-timed-out', 'expired'],
  },
  {
    at: ACTIVITY_TIMEOUTS,
    says: 'Schedule-To-Close bounds all attempts together: here of a child',
    with: [job('broken', async () => 1)],
    code: async (_, ctx) =>
      ctx
        .call(
          job('broken', async () => 1),
          undefined,
          { queue: 'nobody', timeout: { total: '2h' } },
        )
        .catch(({ code, reason }: { code: string; reason: string }) => [code, reason]),
    script: async (_, t) => {
      await t.client.call('queues.pause', { name: 'nobody' }, {})
      await t.skip('3h')
    },
    gives: ['run-timed-out', 'total'],
  },
  {
    at: WORKFLOW_TIMEOUTS,
    says: 'a child whose own time is over is an error in its parent',
    with: [slow],
    code: async (_, ctx) => ctx.call(slow).catch(({ code }: { code: string }) => code),
    gives: 'run-timed-out',
  },
  {
    at: ACTIVITY_TIMEOUTS,
    says: 'attempts are unlimited unless a policy says otherwise',
    differs: 'ten, as of jobs: what fails for ever is to be seen; with `exhausted: "park"` it waits for a person',
    code: async (_, ctx) => ctx.run('fails', fails).catch(({ message }: Error) => message),
    script: attemptsOfEnded,
    gives: 'no',
    told: 10,
  },
  {
    at: RESTATE,
    says: 'a terminal error is not retried, and goes to the caller, who can catch it',
    code: async (_, ctx) => ctx.run('stop', () => Promise.reject(new Abort('never'))).catch(({ message }: Error) => message),
    script: attemptsOfEnded,
    gives: 'never',
    told: 1,
  },
  {
    at: RESTATE,
    says: 'an error that is not terminal, thrown by the handler itself, retries the invocation',
    differs: 'what the function throws fails the run: steps are retried, code that decides is not, since it would decide the same again',
    code: async () => Promise.reject(new TypeError('no')),
    fails: { code: 'run-failed', reason: 'threw' },
  },
  {
    at: RESTATE,
    says: 'a run block whose retries are used up throws into the handler',
    code: async (_, ctx) => ctx.run('fails', fails, { retry: { attempts: 3, initial: '1m' } }).catch(({ message }: Error) => message),
    script: attemptsOfEnded,
    gives: 'no',
    told: 3,
  },
  {
    at: DBOS,
    says: 'a sleep is durable: it wakes at the time that was set first, however often the process restarts',
    code: async (_, ctx) => {
      const began = ctx.now().getTime()
      await ctx.sleep('10d')
      return Math.round((ctx.now().getTime() - began) / 3_600_000)
    },
    script: async (_, t) => {
      await t.skip('4d')
      t.crash('after')
      await t.skip('4d')
    },
    gives: 240,
  },
  {
    at: DBOS,
    says: 'a workflow timeout is durable, and cancels its children',
    options: { timeout: { total: '1d' } },
    with: [long],
    code: async (_, ctx) => ctx.call(long),
    script: async (_, t) => {
      await t.skip('23h')
      t.crash('after')
      await t.skip('2h')
      return stateOf(t, 'long')
    },
    fails: { code: 'run-timed-out', reason: 'total' },
    told: 'cancelled',
  },
  {
    at: DBOS,
    says: 'a step that has completed is not executed again when the workflow recovers',
    code: async (_, ctx) => {
      const key = await ctx.run('once', step => step.key)
      await ctx.sleep('1d')
      return key.endsWith('/1')
    },
    script: async (run, t) => {
      await t.skip('1h')
      t.crash('after')
      await run.result()
      return (await t.recorded(run)).history.filter(({ is, name }) => is === 'step_completed' && name === 'once').length
    },
    gives: true,
    told: 1,
  },
  {
    at: DBOS,
    says: 'a step is tried once unless retries are allowed',
    differs: 'ten times, as jobs are; `retry: { attempts: 1 }` is at most once',
    code: async (_, ctx) => ctx.run('second', ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('no')) : attempt)),
    gives: 2,
  },
  {
    at: DBOS,
    says: 'one workflow ID is one execution: the second start gives the first one',
    code: async (_, ctx) => ctx.waitFor('go'),
    script: async (run, t) => {
      const flow = workflow('flow', async () => 1)
      const first = await t.client.start(flow, undefined, { key: 'order-17' })
      const second = await t.client.start(flow, undefined, { key: 'order-17' })
      await run.signal('go', 'end')
      return [first.id === second.id, first.id === run.id]
    },
    gives: 'end',
    told: [true, false],
  },
  {
    at: INNGEST,
    says: 'each step has its own counter of attempts',
    code: async (_, ctx) => {
      const second = ({ attempt }: { attempt: number }) => (attempt < 2 ? Promise.reject(new Error('no')) : attempt)
      return [await ctx.run('a', second, { retry: { attempts: 2 } }), await ctx.run('b', second, { retry: { attempts: 2 } })]
    },
    gives: [2, 2],
  },
  {
    at: INNGEST,
    says: 'a failed step can be caught, and another run in its place',
    code: async (_, ctx) => ctx.run('a', fails, { retry: { attempts: 1 } }).catch(() => ctx.run('b', () => 'instead')),
    gives: 'instead',
  },
  {
    at: INNGEST,
    says: 'a failed step that nobody catches fails the run',
    code: async (_, ctx) => ctx.run('a', fails, { retry: { attempts: 2 } }),
    fails: { code: 'run-failed', reason: 'threw', message: expectText(/no/) },
  },
  {
    at: STOPS,
    says: 'a non-retriable error ends the trying of its step, and the function may catch it',
    code: async (_, ctx) => ctx.run('a', () => Promise.reject(new Abort('gone'))).catch(({ message }: Error) => `caught ${message}`),
    gives: 'caught gone',
  },
  {
    at: ANEW,
    says: 'continue-as-new keeps the id, and begins with a fresh history and the input that is given',
    input: 1,
    code: async (n: number, ctx) => {
      if (n < 3) ctx.continueAs(n + 1)
      return [n, await ctx.run('first', ({ key }) => key.endsWith('/1'))]
    },
    gives: [3, true],
  },
  {
    at: ANEW,
    says: 'signals that were not handled are lost unless they are handled before it continues',
    differs: 'those that nobody took go along, in their order',
    input: 1,
    code: async (n: number, ctx): Promise<unknown> => {
      if (n === 1) {
        await ctx.sleep('1h')
        ctx.continueAs(2)
      }
      return [await ctx.waitFor('go'), await ctx.waitFor('go')]
    },
    script: async run => {
      await run.signal('go', 'a')
      await run.signal('go', 'b')
    },
    gives: ['a', 'b'],
  },
  {
    at: ANEW,
    says: 'a signal that comes after it has begun anew reaches the new code',
    input: 1,
    code: async (n: number, ctx): Promise<unknown> => {
      if (n === 1) ctx.continueAs(2)
      return ctx.waitFor('go')
    },
    script: async (run, t) => {
      await t.skip('1h')
      await run.signal('go', 'late')
    },
    gives: 'late',
  },
  {
    at: CHILDREN,
    says: 'to its parent, a child that continues as new is one execution: the whole chain',
    with: [
      workflow('rounds', async (n: number, ctx): Promise<number> => {
        if (n < 3) ctx.continueAs(n + 1)
        return n
      }),
    ],
    code: async (_, ctx) =>
      ctx.call(
        job('rounds', async (n: number) => n),
        1,
      ),
    gives: 3,
  },
]

function expectText(pattern: RegExp): unknown {
  return { asymmetricMatch: (text: unknown) => typeof text === 'string' && pattern.test(text), toString: () => String(pattern) }
}
