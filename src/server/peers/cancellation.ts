import { Cancelled, CancelRequested, job, workflow } from '@mainspring/sdk'
import { type Case, stateOf } from './case.ts'

const SCOPES = 'https://docs.temporal.io/develop/typescript/workflows/cancellation-scopes'
const SCOPE = 'https://typescript.temporal.io/api/classes/workflow.CancellationScope'
const CLOSE = 'https://docs.temporal.io/parent-close-policy'
const CHILD = 'https://docs.temporal.io/develop/typescript/child-workflows'
const RESTATE = 'https://docs.restate.dev/services/invocation/managing-invocations'
const KILL = 'https://docs.restate.dev/admin-api/invocation/kill-an-invocation'
const SAGAS = 'https://docs.restate.dev/guides/sagas'
const DBOS = 'https://docs.dbos.dev/typescript/tutorials/workflow-tutorial'
const INNGEST = 'https://www.inngest.com/docs/durable-execution/guides-and-advanced/cancellation'
const CLEANUP = 'https://inngest.com/docs/examples/cleanup-after-function-cancellation'

const cancelled = { code: 'run-cancelled' }
/** Lets it come to its first wait, and cancels it. */
const cancel: NonNullable<Case['script']> = async (run, t) => {
  await t.settle()
  await run.cancel()
}

const sleeper = workflow('child', async (_: unknown, ctx) => {
  ctx.compensate('undo', () => 1)
  await ctx.sleep('30d')
  return 'slept'
})
const child = async (t: Parameters<NonNullable<Case['script']>>[1]): Promise<string | undefined> => {
  await t.settle()
  return stateOf(t, 'child')
}
/** What becomes of its child, once it has ended by itself or was cancelled. */
const endsBeforeChild: NonNullable<Case['script']> = async (run, t) => {
  await t.settle()
  await run.signal('end')
  return child(t)
}
const cancelsWithChild: NonNullable<Case['script']> = async (run, t) => {
  await cancel(run, t)
  return child(t)
}

/** Makes the leases of the environment short: a step under way hears of a cancel with a heartbeat. */
const beats = job('beats', { timeout: { heartbeat: '1m' } }, async () => 1)

/** Cancels, cleaning up, and what becomes of children. */
export const CANCELLATION: readonly Case[] = [
  {
    at: SCOPES,
    says: 'a cancel throws into whatever the code waits for, here a timer',
    code: async (_, ctx) => ctx.sleep('30d').catch((error: unknown) => error instanceof CancelRequested),
    script: cancel,
    gives: true,
  },
  {
    at: SCOPES,
    says: 'a workflow that lets the error pass is cancelled',
    code: async (_, ctx) => ctx.sleep('30d'),
    script: cancel,
    fails: cancelled,
  },
  {
    at: SCOPES,
    says: 'a workflow that catches the error and returns has completed',
    code: async (_, ctx) => ctx.waitFor('go').catch(() => 'all the same'),
    script: cancel,
    gives: 'all the same',
  },
  {
    at: SCOPES,
    says: 'clean-up in a scope that cannot be cancelled runs to its end',
    code: async (_, ctx) => {
      try {
        await ctx.sleep('30d')
      } catch (error) {
        await ctx.shielded(async () => {
          await ctx.run('clean', () => 1)
          await ctx.sleep('1h')
        })
        throw error
      }
    },
    script: cancel,
    fails: cancelled,
  },
  {
    at: SCOPE,
    says: 'in a scope that is cancelled, a further operation throws at once, unless it is asked for in a scope that cannot be cancelled',
    differs: 'a cancel interrupts once: what is awaited after it is not interrupted again, so that cleaning up needs no scope',
    code: async (_, ctx) => {
      await ctx.sleep('30d').catch(() => undefined)
      return ctx.run('clean', () => 'cleaned')
    },
    script: cancel,
    gives: 'cleaned',
  },
  {
    at: SCOPE,
    says: 'a scope that cannot be cancelled takes a request and is not cancelled: here a second cancel, in the middle of cleaning up',
    code: async (_, ctx) => {
      await ctx.sleep('30d').catch(() => undefined)
      await ctx.sleep('1h')
      return 'cleaned'
    },
    script: async (run, t) => {
      await cancel(run, t)
      await t.settle()
      await run.cancel()
    },
    gives: 'cleaned',
  },
  {
    at: SCOPES,
    says: 'a scope that cannot be cancelled shields what runs in it; the code outside of it hears of the cancel after that',
    code: async (_, ctx) => {
      const kept = await ctx.shielded(() => ctx.waitFor<string>('go'))
      return ctx.sleep('1d').then(
        () => 'not told',
        () => `${kept}, then told`,
      )
    },
    script: async (run, t) => {
      await cancel(run, t)
      await run.signal('go', 'kept')
    },
    gives: 'kept, then told',
  },
  {
    at: SCOPES,
    says: 'a timer that is cancelled in the turn that made it never fires, and the race goes to the other',
    code: async (_, ctx) =>
      ctx.scope(async scope => {
        const timer = ctx.sleep('30d')
        scope.cancel()
        return timer.catch((error: unknown) => error instanceof Cancelled)
      }),
    script: async (run, t) => {
      await run.result()
      return (await t.recorded(run)).history.filter(({ is }) => is === 'timer_set').length
    },
    gives: true,
    told: 0,
  },
  {
    at: SCOPES,
    says: 'promises that scopes give are ordinary ones, so Promise.race takes them; its loser goes on',
    code: async (_, ctx) => Promise.race([ctx.sleep('30d').then(() => 'time'), ctx.run('quick', () => 'step')]),
    gives: 'step',
  },
  {
    at: SCOPES,
    says: 'a cancel of an outer scope reaches the inner ones',
    code: async (_, ctx) =>
      ctx.scope(async outer => {
        const inner = ctx.scope(() => ctx.scope(() => ctx.waitFor('never')))
        await ctx.sleep('1h')
        outer.cancel()
        return inner.catch((error: unknown) => error instanceof Cancelled)
      }),
    gives: true,
  },
  {
    at: SCOPES,
    says: 'a cancel of a scope leaves what is beside it alone, and the run goes on',
    code: async (_, ctx) => {
      const beside = ctx.sleep('2h').then(() => 'slept')
      const cut = ctx.scope({ timeout: '1h' }, () => ctx.sleep('30d')).catch(() => 'cut')
      return [await cut, await beside]
    },
    gives: ['cut', 'slept'],
  },
  {
    at: SCOPES,
    says: 'a scope that cannot be cancelled keeps a cancel from what is in it: a step within is brought to its end, and its result is there',
    code: async (_, ctx) =>
      ctx.scope(async scope => {
        const kept = ctx.shielded(async () => {
          await ctx.sleep('1h')
          return ctx.run('get', () => 'got')
        })
        scope.cancel()
        return kept
      }),
    gives: 'got',
  },
  {
    at: SCOPES,
    says: 'several activities share one time-out: all of them are cancelled with it',
    code: async (_, ctx) => {
      const slow = ({ signal }: { signal: AbortSignal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))
      return ctx
        .scope({ timeout: '5m' }, () => Promise.all([ctx.run('one', slow), ctx.run('two', slow)]))
        .catch((error: unknown) => error instanceof Cancelled && error.timedOut)
    },
    gives: true,
  },
  {
    at: SCOPE,
    says: 'what is asked for in a scope that was cancelled throws at once, unless in one that cannot be, which is for rolling back',
    code: async (_, ctx) =>
      ctx.scope(async scope => {
        scope.cancel()
        const asked = await ctx.run('next', () => 'ran').catch((error: Error) => error.name)
        return [asked, scope.cancelled, await ctx.shielded(() => ctx.run('roll back', () => 'rolled back'))]
      }),
    gives: ['Cancelled', true, 'rolled back'],
  },
  {
    at: SCOPE,
    says: 'a child that a scope waits for is cancelled with it',
    with: [sleeper],
    code: async (_, ctx) => {
      const cut = await ctx.scope({ timeout: '1h' }, () => ctx.call(sleeper)).catch(() => 'cut')
      await ctx.sleep('1h')
      return cut
    },
    script: async (run, t) => {
      await run.result()
      return stateOf(t, 'child')
    },
    gives: 'cut',
    told: 'cancelled',
  },
  {
    at: SCOPE,
    says: 'a cancel of the run goes down to each scope',
    code: async (_, ctx) =>
      ctx.all([() => ctx.scope(() => ctx.sleep('30d')), () => ctx.waitFor('never')]).catch((error: unknown) => error instanceof CancelRequested),
    script: cancel,
    gives: true,
  },
  {
    at: SCOPES,
    says: 'a timer made and left in the same turn does not keep the workflow open',
    code: async (_, ctx) => {
      void ctx.sleep('30d')
      return ctx.run('a', () => 'done')
    },
    script: async (run, t) => {
      const began = t.now().getTime()
      await run.result()
      return t.now().getTime() - began < 86_400_000
    },
    gives: 'done',
    told: true,
  },
  {
    at: SCOPES,
    says: 'withTimeout cancels what runs in it once its time is over; here a single step by its own time-out',
    code: async (_, ctx) =>
      ctx
        .run('slow', ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))), {
          timeout: '5m',
          retry: { attempts: 1 },
        })
        .catch((error: Error) => error.message),
    gives: expectText(/took longer than 300000 ms/),
  },
  {
    at: RESTATE,
    says: 'a cancel lets the handler run its compensations, and frees what it holds',
    code: async (_, ctx) => {
      ctx.compensate('undo', () => {
        ctx.log.info('undone')
      })
      await ctx.sleep('30d')
    },
    script: async (run, t) => {
      await cancel(run, t)
      await run.result().catch(() => undefined)
      return (await t.recorded(run)).history.filter(({ is, name }) => is === 'step_completed' && name === 'undo').length
    },
    fails: cancelled,
    told: 1,
  },
  {
    at: RESTATE,
    says: 'a cancel reaches the calls that the handler waits for',
    with: [sleeper],
    code: async (_, ctx) => ctx.call(sleeper),
    script: cancelsWithChild,
    fails: cancelled,
    told: 'cancelled',
  },
  {
    at: RESTATE,
    says: 'a cancel does not reach what was sent one-way',
    with: [sleeper],
    code: async (_, ctx) => {
      await ctx.start(sleeper)
      await ctx.sleep('1d')
    },
    script: cancelsWithChild,
    fails: cancelled,
    told: 'waiting',
  },
  {
    at: RESTATE,
    says: 'an invocation that has ended cannot be cancelled',
    code: async () => 1,
    script: async run => {
      await run.result()
      return run.cancel().then(
        () => null,
        ({ code }: { code: string }) => code,
      )
    },
    gives: 1,
    told: 'run-closed',
  },
  {
    at: KILL,
    says: 'a kill ends the invocation at once, without its compensations',
    code: async (_, ctx) => {
      ctx.compensate('undo', () => 1)
      await ctx.sleep('30d')
    },
    script: async (run, t) => {
      await t.settle()
      await run.terminate()
      return (await t.recorded(run)).history.some(({ name }) => name === 'undo')
    },
    fails: { code: 'run-terminated' },
    told: false,
  },
  {
    at: SAGAS,
    says: 'compensations run in reverse, those alone that were registered',
    code: async (_, ctx) => {
      ctx.compensate('first', () => 1)
      ctx.compensate('second', () => 1)
      await ctx.run('fails', () => Promise.reject(new Error('no')), { retry: { attempts: 1 } })
      ctx.compensate('third', () => 1)
    },
    script: async (run, t) => {
      await run.result().catch(() => undefined)
      return (await t.recorded(run)).history.filter(({ is }) => is === 'step_completed').map(({ name }) => name)
    },
    fails: { code: 'run-failed', reason: 'threw' },
    told: ['second', 'first'],
  },
  {
    at: SAGAS,
    says: 'a compensation is a durable step, tried again until it succeeds',
    code: async (_, ctx) => {
      ctx.compensate('undo', ({ attempt }) => {
        if (attempt < 3) throw new Error('not yet')
      })
      throw new Error('stop')
    },
    script: async (run, t) => {
      await run.result().catch(() => undefined)
      return (await t.recorded(run)).history.filter(({ is }) => is === 'step_failed').length
    },
    fails: { reason: 'threw' },
    told: 2,
  },
  {
    at: DBOS,
    says: 'a cancel ends a workflow at the beginning of its next step, and leaves no way to clean up',
    differs: 'the code is told, and may clean up',
    code: async (_, ctx) => {
      await ctx.waitFor('go').catch(() => undefined)
      return ctx.run('next', () => 'ran')
    },
    script: cancel,
    gives: 'ran',
  },
  {
    at: INNGEST,
    says: 'a step that runs while the run is cancelled runs to its end, and no later one begins',
    with: [beats],
    code: async (_, ctx) => {
      await ctx.run('first', async ({ signal }) => {
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        return 'ended in its own way'
      })
      return ctx.run('second', () => 'ran')
    },
    script: cancel,
    fails: cancelled,
  },
  {
    at: INNGEST,
    says: 'a run that sleeps is cancelled before its next step',
    code: async (_, ctx) => {
      await ctx.sleep('30d')
      return ctx.run('next', () => 'ran')
    },
    script: async (run, t) => {
      await cancel(run, t)
      await run.result().catch(() => undefined)
      return (await t.recorded(run)).history.some(({ name }) => name === 'next')
    },
    fails: cancelled,
    told: false,
  },
  {
    at: CLEANUP,
    says: 'cleaning up after a cancel is another function, begun by an event',
    differs: 'it is in the same function: finally, catch and compensations run',
    code: async (_, ctx) => {
      try {
        await ctx.sleep('30d')
      } finally {
        await ctx.run('clean', () => 1)
      }
    },
    script: async (run, t) => {
      await cancel(run, t)
      await run.result().catch(() => undefined)
      return (await t.recorded(run)).history.some(({ is, name }) => is === 'step_completed' && name === 'clean')
    },
    fails: cancelled,
    told: true,
  },
  {
    at: CLOSE,
    says: 'Terminate ends the child at once when its parent closes',
    with: [sleeper],
    code: async (_, ctx) => {
      void ctx.call(sleeper, undefined, { parentClose: 'terminate' })
      await ctx.waitFor('end')
    },
    script: endsBeforeChild,
    gives: undefined,
    told: 'terminated',
  },
  {
    at: CLOSE,
    says: 'Terminate is the default',
    differs: 'Request Cancel is, so that a child can clean up',
    with: [sleeper],
    code: async (_, ctx) => {
      void ctx.call(sleeper)
      await ctx.waitFor('end')
    },
    script: endsBeforeChild,
    gives: undefined,
    told: 'cancelled',
  },
  {
    at: CLOSE,
    says: 'Abandon leaves the child alone',
    with: [sleeper],
    code: async (_, ctx) => {
      void ctx.call(sleeper, undefined, { parentClose: 'abandon' })
      await ctx.waitFor('end')
    },
    script: endsBeforeChild,
    gives: undefined,
    told: 'waiting',
  },
  {
    at: CLOSE,
    says: 'the policy holds for a parent that failed',
    with: [sleeper],
    code: async (_, ctx) => {
      void ctx.call(sleeper, undefined, { parentClose: 'terminate' })
      await ctx.waitFor('end')
      throw new Error('no')
    },
    script: endsBeforeChild,
    fails: { code: 'run-failed' },
    told: 'terminated',
  },
  {
    at: CLOSE,
    says: 'the policy holds for a parent whose time is over',
    options: { timeout: { total: '1d' } },
    with: [sleeper],
    code: async (_, ctx) => ctx.call(sleeper, undefined, { parentClose: 'abandon' }),
    script: async (_, t) => {
      await t.skip('25h')
      return child(t)
    },
    fails: { code: 'run-timed-out' },
    told: 'waiting',
  },
  {
    at: CLOSE,
    says: 'the policy holds for a parent that is terminated',
    with: [sleeper],
    code: async (_, ctx) => ctx.call(sleeper, undefined, { parentClose: 'terminate' }),
    script: async (run, t) => {
      await t.settle()
      await run.terminate()
      return child(t)
    },
    fails: { code: 'run-terminated' },
    told: 'terminated',
  },
  {
    at: CLOSE,
    says: 'a child of a policy of its own is out of a cancel, too',
    with: [sleeper],
    code: async (_, ctx) => ctx.call(sleeper, undefined, { parentClose: 'abandon' }),
    script: cancelsWithChild,
    fails: cancelled,
    told: 'waiting',
  },
  {
    at: CHILD,
    says: 'a child that fails is an error that the parent can catch, with its cause',
    with: [job('broken', { retry: { attempts: 1 } }, async () => Promise.reject(new RangeError('too far')))],
    code: async (_, ctx) =>
      ctx.call(job('broken', async () => 1)).catch((error: Error & { code: string }) => [error.code, (error.cause as Error).name]),
    gives: ['run-failed', 'RangeError'],
  },
  {
    at: CHILD,
    says: 'a child that is cancelled by somebody is an error in the parent, which is not cancelled itself',
    with: [sleeper],
    code: async (_, ctx) => ctx.call(sleeper).catch(({ code }: { code: string }) => code),
    script: async (_, t) => {
      await t.settle()
      const [run] = (await t.client.runs.list({ job: 'child' })).runs
      await t.client.handle(String(run?.id)).cancel()
    },
    gives: 'run-cancelled',
  },
  {
    at: CHILD,
    says: 'a child that is terminated is an error in the parent',
    with: [sleeper],
    code: async (_, ctx) => ctx.call(sleeper).catch(({ code }: { code: string }) => code),
    script: async (_, t) => {
      await t.settle()
      const [run] = (await t.client.runs.list({ job: 'child' })).runs
      await t.client.handle(String(run?.id)).terminate()
    },
    gives: 'run-terminated',
  },
  {
    at: CHILD,
    says: 'startChild resolves once the child has started, and not with its result',
    with: [sleeper],
    code: async (_, ctx) => Object.keys(await ctx.start(sleeper)),
    gives: ['id'],
  },
]

/** Compared as the expectation of a test that text matches. */
function expectText(pattern: RegExp): unknown {
  return { asymmetricMatch: (text: unknown) => typeof text === 'string' && pattern.test(text), toString: () => String(pattern) }
}
