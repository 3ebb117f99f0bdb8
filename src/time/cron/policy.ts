import type { Cron } from './cron.ts'
import type { Policy } from './walk.ts'

/** Vixie's cron takes a change of three hours or more for a correction of the clock (cron(8), "Daylight Saving Time and other time changes"). */
const VIXIE_LIMIT_MS = 3 * 3_600_000

/** `vixie` is one of the other policies for each expression: this is where it is decided which. */
export function policyOf({ gap, fold, fields }: Pick<Cron, 'gap' | 'fold' | 'fields'>): Policy {
  const wildcard = fields.minute.star || fields.hour.star
  return {
    gap: gap !== 'vixie' ? gap : wildcard ? 'skip' : 'edge',
    fold: fold !== 'vixie' ? fold : wildcard ? 'both' : 'first',
    gapLimitMs: gap === 'vixie' ? VIXIE_LIMIT_MS : Number.POSITIVE_INFINITY,
    foldLimitMs: fold === 'vixie' ? VIXIE_LIMIT_MS : Number.POSITIVE_INFINITY,
  }
}
