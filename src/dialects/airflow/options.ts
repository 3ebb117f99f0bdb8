import { durationText } from '../../core/duration-text.ts'
import { outletsOf } from './assets.ts'
import { type Read, specialOf } from './form.ts'

type Told = (level: 'todo' | 'info', code: string, what: string, hint: string) => void

/** Options that every operator has, as ours; told what is left out. */
export function taskOptions(options: Readonly<Record<string, Read>>, told: Told): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  const retry = retryOf(options)
  if (retry !== null) found.retry = retry
  const attempt = durationOf(options.execution_timeout)
  if (attempt !== null) found.timeout = { attempt }
  if (typeof options.queue === 'string' && options.queue !== 'default') found.queue = options.queue
  const weight = options.priority_weight
  if (typeof weight === 'number' && weight !== 1) found.priority = Math.max(-PRIORITY_MAX, Math.min(PRIORITY_MAX, Math.round(weight)))
  if (isSet(options.outlets)) {
    const outlets = outletsOf(options.outlets)
    if (outlets !== null && outlets.length > 0) found.outlets = outlets
    else if (outlets === null) told('todo', 'outlets', 'what it makes is not known from the text', '`options.outlets` of the task (docs/assets.md)')
  }
  for (const [name, [level, hint]] of Object.entries(LEFT_OUT))
    if (isSet(options[name])) told(level, name.replaceAll('_', '-'), `${name} is not translated`, hint)
  return found
}

/** What a task with a job has beside its options. */
export function gatesOf(options: Readonly<Record<string, Read>>): Record<string, unknown> {
  const pool = poolOf(options)
  const slots = options.pool_slots
  const rule = ruleOf(options)
  return {
    ...(options.depends_on_past === true && { dependsOnPast: true }),
    ...(options.wait_for_downstream === true && { waitForDownstream: true }),
    ...(pool !== null && { pool }),
    ...(pool !== null && typeof slots === 'number' && slots > 1 && { poolSlots: slots }),
    ...(rule !== null && rule !== 'downstream' && { weightRule: rule }),
  }
}

/** Null: that which all have. */
export function poolOf({ pool }: Readonly<Record<string, Read>>): string | null {
  return typeof pool === 'string' && pool !== 'default_pool' ? pool : null
}

/** Its priority hangs on those of others: in Airflow on what follows, unless it says otherwise. */
export function isWeighted(options: Readonly<Record<string, Read>>): boolean {
  return (typeof options.priority_weight === 'number' && options.priority_weight !== 1) || ruleOf(options) !== null
}

/** `WeightRule.UPSTREAM` is a text as well. */
function ruleOf({ weight_rule: said }: Readonly<Record<string, Read>>): string | null {
  const special = specialOf(said)
  const text = typeof said === 'string' ? said : special?.$ === 'symbol' ? special.path : ''
  return /(?:^|\.)(absolute|downstream|upstream)$/i.exec(text)?.[1]?.toLowerCase() ?? null
}

const PRIORITY_MAX = 100
const LEFT_OUT: Readonly<Record<string, ['todo' | 'info', string]>> = {
  max_active_tis_per_dag: ['todo', 'a limit of the job: `limits: [{ concurrency: … }]`'],
  max_active_tis_per_dagrun: ['todo', 'of a mapped task: `map.concurrency`; else `maxActiveTasks` of the DAG'],
  on_failure_callback: ['todo', '`notify` of the DAG, or of the job that does it (docs/notifications.md)'],
  on_success_callback: ['todo', '`notify` of the DAG or of the job, `on: [completed]`; or a task after it'],
  on_retry_callback: ['todo', '`notify` of the job, `on: [retrying]`'],
  on_execute_callback: ['todo', 'the beginning of the handler'],
  on_skipped_callback: ['todo', 'a task after it, with `when: all_skipped`'],
  sla: ['todo', '`timeout: { total }` ends a run that is late'],
  deadline: ['todo', '`timeout: { total }` ends a run that is late'],
  email_on_failure: ['info', '`notify` of the job, with `email`'],
  email_on_retry: ['info', '`notify` of the job, with `email`, `on: [retrying]`'],
  run_as_user: ['todo', '`user` of the shell executor; a worker of its own for Python'],
  executor_config: ['todo', 'a worker with labels, and `options.labels` of the task'],
  executor: ['info', ''],
  retry_policy: ['todo', 'raise `RetryAfter` or `Abort` in the handler'],
  inlets: ['info', 'only outlets say what depends on what'],
  resources: ['todo', '`cost` of the job, and units of its workers'],
}

function isSet(value: Read | undefined): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
}

/** Airflow counts retries, we attempts; its delay is 5 minutes unless it says otherwise, and constant unless exponential. */
function retryOf(options: Readonly<Record<string, Read>>): Record<string, unknown> | null {
  const { retries } = options
  const attempts = typeof retries === 'number' ? retries + 1 : 1
  if (attempts === 1) return { attempts: 1 }
  const initial = durationOf(options.retry_delay) ?? '5m'
  const isExponential =
    options.retry_exponential_backoff === true || (typeof options.retry_exponential_backoff === 'number' && options.retry_exponential_backoff > 0)
  const maximum = durationOf(options.max_retry_delay)
  const factor = typeof options.retry_exponential_backoff === 'number' ? options.retry_exponential_backoff : 2
  return {
    attempts,
    initial,
    factor: isExponential ? factor : 1,
    ...(isExponential && { maximum: maximum ?? '1d' }),
    ...(!isExponential && { maximum: initial }),
  }
}

/** As text; null where there is none, or none that is known. Plain numbers are seconds. */
export function durationOf(value: Read | undefined): string | null {
  const special = specialOf(value)
  const seconds = special?.$ === 'duration' ? special.seconds : typeof value === 'number' ? value : null
  return seconds === null || seconds < 0 ? null : durationText(Math.round(seconds * 1000))
}
