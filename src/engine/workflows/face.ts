import type { WorkerId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'

/** The versions of a workflow's code: which of them new work goes to, and which open runs still need. */
export interface VersionCalls {
  /** @throws UserError `unknown-definition` */
  get(namespace: string, name: string): Promise<VersionsView>
  /**
   * From now on so many per cent of the runs, of new ones and of open ones that go on, go to this version, and the others to the current one. The same runs as
   * long as the share only grows. 100: it is the current one; 0: it gets none. `version`: whole, or an unambiguous beginning of a hash.
   * @throws UserError `unknown-definition`, `unknown-version`, `not-a-workflow`
   */
  ramp(namespace: string, name: string, ramp: { version: string; percent: number }, by: string | null): Promise<void>
  /** Nothing goes to the ramping version any more; where none is, the version before the current one is current again. @throws UserError `nothing-to-roll-back` */
  rollback(namespace: string, name: string, by: string | null): Promise<void>
}

export interface VersionsView {
  /** Current and ramping first, then newest first: 50 at most. */
  versions: VersionView[]
  /** Open runs whose code nobody has begun. */
  unbegun: number
  /** There are more open runs than were counted. */
  more: boolean
  /** Who has ramped or rolled back last, and when; null: nobody, and any version that is served gets work. */
  set: { by: string | null; since: Instant } | null
}

/** current: gets what no other does · ramping: gets a share · draining: open runs are left that it began · drained: none are. */
export type VersionState = 'current' | 'ramping' | 'draining' | 'drained'
export interface VersionView {
  version: string
  state: VersionState
  /** Of new work; null: it is not shared out. */
  percent: number | null
  /** Open runs that it took as far as they are. */
  open: number
  registeredAt: Instant
  /** Those that serve it now: the first 20. */
  workers: { id: WorkerId; name: string }[]
}
