import { slotOf, slotOfKey } from '../core/ids.ts'
import type { Reads } from '../store/store.ts'
import { Actor } from './actor.ts'
import { assetId } from './assets/ids.ts'
import { batchId } from './batches/groups.ts'
import { memoId } from './dags/memo.ts'
import type { Definitions } from './definitions.ts'
import type { Homes, StartCall } from './face.ts'
import { scheduleId } from './schedules/view.ts'
import { homeOfRetry, slotsOf } from './starts.ts'

/** The slots of what is yet to be (E9). */
export function homesOf(definitions: Definitions, read: Reads['run']): Homes {
  return {
    starts: (namespace, call) => slotsOf(namespace, call as StartCall & { callKey: string }, definitions),
    async retry(namespace, id, input) {
      const old = await read(namespace, id)
      return old === null ? slotOf(id) : homeOfRetry(Actor.load(old), input, definitions)
    },
    schedule: (namespace, name) => slotOf(scheduleId(namespace, name)),
    asset: (namespace, name) => slotOf(assetId(namespace, name)),
    memo: (namespace, definition, task) => slotOf(memoId(namespace, definition, task)),
    batch: callKey => slotOf(batchId(callKey)),
    sequence: (namespace, definition, key) => slotOfKey(`${namespace}\n${definition}\n${key}`),
  }
}
