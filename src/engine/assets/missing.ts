import { UserError } from '../../core/errors.ts'
import type { Instant } from '../../core/time.ts'
import { isMade } from '../../machines/asset/marks.ts'
import { partitionAt } from '../../machines/asset/partitions.ts'
import type { AssetState } from '../../machines/asset/types.ts'
import { timeBefore } from '../../machines/schedule/timetables.ts'
import type { Reads, Row } from '../../store/store.ts'
import type { Timetable } from '../../time/timetable.ts'
import { stateOf } from '../codec.ts'
import type { Definitions } from '../definitions.ts'
import { assetId } from './ids.ts'
import { outletsOfDag } from './lineage.ts'

/** Assets that a backfill looks at before each of its pages. */
const LOOKED_AT_MAX = 50

/** Those of a DAG's outlets that are cut by time: what a backfill of the missing ones looks at. @throws UserError `invalid-option`: there are none */
export async function assetsToFill(read: Pick<Reads, 'run'>, definitions: Definitions, namespace: string, dag: string): Promise<string[]> {
  const known = definitions.get(namespace, dag)
  const outlets = known?.dag === undefined ? [] : [...new Set(outletsOfDag(definitions, namespace, dag).map(({ asset }) => asset))]
  const found: string[] = []
  for (const asset of outlets.slice(0, LOOKED_AT_MAX)) {
    const state = await stateNamed(read, namespace, asset)
    if (state?.partitions !== undefined && 'every' in state.partitions) found.push(asset)
  }
  if (found.length > 0) return found
  throw new UserError('invalid-option', {
    ...{ at: '/missing', found: dag },
    hint: 'no task of this DAG makes an asset that is cut by time: name it among the outlets of one, and cut it by `mainspring asset set`',
  })
}

/** Whether all of these assets have the partitions that a run for a time would make. */
export async function madeBefore(read: Pick<Reads, 'run'>, namespace: string, assets: readonly string[], table: Timetable) {
  const states = await Promise.all(assets.map(asset => stateNamed(read, namespace, asset)))
  return (at: Instant): boolean => {
    const begins = timeBefore(table, at) ?? at
    return states.every(state => {
      const partition = state?.partitions === undefined ? null : partitionAt(state.partitions, begins)
      return state !== null && partition !== null && isMade(state, partition)
    })
  }
}

async function stateNamed(read: Pick<Reads, 'run'>, namespace: string, asset: string): Promise<AssetState | null> {
  const row: Row | null = await read.run(namespace, assetId(namespace, asset))
  return row === null ? null : (stateOf(row).state as AssetState)
}
