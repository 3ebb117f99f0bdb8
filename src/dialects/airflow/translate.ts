import { APPROVALS } from './approvals.ts'
import { deadlinesOf } from './deadlines.ts'
import type { Note, Read, ReadDag, ReadFile, ReadGroup, ReadTask } from './form.ts'
import { specialOf } from './form.ts'
import { type Doing, doingOf } from './operators.ts'
import { durationOf, gatesOf, isWeighted, poolOf, taskOptions } from './options.ts'
import { defaultOf, paramsSchema } from './params.ts'
import { scheduleOf } from './schedule.ts'
import type { TemplateFrame } from './templates.ts'
import { type Mapping, mappingOf } from './values.ts'

/** What `apply` takes, and what a person should know of it. */
export interface Translated {
  dags: Record<string, Record<string, unknown>>
  schedules: Record<string, Record<string, unknown>>
  notes: Note[]
}

export function translate(file: ReadFile): Translated {
  const airflow3 = file.airflow3 === true
  const notes: Note[] = file.notes.map(({ line, code, what, hint, task }) => ({
    level: INFO.has(code) ? 'info' : 'todo',
    line,
    dag: null,
    task,
    code,
    what,
    hint,
  }))
  const found: Translated = { dags: {}, schedules: {}, notes }
  for (const dag of file.dags) {
    if (Object.hasOwn(found.dags, dag.id)) {
      notes.push({
        level: 'todo',
        line: dag.line,
        dag: dag.id,
        task: null,
        code: 'duplicate-dag',
        what: `a second DAG is called ${dag.id}: it is left out`,
        hint: 'give it another id',
      })
      continue
    }
    const translation = new DagTranslation(dag, airflow3, notes)
    found.dags[dag.id] = translation.dag()
    const schedule = translation.schedule()
    if (schedule !== null) found.schedules[dag.id] = schedule
  }
  return found
}

/** Of the reader: what is done as it would be. */
const INFO = new Set(['never-called', 'environment'])

class DagTranslation {
  readonly #dag: ReadDag
  readonly #airflow3: boolean
  readonly #notes: Note[]
  readonly #pools = new Set<string>()
  readonly #tasks: ReadonlyMap<string, ReadTask>
  readonly #groups: ReadonlyMap<string, ReadGroup>
  readonly #params: Readonly<Record<string, unknown>>

  constructor(dag: ReadDag, airflow3: boolean, notes: Note[]) {
    this.#dag = dag
    this.#airflow3 = airflow3
    this.#notes = notes
    this.#tasks = new Map(dag.tasks.map(task => [task.id, task]))
    this.#groups = new Map(dag.groups.map(group => [group.id, group]))
    this.#params = Object.fromEntries(Object.entries(dag.params).map(([name, value]) => [name, defaultOf(value)]))
  }

  dag(): Record<string, unknown> {
    const { options, tasks, groups } = this.#dag
    const description = options.description ?? options.dag_display_name
    const total = durationOf(options.dagrun_timeout)
    const active = options.max_active_tasks ?? options.concurrency
    const runsAtOnce = options.max_active_runs
    const tags = tagsOf(options.tags)
    const runs = { ...(total !== null && { timeout: { total } }), ...(tags !== null && { tags }) }
    const schema = paramsSchema(this.#dag.params)
    const deadlines = deadlinesOf(options.deadline, (code, what, hint) => this.#say('todo', this.#dag.line, null, code, what, hint))
    for (const name of [
      'on_failure_callback',
      'on_success_callback',
      'sla_miss_callback',
      'user_defined_macros',
      'user_defined_filters',
      'template_searchpath',
      'fail_fast',
      'fail_stop',
    ])
      if (options[name] !== undefined && options[name] !== null && options[name] !== false)
        this.#say('todo', this.#dag.line, null, name.replaceAll('_', '-'), `${name} of the DAG is not translated`, DAG_HINTS[name] ?? '')
    return {
      ...(typeof description === 'string' && description !== '' && { description }),
      ...(typeof active === 'number' && { maxActiveTasks: Math.min(1_000, Math.max(1, active)) }),
      ...(typeof runsAtOnce === 'number' && runsAtOnce >= 1 && { maxActiveRuns: Math.min(10_000, runsAtOnce) }),
      ...(tasks.some(task => isWeighted(task.options)) && { weightRule: 'downstream' }),
      ...(deadlines.length > 0 && { deadlines }),
      ...(Object.keys(runs).length > 0 && { options: runs }),
      ...(schema !== null && { schema }),
      ...(groups.length > 0 && { groups: Object.fromEntries(groups.map(group => [group.id, this.#group(group)])) }),
      ...withDefaults(Object.fromEntries(tasks.map(task => [task.id, this.#task(task)]))),
    }
  }

  schedule(): Record<string, unknown> | null {
    const schedule = scheduleOf(this.#dag, this.#airflow3, (level, code, what, hint) => this.#say(level, this.#dag.line, null, code, what, hint))
    if (schedule === null) return null
    const known = Object.entries(this.#params).filter(([, value]) => value !== null)
    return { ...schedule, target: this.#dag.id, ...(known.length > 0 && { input: Object.fromEntries(known) }) }
  }

  #group(group: ReadGroup): Record<string, unknown> {
    const after = this.#before({ group: group.id })
    const { tooltip } = group.options
    const map = this.#mapOfGroup(group)
    return {
      ...(typeof tooltip === 'string' && tooltip !== '' && { description: tooltip }),
      ...(group.group !== null && { group: group.group }),
      ...(after.length > 0 && { after }),
      ...(map !== null && { map }),
    }
  }

  #task(task: ReadTask): Record<string, unknown> {
    const told = this.#told(task.id, task.line)
    const frame = this.#frame(task)
    const mapping = task.mapped === null ? this.#itemsOfGroup(task) : mappingOf(task.mapped, frame)
    const { timeout: total, ...doing }: Doing = doingOf(task, frame, mapping)
    const options = taskOptions(task.options, told)
    if (total !== undefined) {
      options.timeout = { ...(options.timeout as object | undefined), total }
      // Who is delivered once cannot be snoozed.
      const retry = options.retry as { attempts: number }
      if (retry.attempts === 1) options.retry = { attempts: 2, initial: '1m' }
    }
    const after = this.#before({ task: task.id })
    const when = whenOf(task, told)
    return {
      ...(doing.job !== undefined && { job: doing.job }),
      ...(doing.approval !== undefined && { approval: doing.approval }),
      ...(doing.wait !== undefined && { wait: doing.wait }),
      ...(typeof task.options.doc === 'string' && { description: task.options.doc }),
      ...(task.group !== null && { group: task.group }),
      ...(after.length > 0 && { after }),
      ...(when !== null && { when }),
      ...(mapping?.map !== undefined && { map: mapping.map }),
      ...(doing.input !== undefined && { input: doing.input }),
      ...(doing.branch && { branch: true }),
      ...(doing.shortCircuit && { shortCircuit: doing.shortCircuit }),
      ...(task.setup && { setup: true }),
      ...(task.teardown && { teardown: true }),
      ...(task.failsRun && { failsRun: true }),
      ...(doing.job !== undefined && this.#gates(task)),
      ...(doing.job !== undefined && Object.keys(options).length > 0 && { options }),
      // One that does nothing makes what it names all the same.
      ...(doing.job === undefined && doing.approval === undefined && options.outlets !== undefined && { options: { outlets: options.outlets } }),
    }
  }

  /** How large a pool is, Airflow keeps elsewhere. */
  #gates(task: ReadTask): Record<string, unknown> {
    const pool = poolOf(task.options)
    if (pool !== null && !this.#pools.has(pool)) {
      this.#pools.add(pool)
      const hint = `give it its size, or nothing passes: mainspring limits set ${pool} --concurrency N`
      this.#say('todo', task.line, task.id, 'pool', `pool ${JSON.stringify(pool)} has no size yet`, hint)
    }
    return gatesOf(task.options)
  }

  /** Its tasks name the items of the group by the arguments that it was called with. */
  #itemsOfGroup(task: ReadTask): Mapping | null {
    const group = this.#mappedGroup(task.group)
    if (group === null || group.mapped === null) return null
    const names = group.mapped.list === null ? Object.keys(group.mapped.named) : (group.mapped.takes ?? [])
    const isOne = group.mapped.list === null && names.length === 1
    return { items: new Map(names.map(name => [`${group.id}\n${name}`, isOne ? 'item' : `item:${name}`])), isOwn: false }
  }

  /** `expand` over several lists takes each with each, of a group too. */
  #mapOfGroup(group: ReadGroup): Record<string, unknown> | null {
    if (group.mapped === null) return null
    const frame = this.#frame({ id: group.id, line: group.line, group: group.group, options: {} })
    if (this.#mappedGroup(group.group) !== null)
      frame.missing('nested-mapping', 'a mapped group in a mapped group is not translated', 'map over one list of what both have')
    return mappingOf(group.mapped, frame).map ?? null
  }

  #mappedGroup(id: string | null): ReadGroup | null {
    for (let group = id === null ? undefined : this.#groups.get(id); group; group = group.group === null ? undefined : this.#groups.get(group.group))
      if (group.mapped !== null) return group
    return null
  }

  #before(end: { task: string } | { group: string }): string[] {
    const is = JSON.stringify(end)
    const found = this.#dag.edges
      .filter(([, after]) => JSON.stringify(after) === is)
      .map(([before]) => ('task' in before ? before.task : before.group))
    return [...new Set(found)]
  }

  #frame(task: Pick<ReadTask, 'id' | 'line' | 'group' | 'options'>): TemplateFrame {
    const own = task.options.params
    const more = typeof own === 'object' && own !== null && !Array.isArray(own) && specialOf(own) === null ? own : {}
    return {
      dag: this.#dag.id,
      task: task.id,
      airflow3: this.#airflow3,
      params: { ...this.#params, ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, defaultOf(value)])) },
      output: (id, key, path) => this.#output(id, key, path, this.#mappedGroup(task.group)),
      missing: (code, what, hint) => this.#say('todo', task.line, task.id, code, what, hint),
    }
  }

  /** A command gives the last line that it printed; a callable that stores results under names gives all of them. */
  #output(id: string, key: string | null, path: readonly (string | number)[], from: ReadGroup | null): string | null {
    const task = this.#tasks.get(id)
    if (task === undefined) return null
    const isList = task.mapped !== null || (this.#mappedGroup(task.group) !== null && this.#mappedGroup(task.group) !== from)
    if (task.operator === 'BashOperator') return isList || key !== null ? null : `output.${id}:stdout | trim | lines | last`
    if (APPROVALS.has(task.operator)) return `output.${id}:${answerPart([...(key === null ? [] : [key]), ...path])}`
    const pushes = task.callable?.pushes === true
    if (key !== null && !pushes) return path.length === 0 ? this.#output(id, null, [key], from) : null
    const steps = [...(pushes ? ['xcom', key ?? 'return_value'] : []), ...path]
    if (steps.some(step => /[{}\s:.]/.test(String(step)))) return null
    return `output.${id}${steps.length > 0 ? `:${steps.join('.')}` : ''}`
  }

  #told(task: string, line: number) {
    return (level: 'todo' | 'info', code: string, what: string, hint: string): void => this.#say(level, line, task, code, what, hint)
  }

  #say(level: 'todo' | 'info', line: number, task: string | null, code: string, what: string, hint: string): void {
    const note: Note = { level, line, dag: this.#dag.id, task, code, what, hint }
    if (!this.#notes.some(other => other.code === code && other.task === task && other.dag === note.dag && other.what === what))
      this.#notes.push(note)
  }
}

/** Options that all tasks with a job have alike are said once. */
function withDefaults(tasks: Record<string, Record<string, unknown>>): { defaults?: Record<string, unknown>; tasks: Record<string, unknown> } {
  const own = Object.values(tasks).filter(({ job }) => job !== undefined)
  const [first, ...others] = own.map(({ options }) => (options ?? {}) as Record<string, unknown>)
  // Outlets are of each task alone: those that do nothing would have them, too.
  const shared = Object.entries(first ?? {}).filter(
    ([name, value]) => name !== 'outlets' && others.every(other => JSON.stringify(other[name]) === JSON.stringify(value)),
  )
  if (shared.length === 0) return { tasks }
  for (const task of own) {
    const rest = Object.entries(task.options as object).filter(([name]) => !shared.some(([known]) => known === name))
    if (rest.length > 0) task.options = Object.fromEntries(rest)
    else delete task.options
  }
  return { defaults: Object.fromEntries(shared), tasks }
}

const DAG_HINTS: Readonly<Record<string, string | undefined>> = {
  on_failure_callback: 'a last task with `when: one_failed`',
  on_success_callback: 'a last task',
  sla_miss_callback: '`options: { timeout: { total } }` of the DAG',
  user_defined_macros: 'give the values as parameters',
  user_defined_filters: 'make the values in a Python task before',
  template_searchpath: 'give the texts themselves',
  fail_fast: 'nothing: what follows a failed task does not run; what runs beside it goes on',
  fail_stop: 'nothing: what follows a failed task does not run; what runs beside it goes on',
}

const RULES = new Set(
  'all_success all_failed all_done all_done_min_one_success all_done_setup_success all_skipped one_success one_failed one_done none_failed none_failed_min_one_success none_skipped always'.split(
    ' ',
  ),
)
const OLD_RULES: Readonly<Record<string, string | undefined>> = { none_failed_or_skipped: 'none_failed_min_one_success', dummy: 'always' }

function whenOf(task: ReadTask, told: (level: 'todo' | 'info', code: string, what: string, hint: string) => void): string | null {
  const rule = task.options.trigger_rule
  if (rule === undefined || rule === null || rule === 'all_success') return null
  const known = typeof rule === 'string' ? (OLD_RULES[rule] ?? rule) : ''
  if (RULES.has(known)) return known
  told('todo', 'trigger-rule', `the trigger rule is not known from the text`, '`when:` says it')
  return null
}

/** Of what a person answered, by Airflow's names. */
function answerPart(path: readonly (string | number)[]): string {
  if (path[0] === 'responded_at') return 'at'
  return path[0] === 'responded_by_user' ? 'by' : ['input', ...path].join('.')
}

/** Words are tags with the value "true". */
function tagsOf(tags: Read | undefined): Record<string, string> | null {
  if (!Array.isArray(tags)) return null
  const words = tags.filter(tag => typeof tag === 'string')
  return words.length === 0 ? null : Object.fromEntries(words.slice(0, 20).map(word => [word, 'true']))
}
