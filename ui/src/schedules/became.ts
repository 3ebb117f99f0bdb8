import type { components } from '../api/generated.ts'

export type LedgerLine = components['schemas']['LedgerLine']
export type LedgerEntry = components['schemas']['LedgerEntry']
type Outcome = LedgerLine['outcome']

/** What became of a time, as people tell it: the account and, where a run was started, how that ended. Worst first. */
export const BECAME = [
  'failed',
  'refused',
  'missed',
  'late',
  'skipped',
  'running',
  'waiting',
  'completed',
  'cancelled',
  'paused',
  'held',
  'coming',
] as const
export type Became = (typeof BECAME)[number]

/** Later than that is told: a jitter is no lateness, and a second nobody sees. */
const LATE_MS = 60_000

export function becameOf(entry: Pick<LedgerEntry, 'account' | 'why' | 'lateMs'>, outcome: Outcome): Became {
  const { account, why, lateMs } = entry
  if (account === 'intended') return 'waiting'
  if (account === 'refused' || account === 'paused') return account
  if (account === 'excluded' || account === 'blacked_out') return 'held'
  if (account === 'skipped') return why === 'missed' || why === 'catch-up-window' || why === 'catch-up-latest' ? 'missed' : 'skipped'
  switch (outcome?.state) {
    case 'failed':
    case 'timed_out':
      return 'failed'
    case 'cancelled':
    case 'terminated':
      return 'cancelled'
    case 'completed':
    case undefined:
      return account === 'recovered' || (lateMs ?? 0) > LATE_MS ? 'late' : 'completed'
    default:
      return 'running'
  }
}

export const BECAME_WORDS: Record<Became, string> = {
  failed: 'failed',
  refused: 'refused',
  missed: 'missed',
  late: 'late, completed',
  skipped: 'skipped',
  running: 'running',
  waiting: 'waits',
  completed: 'completed',
  cancelled: 'cancelled',
  paused: 'paused',
  held: 'held by a calendar',
  coming: 'will fire',
}

/** What a person looks into. */
export const isBad = (became: Became): boolean => became === 'failed' || became === 'refused' || became === 'missed' || became === 'late'

/** `3 failed, 9 completed`: worst first. */
export function tallyText(tally: Partial<Record<Became, number>>): string {
  return BECAME.flatMap(became => (tally[became] ? [`${tally[became]} ${BECAME_WORDS[became]}`] : [])).join(', ')
}
