import { durationText } from '../../core/duration-text.ts'
import { expressionOf } from './assets.ts'
import { type Read, type ReadDag, specialOf } from './form.ts'

type Told = (level: 'todo' | 'info', code: string, what: string, hint: string) => void

const PRESETS: Readonly<Record<string, string | undefined>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@quarterly': '0 0 1 */3 *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}

/** The schedule of a DAG, without its target; null where it has none, or none that is known. */
export function scheduleOf(dag: ReadDag, airflow3: boolean, told: Told): Record<string, unknown> | null {
  const { options } = dag
  const times = timesOf(dag, airflow3, told)
  if (times === null) return null
  if (times.assets !== undefined && times.cron === undefined && times.every === undefined) return { assets: times.assets, overlap: 'allow' }
  const start = specialOf(options.start_date)
  const end = specialOf(options.end_date)
  const zone = times.timezone ?? (start?.$ === 'moment' ? start.zone : null)
  const catchup = typeof options.catchup === 'boolean' ? options.catchup : !airflow3
  if (catchup)
    told(
      'info',
      'catchup',
      'times before the schedule is made here are not caught up by themselves',
      `for those: mainspring backfill start ${dag.id}`,
    )
  return {
    ...times,
    ...(zone !== null && zone !== undefined && { timezone: zone }),
    ...(start?.$ === 'moment' && times.every === undefined && { start: start.iso }),
    ...(end?.$ === 'moment' && { end: end.iso }),
    catchup: catchup ? 'all' : 'latest',
    // How many of them are active at once, the DAG says.
    overlap: 'allow',
  }
}

interface Times {
  cron?: string | string[]
  every?: unknown
  at?: string
  timezone?: string | null
  assets?: unknown
}

function timesOf(dag: ReadDag, airflow3: boolean, told: Told): Times | null {
  const { options } = dag
  const said = options.schedule ?? options.schedule_interval ?? options.timetable
  if (said === undefined) {
    if (airflow3 || 'schedule' in options || 'schedule_interval' in options) return null
    told('info', 'default-schedule', 'without a schedule Airflow 2 runs it every day, and so do we', 'take the schedule out if that was not meant')
    return { cron: '0 0 * * *' }
  }
  if (said === null) return null
  const special = specialOf(said)
  if (special?.$ === 'duration' && special.seconds >= 1) return everyOf(special.seconds, dag)
  if (special?.$ === 'thing') return timetableOf(special, dag, told)
  if (typeof said === 'string') return textOf(said, dag, told)
  if (Array.isArray(said) && said.length > 0) return onAssets(said, told)
  told(
    'todo',
    'schedule',
    `the schedule${special && 'text' in special ? ` \`${special.text}\`` : ''} is not translated`,
    'write it in `schedules:` (docs/timetables.md)',
  )
  return null
}

function everyOf(seconds: number, dag: ReadDag): Times {
  const start = specialOf(dag.options.start_date)
  const every = durationText(Math.round(seconds * 1000))
  return { every: start?.$ === 'moment' ? { every, anchor: start.iso } : every }
}

function textOf(text: string, dag: ReadDag, told: Told): Times | null {
  if (text === '@once') {
    told('info', 'once', 'its only time, that at which it was turned on, is over', `once more: mainspring start ${dag.id}`)
    return null
  }
  if (text === '@continuous') {
    told('todo', 'continuous', '@continuous is not translated', 'a last task that starts the next run, or `every:` a short time with `overlap: skip`')
    return null
  }
  return { cron: PRESETS[text] ?? text }
}

function timetableOf(
  { kind, arguments: given, options }: { kind: string; arguments: Read[]; options: Record<string, Read> },
  dag: ReadDag,
  told: Told,
): Times | null {
  const first = given[0] ?? options.cron ?? options.delta
  const zone = options.timezone ?? options.tz
  const timezone = typeof zone === 'string' ? { timezone: zone } : {}
  if (kind.startsWith('Cron') && kind.endsWith('Timetable') && typeof first === 'string') return { cron: PRESETS[first] ?? first, ...timezone }
  if (kind === 'MultipleCronTriggerTimetable' && given.every(one => typeof one === 'string')) return { cron: given as string[], ...timezone }
  const delta = specialOf(first)
  if (kind.startsWith('Delta') && delta?.$ === 'duration') return everyOf(delta.seconds, dag)
  if (kind.endsWith('OrTimeSchedule')) {
    const timetable = specialOf(options.timetable)
    const assets = onAssets(options.assets ?? options.datasets, told)
    return { ...(timetable?.$ === 'thing' ? timetableOf(timetable, dag, told) : null), ...assets }
  }
  if (/^(?:Asset|Dataset|any$|all$)/.test(kind)) return onAssets({ $: 'thing', kind, arguments: given, options } as Read, told)
  if (kind === 'PartitionedAtRuntime') return null
  // One asset, whose partitions are taken as they are: a run for each event, and for its partition.
  const one = kind === 'PartitionedAssetTimetable' ? expressionOf(options.assets ?? given[0]) : null
  if (typeof one === 'string' && Object.keys(options).every(name => name === 'assets')) return { assets: [one] }
  told('todo', 'schedule', `the timetable ${kind} is not translated`, 'write it in `schedules:` (docs/timetables.md)')
  return null
}

function onAssets(said: Read | undefined, told: Told): Times | null {
  const assets = expressionOf(said)
  if (assets !== null) return { assets }
  told('todo', 'assets', 'what this schedule waits for is not known from the text', 'write it in `schedules:`, as `assets:` (docs/assets.md)')
  return null
}
