import { UserError } from '../../core/errors.ts'
import { slotOf } from '../../core/ids.ts'
import type { Reply } from '../../core/machine.ts'
import { planOf } from '../../machines/dag/plan.ts'
import type { MemoInput, MemoState } from '../../machines/memo/types.ts'
import { stateOf } from '../codec.ts'
import type { Definitions } from '../definitions.ts'
import type { Desk } from '../desk.ts'
import type { CacheCalls } from './face.ts'
import { unknownTask } from './mark.ts'
import { memoId } from './memo.ts'

/** Results that are told at once, the newest. */
const SHOWN_MAX = 100

export function cacheCalls({ store, definitions, available, submit }: Desk): CacheCalls {
  return {
    async cache(namespace, name, task) {
      const ttlMs = checked(definitions, namespace, name, task)
      const row = await available(store.read.run(namespace, memoId(namespace, name, task)))
      const { entries, length } = row === null ? { entries: [], length: 0 } : (stateOf(row).state as MemoState)
      const shown = entries.slice(-SHOWN_MAX).reverse()
      return { definition: name, task, ttlMs, count: entries.length, length, entries: shown.map(({ key, at, run }) => ({ key, at, run })) }
    },
    uncache(namespace, name, task, { id: command, by, key }) {
      checked(definitions, namespace, name, task)
      const id = memoId(namespace, name, task)
      const input: MemoInput = { is: 'forget', command, by, ...(key !== undefined && { key }) }
      let reply: Reply | undefined
      return submit(slotOf(id), settle => ({
        ids: [id],
        bytes: 500,
        execute(transaction) {
          const known = transaction.actor(id)
          reply = known === null ? { ok: true, value: '{"forgotten":0}' } : transaction.apply(known, input)?.replies?.[0]?.reply
        },
        done: () => {
          if (reply?.ok === true) settle.resolve(JSON.parse(reply.value as string) as { forgotten: number })
          else settle.reject(new UserError('unavailable', { retryAfter: 60, hint: `what is kept of "${task}" is stuck: see the log of its node` }))
        },
        failed: settle.reject,
      }))
    },
  }
}

/** How long what it keeps counts, by the newest version. One whose task keeps nothing any more may still be thrown away. */
function checked(definitions: Definitions, namespace: string, name: string, task: string): number | null {
  const { kind, dag } = definitions.require(namespace, name, '/path/name')
  if (kind !== 'dag' || dag === undefined) throw new UserError('not-a-dag', { at: '/path/name', found: name, hint: `it is a ${kind}` })
  if (dag.tasks[task] === undefined) throw unknownTask(task, planOf(dag).ids, '/query/task')
  return dag.tasks[task].cache?.ttlMs ?? null
}
