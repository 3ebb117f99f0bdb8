import type { Instant } from '../time.ts'

/** Of a DAG's run: the data that it is for. */
export interface Interval {
  start: Instant
  end: Instant
  /** The time that the run is named by; of a schedule the start of its interval. */
  logicalDate: Instant
}

/**
 * The names of a run's times in templates, all in UTC. `ds` and `ts` with their kin are as Airflow writes them (its "Templates reference"):
 * `{ logical_date, interval: { start, end }, ds: '2026-11-24', ds_nodash, ts: '2026-11-24T00:00:00+00:00', ts_nodash, ts_nodash_with_tz }`.
 */
export function intervalScope({ start, end, logicalDate }: Interval): Record<string, unknown> {
  const iso = new Date(logicalDate).toISOString()
  const ds = iso.slice(0, 10)
  const dsNodash = ds.replaceAll('-', '')
  const clock = iso.slice(11, 19).replaceAll(':', '')
  const fraction = logicalDate % 1000 === 0 ? '' : `.${iso.slice(20, 23)}000`
  return {
    logical_date: iso,
    interval: { start: new Date(start).toISOString(), end: new Date(end).toISOString() },
    ds,
    ds_nodash: dsNodash,
    ts: `${iso.slice(0, 19)}${fraction}+00:00`,
    ts_nodash: `${dsNodash}T${clock}`,
    ts_nodash_with_tz: `${dsNodash}T${clock}+0000`,
  }
}
