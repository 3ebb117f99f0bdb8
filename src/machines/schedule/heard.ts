import type { Context, Decision } from '../../core/machine.ts'
import type { AssetHappened, AssetLinked } from '../asset/types.ts'
import { tellAsset } from './assets.ts'
import { finish } from './finish.ts'
import { evolve } from './state.ts'
import type { ScheduleEvent, ScheduleState } from './types.ts'

export function assetLinked(state: ScheduleState, { asset, n, full }: AssetLinked, context: Context): Decision<ScheduleEvent> {
  const wait = state.assets?.[asset]
  if (wait === undefined || wait.linked) return { events: [] }
  return happens(state, { is: 'asset_linked', at: context.now, asset, n, ...(full && { full }) }, context)
}

export function assetHappened(state: ScheduleState, { asset, event }: AssetHappened, context: Context): Decision<ScheduleEvent> {
  const wait = state.assets?.[asset]
  if (wait === undefined || state.deletedAt !== null)
    return { events: [], messages: [tellAsset(asset, { is: 'unsubscribe', schedule: context.self }, context)] }
  if (event.n <= (wait.heard ?? 0)) return { events: [] }
  return happens(state, { is: 'asset_heard', at: context.now, asset, event, isNew: state.paused === null }, context)
}

function happens(state: ScheduleState, event: ScheduleEvent, context: Context): Decision<ScheduleEvent> {
  return finish({ state: evolve(state, event), events: [event], messages: [] }, context)
}
