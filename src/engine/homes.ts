import { callRunId, slotOf, slotOfKey } from '../core/ids.ts'
import type { Definitions } from './definitions.ts'
import type { Homes, StartCall } from './face.ts'
import { scheduleId } from './schedules/view.ts'
import { slotsOf } from './starts.ts'

/** Where what is yet to be will live (E9). */
export function homesOf(definitions: Definitions): Homes {
  return {
    starts: (namespace, call) => slotsOf(namespace, call as StartCall & { callKey: string }, definitions),
    retry: async (_namespace, id) => slotOf(id),
    schedule: (namespace, name) => slotOf(scheduleId(namespace, name)),
    batch: callKey => slotOf(callRunId(`${callKey}:batch`, 0)),
    sequence: (namespace, definition, key) => slotOfKey(`${namespace}\n${definition}\n${key}`),
  }
}
