import type { RunId } from './ids.ts'
import type { Instant } from './time.ts'

/**
 * What became of a nominal time (P4).
 * - `intended`: its run is asked for, or waits in the buffer of the schedule; the answer makes it one of the others (E13).
 * - `fired`: its run exists. `recovered`: the same, but later than it should have been (catch-up).
 * - `refused`: its run could not start, and `why` says so.
 * - `skipped`: by the overlap policy or the catch-up policy. `excluded`, `blacked_out`: by a calendar, by a blackout. `paused`: the schedule was.
 */
export const ACCOUNTS = ['intended', 'fired', 'recovered', 'refused', 'skipped', 'excluded', 'blacked_out', 'paused'] as const
export type Account = (typeof ACCOUNTS)[number]

/** What made an entry: time itself, a person's trigger, a backfill, or events of assets. Only those of `time` tile the life of a schedule. */
export type LedgerSource = 'time' | 'trigger' | 'backfill' | 'asset'

/** A line of a schedule's ledger: one nominal time, or a stretch of them that share an account. */
export interface LedgerEntry {
  /** Dense within the schedule, from 0. A later entry of the same number replaces the earlier. */
  n: number
  source: LedgerSource
  /** The first nominal time, and the last: the same unless `count` is more than 1. */
  at: Instant
  until: Instant
  count: number
  account: Account
  run: RunId | null
  /** How much later than it should have (jitter included) it was asked for, in ms; null: it never was. */
  lateMs: number | null
  /** A stable code, such as `overlap`, `catch-up-window`, `unknown-definition`. */
  why: string | null
  /** Who or what: a calendar's name, a person's note, a definition. */
  note: string | null
  accountedAt: Instant
}
