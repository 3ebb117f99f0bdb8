import type { Schedule } from '../api/client.ts'
import { durationText } from '../format/time.ts'

export const OVERLAP_WORDS: Record<Schedule['overlap'], string> = {
  skip: 'skip the time that is due',
  allow: 'start it beside the other',
  buffer_one: 'one waits, others are skipped',
  buffer_all: 'wait in line',
  cancel_other: 'ask the other to stop, then start',
  terminate_other: 'end the other at once, then start',
}

export function catchupWords({ policy, window }: Schedule['catchup']): string {
  const old = window === null ? 'however old' : `of the last ${durationText(window)}`
  return policy === 'none' ? 'is not started' : policy === 'all' ? `each ${old} is started` : `the newest ${old} is started`
}
