import { LEDGER_RETENTION_MS_DEFAULT, RETENTION_MS_DEFAULT } from '../core/options.ts'
import type { Reads } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { Collected, RetentionCalls } from './face.ts'
import { RETENTION_SETTING, type RetentionSet, type Settings } from './settings.ts'

/** Closed runs that a preview counts. */
const COUNTED_MAX = 100_000

export interface RetentionDesk {
  settings: Settings
  clock: Clock
  read: Pick<Reads, 'expired'>
  available<T>(read: Promise<T>): Promise<T>
  putSetting(kind: string, namespace: string, name: string, value: string | null): Promise<void>
  collect(): Promise<Collected>
}

export function retentionCalls({ settings, clock, read, available, putSetting, collect }: RetentionDesk): RetentionCalls {
  return {
    get(namespace) {
      const set = settings.retentionOf(namespace)
      return {
        runsMs: set?.runsMs ?? RETENTION_MS_DEFAULT,
        ledgerMs: set?.ledgerMs ?? LEDGER_RETENTION_MS_DEFAULT,
        set: set && { by: set.by, since: set.since },
      }
    },
    async set(namespace, retention, by) {
      const value = retention && JSON.stringify({ ...settings.retentionOf(namespace), ...retention, by, since: clock.now() } satisfies RetentionSet)
      await putSetting(RETENTION_SETTING, namespace, '', value)
    },
    async preview() {
      const days = await available(read.expired(clock.now(), COUNTED_MAX))
      return { days, more: days.reduce((sum, { count }) => sum + count, 0) >= COUNTED_MAX }
    },
    // Batch after batch, each with its own answer: it may take long, and the store answers all the while.
    collect: () => collect().catch((error: unknown) => available(Promise.reject(error))),
  }
}
