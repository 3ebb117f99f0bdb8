import { type Read, specialOf } from './form.ts'
import { durationOf } from './options.ts'

/** What a deadline counts from (Airflow 3.1, `DeadlineReference`); its logical date is the time that a run is for. */
const FROM: Readonly<Record<string, string | undefined>> = { DAGRUN_LOGICAL_DATE: 'nominal', DAGRUN_QUEUED_AT: 'queued' }

type Told = (code: string, what: string, hint: string) => void

/** `deadline=DeadlineAlert(…)`, or several in a list. The callback is code of Airflow's own: who is told is for a person to say. */
export function deadlinesOf(said: Read | undefined, told: Told): { from: string; within: string }[] {
  if (said === undefined || said === null) return []
  const found = (Array.isArray(said) ? said : [said]).map(deadlineOf)
  if (found.includes(null))
    told(
      'deadline',
      'a deadline of the DAG is not translated: from what it counts, or how long, is not one of ours',
      '`deadlines` of the DAG (docs/dags.md)',
    )
  const known = found.filter(one => one !== null)
  if (known.length > 0)
    told(
      'deadline-callback',
      'what the deadline calls is not translated',
      'name a `job` in `deadlines`, or who is told in `notify` (docs/notifications.md)',
    )
  return known
}

function deadlineOf(said: Read): { from: string; within: string } | null {
  const alert = specialOf(said)
  if (alert?.$ !== 'thing' || alert.kind !== 'DeadlineAlert') return null
  const [reference = alert.options.reference, interval = alert.options.interval] = alert.arguments
  const symbol = specialOf(reference)
  const from = symbol?.$ === 'symbol' ? FROM[symbol.path.split('.').at(-1) as string] : undefined
  const within = durationOf(interval)
  return from === undefined || within === null ? null : { from, within }
}
