import { APPROVALS, approvalOf } from './approvals.ts'
import type { Read, ReadTask } from './form.ts'
import { durationOf } from './options.ts'
import type { TemplateFrame } from './templates.ts'
import { type Mapping, valueIn } from './values.ts'
import { WAITS, waitOf } from './waits.ts'

export interface Doing {
  /** Absent: it does nothing, and others meet there. */
  job?: string
  approval?: object
  wait?: object
  input?: unknown
  branch?: true
  shortCircuit?: 'all' | 'direct'
  timeout?: string
}

/** What an operator is done by. `python`: by the Python worker with `--airflow`, under the name `DAG.TASK`; its input says what to call it with. */
export function doingOf(task: ReadTask, frame: TemplateFrame, mapping: Mapping | null): Doing {
  const { operator } = task
  const of = (name: string): unknown => valueIn(argument(task, name), frame, mapping)
  if (EMPTY.has(operator)) return {}
  if (APPROVALS.has(operator)) return approvalOf(task, frame)
  if (WAITS.has(operator)) return waitOf(task, frame, mapping)
  if (operator === 'BashOperator') return bash(task, frame, mapping)
  if (operator === 'task.bash') return { ...python(task, frame, mapping), job: own(frame) }
  if (operator === 'TriggerDagRunOperator' && task.options.wait_for_completion === true) return triggered(task, frame, mapping)
  const kind = PYTHON[operator]
  if (kind !== undefined) return { ...python(task, frame, mapping), ...kind(task) }
  const done = DONE_BY_WORKER[operator] ?? (operator.startsWith('class ') && task.callable !== null ? ofFile : undefined)
  if (done !== undefined) return { ...byWorker(task, frame, mapping), ...done(task) }
  const sensor = SENSORS[operator]
  if (sensor !== undefined) {
    const input = sensor(of, task, frame)
    if (input !== null) return { job: `airflow.${operator}`, input: { ...input, poke: pokeOf(task) }, ...sensorTime(task) }
  }
  frame.missing(
    'operator',
    `${operator.replace(/^class /, 'the operator ')} is not translated: the task names a job that is not there yet`,
    `write a job ${JSON.stringify(own(frame))}; it gets the operator's arguments as its input`,
  )
  return { job: own(frame), input: { ...others(task, frame, mapping), ...(mapping !== null && mappedInput(mapping)) } }
}

const EMPTY = new Set(['EmptyOperator', 'DummyOperator', 'ExternalTaskMarker'])

type Kind = (task: ReadTask) => Partial<Doing>
const plain: Kind = () => ({})
const branch: Kind = () => ({ branch: true })
const shortCircuit: Kind = ({ options }) => ({ shortCircuit: options.ignore_downstream_trigger_rules === false ? 'direct' : 'all' })
const PYTHON: Readonly<Record<string, Kind | undefined>> = {
  PythonOperator: plain,
  'task.python': plain,
  PythonVirtualenvOperator: plain,
  ExternalPythonOperator: plain,
  'task.virtualenv': plain,
  'task.external_python': plain,
  BranchPythonOperator: branch,
  'task.branch': branch,
  BranchPythonVirtualenvOperator: branch,
  BranchExternalPythonOperator: branch,
  'task.branch_virtualenv': branch,
  'task.branch_external_python': branch,
  ShortCircuitOperator: shortCircuit,
  'task.short_circuit': shortCircuit,
  PythonSensor: sensorTime,
  'task.sensor': sensorTime,
}
/** Operators that the Python worker does itself. */
const DONE_BY_WORKER: Readonly<Record<string, Kind | undefined>> = {
  BranchDateTimeOperator: branch,
  BranchDayOfWeekOperator: branch,
  LatestOnlyOperator: () => ({ shortCircuit: 'direct' }),
  TriggerDagRunOperator: plain,
  TimeSensor: sensorTime,
  TimeSensorAsync: sensorTime,
  DayOfWeekSensor: sensorTime,
}
/** An operator of the file: the worker makes it and calls what it does. */
const ofFile: Kind = task => (task.callable?.name === 'poke' ? sensorTime(task) : task.callable?.name === 'choose_branch' ? { branch: true } : {})

/** Of Airflow's context: what the worker does not have. */
const CONTEXT_LACKED = new Set('var conn macros conf inlets outlets asset_state_store'.split(' '))
/** Environments of their own: the worker has the one that it has. */
const ENVIRONMENTS = /virtualenv|external_?python/i

function python(task: ReadTask, frame: TemplateFrame, mapping: Mapping | null): Doing {
  const { callable, operator, options } = task
  if (callable === null) frame.missing('callable', 'the Python callable of this task is not known from the text', 'write a job of this name')
  if (ENVIRONMENTS.test(operator))
    frame.missing(
      'environment',
      `${operator} has an environment of its own${Array.isArray(options.requirements) ? ` (${options.requirements.join(', ')})` : ''}`,
      'install what it needs beside the Python worker, or run a worker of its own for this queue',
    )
  if (callable !== null && callable.needs.length > 0) needsAirflow(callable, frame)
  const lacked = callable?.takes.filter(name => CONTEXT_LACKED.has(name)) ?? []
  if (lacked.length > 0)
    frame.missing('context', `${callable?.name} takes ${lacked.join(', ')} of the context, which is not there`, 'take it out of the function')
  const named =
    task.operator.startsWith('task') || Object.keys(task.named).length > 0
      ? task.named
      : (argument(task, 'op_kwargs') as Record<string, Read> | undefined)
  const listed = task.arguments.length > 0 ? task.arguments : argument(task, 'op_args')
  const input: Record<string, unknown> = {}
  const args = valueIn(listed ?? [], frame, mapping)
  if (Array.isArray(args) && args.length > 0) input.args = args
  const kwargs = { ...(valueIn(named ?? {}, frame, mapping) as Record<string, unknown>), ...(mapping !== null && mappedInput(mapping)) }
  const { '**': spread, op_kwargs, op_args, ...rest } = kwargs
  if (Object.keys(rest).length > 0) input.kwargs = rest
  if (spread !== undefined) input.spread = spread
  if (op_kwargs !== undefined) input.spread = op_kwargs
  if (op_args !== undefined) input.args = op_args
  if (options.templates_dict !== undefined) input.templates_dict = valueIn(options.templates_dict, frame, mapping)
  if (callable?.context !== false || options.templates_dict !== undefined) input.context = contextOf(task, frame)
  const results = pulled(task, frame)
  if (results !== null) input.results = results
  if (callable?.pushes) input.pushes = true
  if (/[sS]ensor$/.test(operator)) input.poke = pokeOf(task)
  return { job: own(frame), ...(Object.keys(input).length > 0 && { input }) }
}

/** What the text does not say of its arguments, the worker takes from the file. */
function byWorker(task: ReadTask, frame: TemplateFrame, mapping: Mapping | null): Doing {
  const { callable, operator } = task
  const quiet = { ...frame, missing: (code: string, what: string, hint: string) => (code === 'value' ? undefined : frame.missing(code, what, hint)) }
  if (callable !== null && callable.needs.length > 0) needsAirflow(callable, frame)
  const known = Object.entries(others(task, quiet, mapping)).filter(([name, value]) => value !== null || task.options[name] === null)
  const { '**': spread, ...kwargs } = { ...Object.fromEntries(known), ...(mapping !== null && mappedInput(mapping)) } as Record<string, unknown>
  const input: Record<string, unknown> = {}
  if (Object.keys(kwargs).length > 0) input.kwargs = kwargs
  if (spread !== undefined) input.spread = spread
  input.context = contextOf(task, frame)
  const results = pulled(task, frame)
  if (results !== null) input.results = results
  if (callable?.pushes) input.pushes = true
  if (callable?.name === 'poke' || /Sensor(?:Async)?$/.test(operator)) input.poke = pokeOf(task)
  return { job: own(frame), input }
}

function needsAirflow({ name, needs }: NonNullable<ReadTask['callable']>, frame: TemplateFrame): void {
  frame.missing('needs-airflow', `${name} uses ${needs.join(', ')}`, 'install Airflow beside the worker, or take that out of the function')
}

/** The results that a callable asks for by `xcom_pull`, by task and key. */
function pulled({ callable }: ReadTask, frame: TemplateFrame): Record<string, unknown> | null {
  if (callable === null || callable.pulls.length === 0) return null
  const results: Record<string, unknown> = {}
  for (const { task } of callable.pulls) {
    // All that it pushed, whatever it is called: the worker takes the part that is asked for.
    const found = task === null ? null : frame.output(task, null, [])?.replace(/:xcom\.return_value$/, '')
    if (task === null || found === null || found === undefined)
      frame.missing(
        'xcom-pull',
        `${callable.name} asks for the result of ${task ?? 'a task that the text does not name'}`,
        'hand it over as an argument',
      )
    else results[task] = `{{${found}}}`
  }
  return results
}

function contextOf({ callable }: ReadTask, { dag, task, airflow3, params }: TemplateFrame): Record<string, unknown> {
  const at = airflow3 ? '{{nominalTime}}' : '{{intervalStart}}'
  return {
    dag,
    task,
    run: '{{run}}',
    logical_date: at,
    interval: airflow3 ? { start: at, end: at } : { start: at, end: '{{intervalEnd}}' },
    params: '{{input}}',
    ...(callable?.takes.some(name => name.startsWith('triggering_')) && { assetEvents: '{{assetEvents}}' }),
    ...(Object.keys(params).length > 0 && { defaults: params }),
  }
}

function bash(task: ReadTask, frame: TemplateFrame, mapping: Mapping | null): Doing {
  const command = mapping?.items.has('bash_command')
    ? `{{${mapping.items.get('bash_command')}}}`
    : valueIn(argument(task, 'bash_command'), frame, mapping)
  if (typeof command === 'string' && /\.(?:sh|bash)\s*$/.test(command) && !command.includes(' '))
    frame.missing('script-file', `bash_command is the name of a file whose text is a template: ${command}`, 'give the command that runs it')
  const env = mapping?.items.has('env') ? `{{${mapping.items.get('env')}}}` : valueIn(argument(task, 'env') ?? null, frame, mapping)
  if (typeof env === 'object' && env !== null) for (const [name, value] of Object.entries(env)) (env as Record<string, unknown>)[name] = asText(value)
  const cwd = valueIn(argument(task, 'cwd') ?? null, frame, mapping)
  const skip = skipOf(argument(task, 'skip_on_exit_code'), command)
  return {
    job: 'shell',
    input: { command, shell: '/bin/bash', ...(env !== null && { env }), ...(cwd !== null && { cwd }), ...(skip !== null && { skip }) },
  }
}

/** 99 unless it says otherwise: told where the command speaks of it. */
function skipOf(said: Read | undefined, command: unknown): unknown {
  if (said !== undefined) return said
  return typeof command === 'string' && /\b99\b/.test(command) ? 99 : null
}

/** A variable of an environment is a text: what is not there is an empty one. */
function asText(value: unknown): unknown {
  if (typeof value !== 'string') return value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  const [, inner] = /^\{\{([^{}]*)\}\}$/.exec(value) ?? []
  return inner === undefined ? value : `{{${inner}${/\| default\(/.test(inner) ? '' : " | default('')"} | text}}`
}

function triggered(task: ReadTask, frame: TemplateFrame, mapping: Mapping | null): Doing {
  const dag = valueIn(argument(task, 'trigger_dag_id'), frame, mapping)
  if (typeof dag !== 'string') {
    frame.missing('trigger-dag', 'which DAG is triggered is not known from the text', 'name it as `job`')
    return {}
  }
  const conf = valueIn(argument(task, 'conf') ?? null, frame, mapping)
  return { job: dag, ...(conf !== null && { input: conf }) }
}

type Take = (name: string) => unknown
const SENSORS: Readonly<Record<string, ((of: Take, task: ReadTask, frame: TemplateFrame) => Record<string, unknown> | null) | undefined>> = {
  WaitSensor: of => ({ seconds: of('time_to_wait') }),
  FileSensor: of => ({ path: of('filepath'), recursive: of('recursive') === true }),
  BashSensor: of => ({ command: of('bash_command') }),
  HttpSensor: (of, task, frame) => httpSensor(of, task, frame),
}

function httpSensor(of: Take, task: ReadTask, frame: TemplateFrame): Record<string, unknown> {
  const endpoint = of('endpoint')
  if (!/^https?:/.test(String(endpoint)))
    frame.missing(
      'connection',
      `the address of the connection ${JSON.stringify(task.options.http_conn_id ?? 'http_default')} is not in the file`,
      'put it before the endpoint in `url`',
    )
  if (task.options.response_check !== undefined)
    frame.missing('response-check', 'response_check is not translated: any answer of 2xx will do', 'write a job that looks at the answer')
  return { url: endpoint, method: of('method') ?? 'GET' }
}

function sensorTime({ options }: ReadTask): Partial<Doing> {
  return { timeout: durationOf(options.timeout) ?? '7d' }
}

function pokeOf({ options }: ReadTask): number {
  const seconds =
    durationOf(options.poke_interval) === null
      ? 60
      : typeof options.poke_interval === 'number'
        ? options.poke_interval
        : (options.poke_interval as { seconds: number }).seconds
  return Math.max(0.1, seconds)
}

function mappedInput({ items, isOwn }: Mapping): Record<string, unknown> {
  if (!isOwn) return {}
  return Object.fromEntries([...items].map(([name, item]) => [name, `{{${item}}}`]))
}

function argument({ options }: ReadTask, name: string): Read | undefined {
  return options[name]
}

/** What all operators take; the rest is the operator's own. */
const COMMON =
  /^(?:\$override|dag|task_group|owner|email.*|retries|retry_.*|max_retry_delay|start_date|end_date|depends_on_past|wait_for_.*|priority_weight|weight_rule|queue|pool.*|sla|execution_timeout|on_.*_callback|trigger_rule|resources|run_as_user|.*max_active_tis.*|executor.*|do_xcom_push|multiple_outputs|inlets|outlets|doc.*|task_display_name|default_args|params|map_index_template|mode|poke_interval|timeout|soft_fail|max_wait|deferrable)$/

function others(task: ReadTask, frame: TemplateFrame, mapping: Mapping | null): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(task.options)
      .filter(([name]) => !COMMON.test(name))
      .map(([name, value]) => [name, valueIn(value, frame, mapping)]),
  )
}

function own({ dag, task }: TemplateFrame): string {
  return `${dag}.${task}`
}
