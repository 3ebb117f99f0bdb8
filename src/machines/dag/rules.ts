import type { TriggerRule } from './spec.ts'

/** How an instance of a task has ended. */
export const ENDS = ['success', 'failed', 'skipped', 'upstream_failed', 'removed'] as const
export type TaskEnding = (typeof ENDS)[number]

/** How many of those that a task waits for have ended so. */
export type Counts = Record<TaskEnding, number>

/** What a task waits for: `total` instances, of which `counts` have ended. */
export interface Waited {
  counts: Counts
  total: number
}

export interface Before extends Waited {
  /** Of these, setups. */
  setups: Waited
  /** Setups that are further up and that the task needs; none for a teardown. */
  indirect: Waited
}

/** `run`: it may begin. `wait`: not yet, or, once all before it have ended, never. Else it has ended so. */
export type Verdict = 'run' | 'wait' | 'skipped' | 'upstream_failed'

export function noCounts(): Counts {
  return { success: 0, failed: 0, skipped: 0, upstream_failed: 0, removed: 0 }
}

/** The trigger rules of Airflow 3 (`TriggerRuleDep`): setups that a task needs come first, then its rule over those right before it. */
export function judge(rule: TriggerRule, before: Before): Verdict {
  if (before.total === 0 || rule === 'always') return 'run'
  const setups = judgeSetups(before.indirect)
  if (setups === 'upstream_failed' || setups === 'skipped') return setups
  const own = judgeRule(rule, before)
  // Whoever does not run ends so at once; who would run waits for the setups.
  return own === 'run' ? setups : own
}

function judgeSetups({ counts, total }: Waited): Verdict {
  if (counts.upstream_failed + counts.failed > 0) return 'upstream_failed'
  if (counts.skipped > 0) return 'skipped'
  return counts.success === total ? 'run' : 'wait'
}

function judgeRule(rule: TriggerRule, { counts, total, setups }: Before): Verdict {
  const { success, failed, skipped, upstream_failed: upstreamFailed } = counts
  const isDone = doneOf(counts) === total
  const hasFailed = failed + upstreamFailed > 0
  switch (rule) {
    case 'all_success':
      if (hasFailed) return 'upstream_failed'
      if (skipped > 0) return 'skipped'
      return success === total ? 'run' : 'wait'
    case 'all_failed':
      if (success + skipped > 0) return 'skipped'
      return failed + upstreamFailed === total ? 'run' : 'wait'
    case 'all_done':
      return isDone ? 'run' : 'wait'
    case 'all_done_min_one_success':
      if (skipped > 0) return 'skipped'
      if (!isDone) return 'wait'
      return success > 0 ? 'run' : 'upstream_failed'
    case 'all_done_setup_success':
      if (!isDone) return 'wait'
      if (setups.total === 0 || setups.counts.success > 0) return 'run'
      return setups.counts.skipped >= setups.total ? 'skipped' : 'upstream_failed'
    case 'all_skipped':
      if (success + failed + upstreamFailed > 0) return 'skipped'
      return skipped === total ? 'run' : 'wait'
    case 'one_success':
      if (success > 0) return 'run'
      if (!isDone) return 'wait'
      return skipped === total ? 'skipped' : 'upstream_failed'
    case 'one_failed':
      if (hasFailed) return 'run'
      return isDone ? 'skipped' : 'wait'
    case 'one_done':
      if (success + failed > 0) return 'run'
      return isDone ? 'skipped' : 'wait'
    case 'none_failed':
      if (hasFailed) return 'upstream_failed'
      return success + skipped === total ? 'run' : 'wait'
    case 'none_failed_min_one_success':
      if (hasFailed) return 'upstream_failed'
      if (skipped === total) return 'skipped'
      return success + skipped === total ? 'run' : 'wait'
    case 'none_skipped':
      if (skipped > 0) return 'skipped'
      return isDone ? 'run' : 'wait'
    case 'always':
      return 'run'
  }
}

export function doneOf({ success, failed, skipped, upstream_failed, removed }: Counts): number {
  return success + failed + skipped + upstream_failed + removed
}
