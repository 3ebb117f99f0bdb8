import { durationText } from '../../core/duration-text.ts'
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
  if (typeof weight === 'number' && weight !== 1) {
    found.priority = Math.max(-PRIORITY_MAX, Math.min(PRIORITY_MAX, Math.round(weight)))
    if (options.weight_rule !== 'absolute')
      told(
        'info',
        'weight-rule',
        'priority_weight is taken as it is: it is not added up over what follows',
        'give tasks that many wait for a higher `priority`',
      )
  }
  if (typeof options.pool === 'string' && options.pool !== 'default_pool') {
    const slots = typeof options.pool_slots === 'number' ? options.pool_slots : 1
    told(
      'todo',
      'pool',
      `pool ${JSON.stringify(options.pool)}${slots > 1 ? ` (${slots} slots)` : ''} is not translated`,
      `give the job \`limits: [{ pool: ${options.pool} }]\` (docs/limits.md)`,
    )
  }
  for (const [name, [level, hint]] of Object.entries(LEFT_OUT))
    if (isSet(options[name])) told(level, name.replaceAll('_', '-'), `${name} is not translated`, hint)
  return found
}

const PRIORITY_MAX = 100
const LEFT_OUT: Readonly<Record<string, ['todo' | 'info', string]>> = {
  depends_on_past: ['todo', 'let runs wait for each other: `overlap: buffer_all` on the schedule, or a sequence'],
  wait_for_downstream: ['todo', 'let runs wait for each other: `overlap: buffer_all` on the schedule, or a sequence'],
  max_active_tis_per_dag: ['todo', 'a limit of the job: `limits: [{ concurrency: … }]`'],
  max_active_tis_per_dagrun: ['todo', 'of a mapped task: `map.concurrency`; else `maxActiveTasks` of the DAG'],
  on_failure_callback: ['todo', '`onFailure` of the job that does it'],
  on_success_callback: ['todo', 'a task after it'],
  on_retry_callback: ['todo', 'the handler itself knows `task.attempt`'],
  on_execute_callback: ['todo', 'the beginning of the handler'],
  on_skipped_callback: ['todo', 'a task after it, with `when: all_skipped`'],
  sla: ['todo', '`timeout: { total }` ends a run that is late'],
  deadline: ['todo', '`timeout: { total }` ends a run that is late'],
  email_on_failure: ['info', '`onFailure` of the job that does it'],
  email_on_retry: ['info', ''],
  run_as_user: ['todo', '`user` of the shell executor; a worker of its own for Python'],
  executor_config: ['todo', 'a worker with labels, and `options.labels` of the task'],
  executor: ['info', ''],
  retry_policy: ['todo', 'raise `RetryAfter` or `Abort` in the handler'],
  outlets: ['info', 'assets are not kept here: start the DAG that waits for it as a last task (`job:` its name)'],
  inlets: ['info', 'assets are not kept here'],
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
