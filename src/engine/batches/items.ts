import type { ActorId, RunId } from '../../core/ids.ts'
import type { StartRequest } from '../face.ts'

/** A job of a batch that lives elsewhere, by its sequence or its key (E9); answered with `item_answered`. */
export interface ItemLetter {
  is: 'item'
  namespace: string
  batch: ActorId
  callKey: string
  /** Its number in its call. */
  index: number
  run: RunId
  request: StartRequest
  by: string | null
}
