import { type ActorId, callRunId } from '../../core/ids.ts'

/** Who keeps the runs of a DAG in order: its id follows from the DAG's name. */
export function timelineId(namespace: string, definition: string): ActorId {
  return callRunId(`timeline\n${namespace}\n${definition}`, 0)
}
