import type { Store } from '../store/store.ts'
import type { Definitions } from './definitions.ts'
import type { Lane } from './lane.ts'
import type { World } from './transition.ts'
import type { Settle, Work } from './work.ts'

/** What calls of a kind of their own (schedules, batches) need of the engine. */
export interface Desk {
  store: Store
  world: World
  definitions: Definitions
  /** To the lane of a slot; null: to any. */
  submit<T>(slot: number | null, make: (settle: Settle<T>, lane: Pick<Lane, 'isHere'>) => Work): Promise<T>
  /** Not while a node is there that does not know all kinds of actors. @throws UserError `older-nodes` */
  knownToAll(): void
  available<T>(read: Promise<T>): Promise<T>
}
