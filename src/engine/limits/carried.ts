import type { BorrowedCarried } from './borrowing.ts'
import type { LentCarried } from './lending.ts'

/** What of limits is in no row and others rely on, while memory is made anew under the same claim (E14). */
export type LimitsCarried = BorrowedCarried & LentCarried

export const NOTHING_CARRIED: LimitsCarried = { calls: 0, out: [], lent: [], heard: [] }
