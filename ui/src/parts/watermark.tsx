import type { Schedule } from '../api/client.ts'
import { RunLink } from './run-link.tsx'
import { Time } from './time.tsx'

/** How far something has come, and who said so. */
export function Watermark({ mark: { value, at, run, by } }: { mark: NonNullable<Schedule['watermark']> }) {
  return (
    <span>
      <code>{JSON.stringify(value)}</code>, <Time at={at} /> {run === null ? by !== null && `by ${by}` : <RunLink run={run} />}
    </span>
  )
}
