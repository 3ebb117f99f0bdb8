import type { ActorId } from '../core/ids.ts'
import type { AssetState } from '../machines/asset/types.ts'
import { keeperOf } from '../machines/batch/backfill.ts'
import type { BatchState } from '../machines/batch/types.ts'
import { registryOf } from '../machines/dag/announce.ts'
import type { DagState } from '../machines/dag/types.ts'
import type { WaitState } from '../machines/wait/types.ts'
import type { Actor } from './actor.ts'
import { assetId } from './assets/ids.ts'

const NOTHING: Pick<DagState['started'], 'timeline' | 'registry' | 'assets'> = {}
const NONE: readonly ActorId[] = []

/** Who is told of what an actor does, beside its parent: they are at hand when it changes, so that all of it is one commit. */
export function keepersOf({ kind, state, namespace, view }: Actor): readonly ActorId[] {
  switch (kind) {
    case 'schedule':
    case 'timeline':
    case 'memo':
      return NONE
    case 'asset':
      return (state as AssetState).consumers.map(({ id }) => id)
    case 'batch': {
      const keeper = keeperOf(state as BatchState)
      return keeper === null ? NONE : [keeper]
    }
    case 'wait': {
      const { timeline } = (state as WaitState).started
      return timeline === undefined ? NONE : [timeline]
    }
    default: {
      const { outlets } = view.options
      const started = kind === 'dag' ? (state as DagState).started : NOTHING
      const timeline = registryOf(started)
      if (outlets === undefined && timeline === null && started.assets === undefined) return NONE
      const assets = [...(outlets ?? []).map(({ asset }) => asset), ...(started.assets ?? [])].map(asset => assetId(namespace, asset))
      return timeline === null ? assets : [timeline, ...assets]
    }
  }
}
