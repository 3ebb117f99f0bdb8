import { type ActorId, callRunId } from '../../core/ids.ts'

/** An asset's id follows from its name. */
export function assetId(namespace: string, name: string): ActorId {
  return callRunId(`asset\n${namespace}\n${name}`, 0)
}
