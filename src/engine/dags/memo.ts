import { type ActorId, callRunId } from '../../core/ids.ts'

/** Who keeps results of a task: its id follows from the names of the DAG and of the task. */
export function memoId(namespace: string, definition: string, task: string): ActorId {
  return callRunId(`memo\n${namespace}\n${definition}\n${task}`, 0)
}
