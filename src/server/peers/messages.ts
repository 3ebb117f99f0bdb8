import { type Case, refusal } from './case.ts'

const TEMPORAL = 'https://docs.temporal.io/develop/typescript/message-passing'
const HANDLING = 'https://docs.temporal.io/handling-messages'
const SENDING = 'https://docs.temporal.io/encyclopedia/application-message-passing'
const RESTATE = 'https://docs.restate.dev/develop/ts/awakeables'
const PROMISE = 'https://docs.restate.dev/javadocs/dev/restate/sdk/DurablePromise'
const DBOS = 'https://docs.dbos.dev/typescript/tutorials/workflow-communication'
const INNGEST = 'https://www.inngest.com/docs/durable-execution/primitives/step-waitforevent'

/** Signals, updates, queries and promises from outside: before, between, after, and twice. */
export const MESSAGES: readonly Case[] = [
  {
    at: SENDING,
    says: 'a signal that is answered is persisted, and reaches code that has not begun yet',
    code: async (_, ctx) => ctx.waitFor('go'),
    script: (run, t) => run.signal('go', 'early').then(() => t.settle()),
    gives: 'early',
  },
  {
    at: SENDING,
    says: 'signals are delivered in the order in which the service received them',
    code: async (_, ctx) => [await ctx.waitFor('go'), await ctx.waitFor('go'), await ctx.waitFor('go')],
    script: async run => {
      for (const n of [1, 2, 3]) await run.signal('go', n)
    },
    gives: [1, 2, 3],
  },
  {
    at: SENDING,
    says: 'a signal to an execution that is closed is an error',
    code: async () => 1,
    script: async run => {
      await run.result()
      return refusal(run.signal('go'))
    },
    gives: 1,
    told: 'run-closed',
  },
  {
    at: SENDING,
    says: 'a signal is delivered at least once: code must tell doubles apart',
    differs: 'a repeat of a call (the same Idempotency-Key) is known for 24 hours and changes nothing, so that code need not',
    code: async (_, ctx) => [await ctx.waitFor('go'), (await ctx.waitFor('go', { timeout: '1h' })) ?? 'no second'],
    script: async (run, t) => {
      const send = () => t.client.call('runs.signal', { run: run.id, name: 'go' }, { payload: 1 }, { callKey: 'k1' })
      await send()
      await send()
    },
    gives: [1, 'no second'],
  },
  {
    at: SENDING,
    says: 'two signals of the same content are two',
    code: async (_, ctx) => [await ctx.waitFor('go'), await ctx.waitFor('go')],
    script: async run => {
      await run.signal('go', 1)
      await run.signal('go', 1)
    },
    gives: [1, 1],
  },
  {
    at: TEMPORAL,
    says: 'a signal of a name that the code does not handle is kept, and fails nobody',
    code: async (_, ctx) => ctx.waitFor('go'),
    script: async run => {
      await run.signal('other', 1)
      await run.signal('go', 2)
    },
    gives: 2,
  },
  {
    at: DBOS,
    says: 'messages are queued by topic; each recv takes the next one of its own',
    code: async (_, ctx) => [await ctx.waitFor('b'), await ctx.waitFor('a'), await ctx.waitFor('b')],
    script: async run => {
      await run.signal('a', 1)
      await run.signal('b', 2)
      await run.signal('b', 3)
    },
    gives: [2, 1, 3],
  },
  {
    at: DBOS,
    says: 'recv gives null once its time is over',
    differs: 'it gives undefined, since null is a value that can be sent',
    code: async (_, ctx) => (await ctx.waitFor('go', { timeout: '60s' })) === undefined,
    gives: true,
  },
  {
    at: DBOS,
    says: 'recv waits for 60 seconds unless it is told otherwise',
    differs: 'without a timeout it waits for ever: a run that waits costs nothing, and explain says what for',
    code: async (_, ctx) => ctx.waitFor('go'),
    script: async (run, t) => {
      await t.skip('365d')
      await run.signal('go', 'a year later')
    },
    gives: 'a year later',
  },
  {
    at: DBOS,
    says: 'an event that a workflow publishes is read by clients, the newest value, also once it has ended',
    code: async (_, ctx) => {
      ctx.state = { status: 'paid' }
      await ctx.waitFor('go')
      ctx.state = { status: 'sent' }
    },
    script: async (run, t) => {
      await t.settle()
      const before = (await run.get()).workflow?.state
      await run.signal('go')
      await run.result()
      return [before, (await run.get()).workflow?.state]
    },
    gives: undefined,
    told: [{ status: 'paid' }, { status: 'sent' }],
  },
  {
    at: INNGEST,
    says: 'waitForEvent gives null once its time is over, and the run goes on',
    differs: 'undefined, as above',
    code: async (_, ctx) => [await ctx.run('a', () => 1), (await ctx.waitFor('go', { timeout: '7d' })) ?? 'none', await ctx.run('b', () => 2)],
    gives: [1, 'none', 2],
  },
  {
    at: INNGEST,
    says: 'an event counts from the moment at which the wait begins: one that came before is not seen',
    differs: 'a signal is sent to one run and kept for it, so that a fast answer is not lost',
    code: async (_, ctx) => {
      await ctx.sleep('1h')
      return ctx.waitFor('go', { timeout: '1m' })
    },
    script: async run => run.signal('go', 'before the wait'),
    gives: 'before the wait',
  },
  {
    at: INNGEST,
    says: 'one event can resume several waits',
    differs: 'a signal is taken once: of two waits the older has it, the other has the next',
    code: async (_, ctx) => Promise.all([ctx.waitFor('go'), ctx.waitFor('go', { timeout: '1d' })]).then(all => all.map(one => one ?? 'none')),
    script: async (run, t) => {
      await t.settle()
      await run.signal('go', 1)
    },
    gives: [1, 'none'],
  },
  {
    at: RESTATE,
    says: 'an awakeable is completed with a payload by whoever has its id',
    code: async (_, ctx) => {
      const { token, result } = await ctx.promise('hook')
      ctx.state = token
      return result
    },
    script: async (run, t) => {
      await t.settle()
      await t.client.promises.resolve(String((await run.get()).workflow?.state), { paid: true })
    },
    gives: { paid: true },
  },
  {
    at: RESTATE,
    says: 'an awakeable that is rejected throws its reason into the handler',
    code: async (_, ctx) => {
      const { token, result } = await ctx.promise('hook')
      ctx.state = token
      return result.catch((error: Error) => `caught: ${error.message}`)
    },
    script: async (run, t) => {
      await t.settle()
      await t.client.promises.reject(String((await run.get()).workflow?.state), 'not this year')
    },
    gives: 'caught: not this year',
  },
  {
    at: PROMISE,
    says: 'a durable promise is resolved once; a second time is an error',
    code: async (_, ctx) => {
      const { token, result } = await ctx.promise('hook')
      ctx.state = token
      return [await result, await ctx.waitFor('end')]
    },
    script: async (run, t) => {
      await t.settle()
      const token = String((await run.get()).workflow?.state)
      await t.client.promises.resolve(token, 1)
      const second = await refusal(t.client.promises.resolve(token, 2))
      await run.signal('end', 'end')
      return second
    },
    gives: [1, 'end'],
    told: 'promise-not-found',
  },
  {
    at: PROMISE,
    says: 'a durable promise is resolved only while its workflow runs',
    code: async (_, ctx) => {
      const { token } = await ctx.promise('hook')
      ctx.state = token
    },
    script: async (run, t) => {
      await run.result()
      return refusal(t.client.promises.resolve(String((await run.get()).workflow?.state), 1))
    },
    gives: undefined,
    told: 'promise-not-found',
  },
  {
    at: TEMPORAL,
    says: 'an update has a result, which its sender is given',
    code: async (_, ctx) => {
      let total = 0
      ctx.onUpdate('add', (n: number) => (total += n))
      await ctx.until(() => total >= 5)
      return total
    },
    script: async run => [await run.update('add', 2), await run.update('add', 3)],
    gives: 5,
    told: [2, 5],
  },
  {
    at: TEMPORAL,
    says: 'a validator refuses an update before it is accepted, and nothing of it is in the history',
    code: async (_, ctx) => {
      let total = 0
      ctx.onUpdate('add', (n: number) => (total += n), {
        validate: n => {
          if (n < 0) throw new Error('no')
        },
      })
      await ctx.waitFor('end')
      return total
    },
    script: async (run, t) => {
      const refused = await refusal(run.update('add', -1))
      const { history } = await t.recorded(run)
      await run.signal('end')
      return [refused, history.some(({ is }) => is.startsWith('update'))]
    },
    gives: 0,
    told: ['update-rejected', false],
  },
  {
    at: TEMPORAL,
    says: 'an error that an update handler throws fails the update, and not the workflow',
    code: async (_, ctx) => {
      ctx.onUpdate('fail', () => {
        throw new RangeError('no')
      })
      return ctx.waitFor('end')
    },
    script: async run => {
      const failed = await run.update('fail').catch((error: Error) => error.name)
      await run.signal('end', 'goes on')
      return failed
    },
    gives: 'goes on',
    told: 'RangeError',
  },
  {
    at: HANDLING,
    says: 'an error of another type in an update handler fails the workflow task, which is tried again until the code is mended',
    differs: 'any error fails its update alone: whoever sent it is told what it is, and the run serves the others',
    code: async (_, ctx) => {
      ctx.onUpdate('fail', () => (undefined as unknown as { x: number }).x)
      return ctx.waitFor('end')
    },
    script: async run => {
      const failed = await run.update('fail').catch((error: Error) => error.name)
      await run.signal('end', 'goes on')
      return failed
    },
    gives: 'goes on',
    told: 'TypeError',
  },
  {
    at: TEMPORAL,
    says: 'an update of the same id is one, and answers the same',
    code: async (_, ctx) => {
      let total = 0
      ctx.onUpdate('add', (n: number) => (total += n))
      await ctx.waitFor('end')
      return total
    },
    script: async run => {
      const answers = [await run.update('add', 2, { id: 'u1' }), await run.update('add', 2, { id: 'u1' })]
      await run.signal('end')
      return answers
    },
    gives: 2,
    told: [2, 2],
  },
  {
    at: TEMPORAL,
    says: 'an update to a closed workflow fails',
    code: async (_, ctx) => ctx.onUpdate('add', () => 1),
    script: async run => {
      await run.result()
      return refusal(run.update('add'))
    },
    gives: undefined,
    told: 'run-closed',
  },
  {
    at: HANDLING,
    says: 'handlers of one workflow may interleave where they await',
    code: async (_, ctx) => {
      const seen: string[] = []
      ctx.onUpdate('say', async (name: string) => {
        seen.push(`${name} begins`)
        await ctx.sleep('1m')
        seen.push(`${name} ends`)
      })
      await ctx.until(() => seen.length === 4)
      return seen
    },
    script: async run => Promise.all([run.update('say', 'a'), run.update('say', 'b')]).then(() => undefined),
    gives: ['a begins', 'b begins', 'a ends', 'b ends'],
  },
  {
    at: HANDLING,
    says: 'a workflow that ends before its handlers have leaves their senders without an answer, unless it waits for allHandlersFinished',
    differs: 'a run does not end before its handlers have: nobody need remember to wait',
    code: async (_, ctx) => {
      let begun = false
      ctx.onUpdate('slow', async () => {
        begun = true
        await ctx.sleep('1h')
        return 'answered'
      })
      await ctx.until(() => begun)
      return 'ended'
    },
    script: async run => run.update('slow', undefined, { timeout: '2h' }),
    gives: 'ended',
    told: 'answered',
  },
  {
    at: TEMPORAL,
    says: 'an accepted update is replayed with the rest of the history, and not answered again',
    code: async (_, ctx) => {
      let total = 0
      ctx.onUpdate('add', async (n: number) => {
        total += await ctx.run('price', () => n * 10)
        return total
      })
      await ctx.waitFor('end')
      return total
    },
    script: async (run, t) => {
      t.crash('after', 2)
      const answers = [await run.update('add', 1, { id: 'a' }), await run.update('add', 2, { id: 'b' })]
      t.crash('after')
      await run.signal('end')
      return answers
    },
    gives: 30,
    told: [10, 30],
  },
  {
    at: TEMPORAL,
    says: 'a query reads state, of a workflow that is closed too',
    code: async (_, ctx) => {
      let stage = 'new'
      ctx.onQuery('stage', () => stage)
      await ctx.run('pay', () => 1)
      stage = 'paid'
    },
    script: async run => {
      await run.result()
      return run.query('stage')
    },
    gives: undefined,
    told: 'paid',
  },
  {
    at: TEMPORAL,
    says: 'a query handler is not async, and may not ask for activities',
    code: async (_, ctx) => {
      ctx.onQuery('bad', () => ctx.run('x', () => 1))
      return ctx.waitFor('end')
    },
    script: async run => {
      const failed = await refusal(run.query('bad'))
      await run.signal('end', 'goes on')
      return failed
    },
    gives: 'goes on',
    told: 'query-failed',
  },
]
