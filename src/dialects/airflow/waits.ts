import { type Read, type ReadTask, specialOf } from './form.ts'
import type { Doing } from './operators.ts'
import { durationOf } from './options.ts'
import type { TemplateFrame } from './templates.ts'
import { type Mapping, valueIn } from './values.ts'

/** Sensors for what happens here: nobody looks for it. */
export const WAITS: ReadonlySet<string> = new Set([
  'TimeDeltaSensor',
  'TimeDeltaSensorAsync',
  'DateTimeSensor',
  'DateTimeSensorAsync',
  'ExternalTaskSensor',
])

/** What of them may be another for each item. */
const MAPPED: ReadonlySet<string> = new Set(['target_time', 'external_task_id'])
type Of = (name: string) => unknown

/** A wait of the task; of Airflow are the time-out of a sensor, 7 days, and that `soft_fail` skips it. */
export function waitOf(task: ReadTask, frame: TemplateFrame, mapping: Mapping | null): Doing {
  const { operator, options } = task
  const of = (name: string): unknown => (mapping?.items.has(name) ? `{{${mapping.items.get(name)}}}` : valueIn(options[name] ?? null, frame, mapping))
  const isUnknown = mapping?.isOwn && [...mapping.items.keys()].some(name => !MAPPED.has(name))
  const wait = isUnknown
    ? null
    : operator.startsWith('TimeDelta')
      ? timeDelta(options)
      : operator.startsWith('DateTime')
        ? dateTime(of)
        : external(options, frame, of)
  if (wait === null) {
    frame.missing('wait', `what ${operator} waits for is not known from the text`, 'say it in `wait:`')
    return {}
  }
  const timeout = { timeout: durationOf(options.timeout) ?? '7d', ...(options.soft_fail === true && { onTimeout: 'skip' }) }
  return { wait: { ...wait, ...timeout } }
}

function timeDelta({ delta }: ReadTask['options']): object | null {
  const plus = durationOf(delta)
  return plus === null ? null : { until: '{{intervalEnd}}', plus }
}

function dateTime(of: Of): object | null {
  const until = of('target_time')
  return typeof until === 'string' && until !== '' ? { until } : null
}

function external(options: ReadTask['options'], frame: TemplateFrame, of: Of): object | null {
  const dag = of('external_dag_id')
  if (typeof dag !== 'string' || dag === '' || dag.includes('{{')) return null
  if (isSet(options.external_task_group_id))
    frame.missing(
      'external-task-group',
      'it waits for the whole run of the other DAG, not for a group of it',
      'name the tasks of the group in `tasks:`',
    )
  if (isSet(options.execution_date_fn))
    frame.missing('execution-date-fn', 'which time the other run is for is said by code', 'say it in `for:` or `earlier:`')
  const tasks = textsOf([of('external_task_id'), of('external_task_ids')])
  const earlier = durationOf(options.execution_delta)
  if (isSet(options.execution_delta) && earlier === null)
    frame.missing('execution-delta', 'how much earlier the other run is, is not known, or it is later', 'say its time in `for:`')
  const states = endingsOf(options.allowed_states, frame)
  const failed = endingsOf(options.failed_states, frame)
  const skipped = endingsOf(options.skipped_states, frame)
  const skips = [...new Set(options.soft_fail === true ? [...skipped, ...failed] : skipped)]
  const fails = options.soft_fail === true ? [] : failed
  return {
    dag,
    ...(earlier !== null && earlier !== '0ms' && earlier !== '0s' && { earlier }),
    ...(tasks.length > 0 && { tasks }),
    ...(states.length > 0 && states.join() !== 'success' && { states }),
    ...(fails.length > 0 && { failStates: fails }),
    ...(skips.length > 0 && { skipStates: skips }),
  }
}

const ENDINGS = ['success', 'failed', 'skipped', 'upstream_failed', 'removed']

/** `DagRunState.SUCCESS`, `State.FAILED` are read by their last word. */
function endingsOf(value: Read | undefined, frame: TemplateFrame): string[] {
  if (!isSet(value)) return []
  const named = (Array.isArray(value) ? value : [value]).map(one => {
    const special = specialOf(one as Read)
    const text =
      typeof one === 'string'
        ? one
        : special !== null && 'path' in special
          ? [special.path].flat().join('.')
          : special !== null && 'text' in special
            ? special.text
            : ''
    return text.split('.').at(-1)?.toLowerCase() ?? ''
  })
  const known = named.filter(name => ENDINGS.includes(name))
  if (known.length < named.length) frame.missing('external-states', 'not all of its states are those of a task that has ended', 'see `states:`')
  return [...new Set(known)]
}

function textsOf(values: readonly unknown[]): string[] {
  return [...new Set(values.flat().filter(one => typeof one === 'string'))]
}

function isSet(value: Read | undefined): boolean {
  return value !== undefined && value !== null
}
