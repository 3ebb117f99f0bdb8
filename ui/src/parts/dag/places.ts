/** Where a node stands, in its group if it is in one, in pixels. */
export interface Placed {
  x: number
  y: number
  width: number
  height: number
}

export const NODE_WIDTH = 192
export const NODE_HEIGHT = 48
export const NODE_GAP = 16
export const RANK_GAP = 48
