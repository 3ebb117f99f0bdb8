import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { isTemplate, parseTemplate } from '../../core/template/grammar.ts'
import { readDagFile } from './read.ts'
import { type Translated, translate } from './translate.ts'
import { yamlOf } from './write.ts'

const found = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'])
// Where tests are counted it is not missing: there they fail and say so.
const skip = found.status !== 0 && !process.env.CI

const AIRFLOW_2 = `
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import dag, task, task_group
from airflow.models.baseoperator import chain, cross_downstream
from airflow.models.param import Param
from airflow.models import Variable
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sensors.filesystem import FileSensor
from airflow.sensors.external_task import ExternalTaskSensor
from airflow.sensors.time_delta import TimeDeltaSensor
from airflow.sensors.date_time import DateTimeSensor
from airflow.sensors.python import PythonSensor
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup
from airflow.utils.trigger_rule import TriggerRule
import pendulum

def E(id, **more):
    return EmptyOperator(task_id=id, **more)
`
const DAG = 'with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:\n'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainspring-airflow-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function imported(source: string, head = AIRFLOW_2): Promise<Translated> {
  const file = join(folder, 'dag file.py')
  writeFileSync(file, `${head}\n${source}`)
  const read = await readDagFile(file, 'python3')
  expect(read.error).toBeUndefined()
  const translated = translate(read)
  expect(parse(yamlOf(translated, 'dag.py')).dags, 'what is written is what was found').toEqual(JSON.parse(JSON.stringify(translated.dags)))
  for (const text of textsOf(translated.dags)) if (isTemplate(text)) parseTemplate(text)
  return translated
}
function textsOf(value: unknown): string[] {
  return typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}
/** Of a body below `with DAG`: its tasks. */
async function tasksOf(body: string): Promise<Record<string, Record<string, unknown>>> {
  return (await imported(DAG + indented(body))).dags.d!.tasks as Record<string, Record<string, unknown>>
}
const indented = (body: string): string => body.trim().replaceAll(/^/gm, '    ')
const afterOf = (tasks: Record<string, { after?: unknown }>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(tasks).flatMap(([id, { after }]) => (after === undefined ? [] : [[id, after]])))
const todo = ({ notes }: Translated): [number, string | null, string][] =>
  notes.filter(({ level }) => level === 'todo').map(({ line, task, code }) => [line, task, code])

describe(`the import of Airflow's DAG files${skip ? ', which needs Python 3.9 or newer' : ''}`, { skip }, () => {
  // Airflow, "Dags", "Task Dependencies".
  test.each([
    ['a >> b', 'E("a") >> E("b")', { b: ['a'] }],
    ['b << a', 'E("b") << E("a")', { b: ['a'] }],
    ['a >> [b, c] >> d', 'E("a") >> [E("b"), E("c")] >> E("d")', { b: ['a'], c: ['a'], d: ['b', 'c'] }],
    ['set_downstream and set_upstream', 'a, b, c = E("a"), E("b"), E("c")\na.set_downstream([b, c])\nc.set_upstream(b)', { b: ['a'], c: ['a', 'b'] }],
    [
      'chain over lists, pair by pair',
      'chain(E("a"), [E("b"), E("c")], [E("d"), E("e")], E("f"))',
      { b: ['a'], c: ['a'], d: ['b'], e: ['c'], f: ['d', 'e'] },
    ],
    ['cross_downstream', 'cross_downstream([E("a"), E("b")], [E("c"), E("d")])', { c: ['a', 'b'], d: ['a', 'b'] }],
    ['a label on an edge', 'E("a") >> Label("yes") >> E("b")', { b: ['a'] }],
    ['a label on an edge to the left', 'E("b") << Label("yes") << E("a")', { b: ['a'] }],
    [
      'a loop',
      'last = E("start")\nfor i in range(3):\n    now = E(f"t_{i}")\n    last >> now\n    last = now',
      { t_0: ['start'], t_1: ['t_0'], t_2: ['t_1'] },
    ],
    ['a comprehension', 'E("a") >> [E(name) for name in ("b", "c") if name != "c"]', { b: ['a'] }],
  ])('edges: %s', async (_, body, after) => expect(afterOf(await tasksOf(body))).toEqual(after))

  test('a group is one, and so are those that wait for it', async () => {
    const { dags } = await imported(`${DAG}    with TaskGroup("g", tooltip="both") as g:
        E("a") >> E("b")
        with TaskGroup("in") as inner:
            E("c")
    E("start") >> g >> E("end")
`)
    expect(dags.d).toMatchObject({
      groups: { g: { description: 'both', after: ['start'] }, 'g.in': { group: 'g' } },
      tasks: { 'g.a': { group: 'g' }, 'g.b': { group: 'g', after: ['g.a'] }, 'g.in.c': { group: 'g.in' }, end: { after: ['g'] } },
    })
  })

  test('TaskFlow: results are inputs, by argument and by part, and make the edges', async () => {
    const { dags, notes } = await imported(`
@dag(schedule="@daily", start_date=pendulum.datetime(2024, 1, 1, tz="Europe/Berlin"), catchup=False, tags=["etl"])
def etl(day="monday"):
    @task(retries=2, retry_delay=timedelta(minutes=1))
    def extract(): return {"rows": [1]}
    @task(multiple_outputs=True)
    def transform(data, day, ds=None): return {"n": 1}
    @task
    def load(n, **context): print(context["ti"].xcom_pull(task_ids="extract"))
    done = transform(extract(), day=day)
    load.override(task_id="store")(done["n"])
etl()
`)
    expect(dags).toEqual({
      etl: {
        options: { tags: { etl: 'true' } },
        schema: { type: ['object', 'null'], properties: { day: { default: 'monday' } } },
        tasks: {
          extract: { job: 'etl.extract', options: { retry: { attempts: 3, initial: '1m', factor: 1, maximum: '1m' } } },
          transform: {
            job: 'etl.transform',
            after: ['extract'],
            input: {
              args: ['{{output.extract}}'],
              kwargs: { day: "{{input:day | default('monday')}}" },
              context: expect.objectContaining({ logical_date: '{{intervalStart}}' }),
            },
            options: { retry: { attempts: 1 } },
          },
          store: {
            job: 'etl.store',
            after: ['transform'],
            input: { args: ['{{output.transform:n}}'], context: expect.anything(), results: { extract: '{{output.extract}}' } },
            options: { retry: { attempts: 1 } },
          },
        },
      },
    })
    expect(notes.filter(({ level }) => level === 'todo')).toEqual([])
  })

  test('operators: what does them, and with what', async () => {
    const tasks = await tasksOf(`
def choose(**_): return "yes"
BashOperator(task_id="bash", bash_command="echo {{ ds }} {{ params.n }}", env={"A": "b", "N": "{{ params.n }}", "X": 3}, cwd="/tmp")
PythonOperator(task_id="py", python_callable=choose, op_args=[1], op_kwargs={"a": "{{ ds_nodash }}"})
BranchPythonOperator(task_id="branch", python_callable=choose) >> [E("yes"), E("no")]
ShortCircuitOperator(task_id="all", python_callable=choose)
ShortCircuitOperator(task_id="direct", python_callable=choose, ignore_downstream_trigger_rules=False)
TriggerDagRunOperator(task_id="other", trigger_dag_id="other_dag", conf={"x": 1}, wait_for_completion=True)
E("join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
E("late", trigger_rule="none_failed_or_skipped")
`)
    expect(tasks).toMatchObject({
      bash: {
        job: 'shell',
        input: {
          command: 'echo {{intervalStart | date}} {{input:n}}',
          shell: '/bin/bash',
          env: { A: 'b', N: "{{input:n | default('') | text}}", X: '3' },
          cwd: '/tmp',
        },
      },
      py: { job: 'd.py', input: { args: [1], kwargs: { a: "{{intervalStart | format('%Y%m%d')}}" } } },
      branch: { job: 'd.branch', branch: true },
      all: { shortCircuit: 'all' },
      direct: { shortCircuit: 'direct' },
      other: { job: 'other_dag', input: { x: 1 } },
      yes: { after: ['branch'] },
      join: { when: 'none_failed_min_one_success' },
      late: { when: 'none_failed_min_one_success' },
    })
    expect(tasks.yes).not.toHaveProperty('job')
  })

  test('sensors wait without a slot, as often and as long as they say', async () => {
    expect(
      await tasksOf(`
FileSensor(task_id="file", filepath="/data/{{ ds }}.csv", poke_interval=10, timeout=3600)
PythonSensor(task_id="py", python_callable=lambda: True, poke_interval=timedelta(seconds=5))
`),
    ).toMatchObject({
      file: { job: 'airflow.FileSensor', input: { path: '/data/{{intervalStart | date}}.csv', poke: 10 }, options: { timeout: { total: '1h' } } },
      py: { job: 'd.py', input: { poke: 5 } },
    })
  })

  // Airflow, ExternalTaskSensor: `soft_fail` skips where a failed state, or the time-out, would fail.
  test('sensors for a time and for other runs are waits', async () => {
    expect(
      await tasksOf(`
TimeDeltaSensor(task_id="delta", delta=timedelta(minutes=5))
DateTimeSensor(task_id="at", target_time="{{ data_interval_end }}")
DateTimeSensor(task_id="until", target_time="2026-03-01T09:00:00+00:00", timeout=60, soft_fail=True)
ExternalTaskSensor(task_id="other", external_dag_id="up", execution_delta=timedelta(hours=1))
ExternalTaskSensor(task_id="some", external_dag_id="up", external_task_ids=["a", "b"], allowed_states=["success", "skipped"], failed_states=["failed"], timeout=timedelta(hours=2))
ExternalTaskSensor(task_id="soft", external_dag_id="up", external_task_id="a", allowed_states=["success"], failed_states=["failed", "upstream_failed"], soft_fail=True)
`),
    ).toMatchObject({
      delta: { wait: { until: '{{intervalEnd}}', plus: '5m', timeout: '7d' } },
      at: { wait: { until: '{{intervalEnd}}', timeout: '7d' } },
      until: { wait: { until: '2026-03-01T09:00:00+00:00', timeout: '1m', onTimeout: 'skip' } },
      other: { wait: { dag: 'up', earlier: '1h', timeout: '7d' } },
      some: { wait: { dag: 'up', tasks: ['a', 'b'], states: ['success', 'skipped'], failStates: ['failed'], timeout: '2h' } },
      soft: { wait: { dag: 'up', tasks: ['a'], skipStates: ['failed', 'upstream_failed'], timeout: '7d', onTimeout: 'skip' } },
    })
  })

  test('sensors that are mapped, or in a mapped group, wait for what is of their item', async () => {
    const { dags, notes } = await imported(
      `${DAG}${indented(`
DateTimeSensor.partial(task_id="times").expand(target_time=["2026-03-01T09:00:00", "2026-03-02T09:00:00"])
ExternalTaskSensor.partial(task_id="some", external_dag_id="up").expand(external_task_id=["a", "b"])
@task_group
def region(name, at):
    DateTimeSensor(task_id="at", target_time=at) >> ExternalTaskSensor(task_id="up", external_dag_id="up", external_task_id=name)
region.expand_kwargs([{"name": "a", "at": "2026-03-01T09:00:00"}])
`)}`,
    )
    expect(notes).toEqual([])
    expect(dags.d?.tasks).toMatchObject({
      times: { map: { over: ['2026-03-01T09:00:00', '2026-03-02T09:00:00'] }, wait: { until: '{{item}}' } },
      some: { map: { over: ['a', 'b'] }, wait: { dag: 'up', tasks: ['{{item}}'] } },
      'region.at': { group: 'region', wait: { until: '{{item:at}}' } },
      'region.up': { group: 'region', wait: { dag: 'up', tasks: ['{{item:name}}'] } },
    })
    const other = await imported(
      `${DAG}${indented('ExternalTaskSensor.partial(task_id="other", external_dag_id="up").expand(execution_delta=[timedelta(hours=1), timedelta(hours=2)])')}`,
    )
    expect(other.notes).toMatchObject([{ code: 'wait' }])
  })

  // Airflow, "Dynamic Task Mapping": `expand` over several lists takes each with each; `expand_kwargs` takes a list of sets of arguments.
  test('mapping: over a list, a result, each with each, sets of arguments, an operator, a group', async () => {
    const { dags, notes } = await imported(
      `${DAG}${indented(`
@task
def nums(): return [1, 2]
@task
def add(x, y=0): return x + y
one = nums()
add.expand(x=[1, 2, 3])
add.override(task_id="of_result").partial(y=10).expand(x=one)
add.override(task_id="cross").expand(x=one, y=[1, 2])
add.override(task_id="sets").expand_kwargs([{"x": 1, "y": 2}])
BashOperator.partial(task_id="bash", cwd="/tmp").expand(bash_command=["echo 1", "echo 2"])
@task_group
def op(num):
    @task
    def inner(num): return num
    @task
    def outer(num, given): return given
    return outer(num, inner(num))
op.expand(num=[7, 8])
@task_group
def pair(a, b):
    @task
    def both(a, b): return a
    both(a, b)
pair.expand(a=one, b=[1, 2])
@task_group
def sets_of(a, b):
    @task
    def both(a, b): return a
    both(a, b)
sets_of.partial(b=3).expand_kwargs(one)
`)}`,
    )
    expect(notes).toEqual([])
    expect(dags.d?.groups).toEqual({
      op: { map: { over: [7, 8] } },
      pair: { after: ['nums'], map: { cross: { a: '{{output.nums}}', b: [1, 2] } } },
      sets_of: { after: ['nums'], map: { over: '{{output.nums}}' } },
    })
    expect(dags.d?.tasks).toMatchObject({
      'pair.both': { group: 'pair', input: { args: ['{{item:a}}', '{{item:b}}'] } },
      'sets_of.both': { group: 'sets_of', input: { args: ['{{item:a}}', 3] } },
      add: { map: { over: [1, 2, 3] }, input: { kwargs: { x: '{{item}}' } } },
      of_result: { after: ['nums'], map: { over: '{{output.nums}}' }, input: { kwargs: { x: '{{item}}', y: 10 } } },
      cross: { map: { cross: { x: '{{output.nums}}', y: [1, 2] } }, input: { kwargs: { x: '{{item:x}}', y: '{{item:y}}' } } },
      sets: { map: { over: [{ x: 1, y: 2 }] }, input: { spread: '{{item}}' } },
      bash: { job: 'shell', map: { over: ['echo 1', 'echo 2'] }, input: { command: '{{item}}', cwd: '/tmp' } },
      'op.inner': { group: 'op', input: { args: ['{{item}}'] } },
      'op.outer': { group: 'op', input: { args: ['{{item}}', '{{output.op.inner}}'] } },
    })
  })

  test('options: retries, back-off, times, priority, queue; defaults of DAG and group under the own', async () => {
    const { dags } = await imported(`
defaults = dict(retries=3, retry_delay=timedelta(seconds=10), owner="me", queue="q")
with DAG("d", schedule_interval=None, default_args=defaults, max_active_tasks=4, dagrun_timeout=timedelta(hours=2), description="what it does") as dag:
    BashOperator(task_id="a", bash_command="x", execution_timeout=timedelta(minutes=5), retry_exponential_backoff=True, max_retry_delay=timedelta(hours=1))
    BashOperator(task_id="b", bash_command="x", priority_weight=7, weight_rule="absolute")
    with TaskGroup("g", default_args={"retries": 0}):
        BashOperator(task_id="c", bash_command="x", queue="other")
`)
    expect(dags.d).toMatchObject({ description: 'what it does', maxActiveTasks: 4, options: { timeout: { total: '2h' } } })
    expect(Object.values(dags.d!.tasks as object).map(({ options }) => options)).toEqual([
      { retry: { attempts: 4, initial: '10s', factor: 2, maximum: '1h' }, timeout: { attempt: '5m' }, queue: 'q' },
      { retry: { attempts: 4, initial: '10s', factor: 1, maximum: '10s' }, queue: 'q', priority: 7 },
      { retry: { attempts: 1 }, queue: 'other' },
    ])
  })

  // https://airflow.apache.org/docs/apache-airflow/stable/howto/deadline-alerts.html: DAGRUN_LOGICAL_DATE, DAGRUN_QUEUED_AT, AVERAGE_RUNTIME
  test('deadlines of a DAG, and who is to be told is left to do', async () => {
    const found = await imported(`
from datetime import timedelta
from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference
async def told(): pass
late = DeadlineAlert(reference=DeadlineReference.DAGRUN_LOGICAL_DATE, interval=timedelta(hours=1), callback=AsyncCallback(told))
with DAG("one", schedule=None, deadline=late) as dag:
    EmptyOperator(task_id="a")
with DAG("more", schedule=None, deadline=[late, DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, timedelta(minutes=90), AsyncCallback(told))]) as dag:
    EmptyOperator(task_id="a")
with DAG("other", schedule=None, deadline=DeadlineAlert(reference=DeadlineReference.AVERAGE_RUNTIME(max_runs=5), interval=timedelta(1), callback=AsyncCallback(told))) as dag:
    EmptyOperator(task_id="a")
`)
    expect(found.dags.one).toMatchObject({ deadlines: [{ from: 'nominal', within: '1h' }] })
    expect(found.dags.more).toMatchObject({
      deadlines: [
        { from: 'nominal', within: '1h' },
        { from: 'queued', within: '1h 30m' },
      ],
    })
    expect(found.dags.other).not.toHaveProperty('deadlines')
    expect(todo(found).map(([, , code]) => code)).toEqual(['deadline-callback', 'deadline-callback', 'deadline'])
  })

  // Airflow, "Dags": depends_on_past, wait_for_downstream; "Pools"; "Priority weights": the rule is downstream unless a task says otherwise.
  test('what holds runs and tasks: active runs, the past, pools, weights', async () => {
    const found = await imported(`
with DAG("d", schedule_interval=None, max_active_runs=3, default_args={"depends_on_past": True, "pool": "db"}) as dag:
    BashOperator(task_id="a", bash_command="x", priority_weight=5, pool_slots=2)
    BashOperator(task_id="b", bash_command="x", wait_for_downstream=True, weight_rule="upstream", pool="default_pool")
    EmptyOperator(task_id="c")
`)
    expect(found.dags.d).toMatchObject({
      maxActiveRuns: 3,
      weightRule: 'downstream',
      tasks: {
        a: { dependsOnPast: true, pool: 'db', poolSlots: 2, options: { priority: 5 } },
        b: { dependsOnPast: true, waitForDownstream: true, weightRule: 'upstream' },
      },
    })
    expect((found.dags.d!.tasks as Record<string, object>).b).not.toHaveProperty('pool')
    expect((found.dags.d!.tasks as Record<string, object>).c).not.toHaveProperty('dependsOnPast')
    expect(todo(found)).toEqual([[expect.any(Number), 'a', 'pool']])
  })

  // Airflow, "Dag Runs": presets; without a schedule Airflow 2 runs daily, Airflow 3 never; catchup is on in 2 and off in 3.
  test.each([
    ['schedule="@hourly", catchup=False', { cron: '0 * * * *', catchup: 'latest', overlap: 'allow' }],
    ['schedule_interval="5 4 * * 1", catchup=True, max_active_runs=1', { cron: '5 4 * * 1', catchup: 'all', overlap: 'allow' }],
    ['schedule=timedelta(hours=6), catchup=False', { every: { every: '6h', anchor: '2024-01-01T00:00:00' } }],
    ['catchup=False', { cron: '0 0 * * *' }],
    ['schedule=None', null],
  ])('schedules: %s', async (options, schedule) => {
    const { schedules } = await imported(`with DAG("d", start_date=datetime(2024, 1, 1), ${options}):\n    E("a")\n`)
    if (schedule === null) expect(schedules).toEqual({})
    else expect(schedules.d).toMatchObject({ ...schedule, target: 'd' })
  })

  test('a file of Airflow 3 has its dates and defaults', async () => {
    const head = 'from airflow.sdk import DAG, task, Param\n'
    const { dags, schedules } = await imported(
      'with DAG("d", params={"n": Param(3, type="integer", minimum=1)}):\n    @task.bash\n    def say(): return "echo"\n    @task\n    def t(x): ...\n    t("{{ ds }} {{ params.n }}") >> say()\n',
      head,
    )
    expect(schedules).toEqual({})
    expect(dags.d).toMatchObject({
      schema: { properties: { n: { type: 'integer', minimum: 1, default: 3 } } },
      tasks: { t: { input: { args: ['{{nominalTime | date}} {{input:n | default(3)}}'] } }, say: { job: 'd.say', after: ['t'] } },
    })
  })

  test('setups and teardowns, by method, by decorator and around a block', async () => {
    const head = `${AIRFLOW_2}from airflow.decorators import setup, teardown\n`
    const { dags } = await imported(
      `${DAG}    create, use = E("create"), E("use")
    use >> E("delete").as_teardown(setups=create)
    create >> use
    @setup
    def begin(): ...
    @teardown(on_failure_fail_dagrun=True)
    def finish(given): ...
    with finish(begin()):
        E("work")
`,
      head,
    )
    expect(dags.d!.tasks).toMatchObject({
      create: { setup: true },
      use: { after: ['create'] },
      delete: { teardown: true, after: expect.arrayContaining(['create', 'use']) },
      begin: { setup: true },
      work: { after: ['begin'] },
      finish: { teardown: true, failsRun: true, after: expect.arrayContaining(['begin', 'work']) },
    })
  })

  // Airflow, "Templates reference".
  test.each([
    ['{{ macros.ds_add(ds, -7) }}', "{{intervalStart | date | add('-7d')}}"],
    ["{{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%Y') }}", "{{intervalStart | date | format('%d.%m.%Y')}}"],
    ['{{ data_interval_end | ds }}', '{{intervalEnd | date}}'],
    ["{{ logical_date.strftime('%H') }}", "{{intervalStart | format('%H')}}"],
    ["{{ dag_run.conf['a'] }}", '{{input:a}}'],
    ["{{ params.get('a', 'b') }}", "{{input:a | default('b')}}"],
    ["{{ ti.xcom_pull(task_ids='up')['rows'][0].id }}", '{{output.up:rows.0.id}}'],
    // Airflow, "Templates reference": "Airflow Variables in Templates", "Airflow Connections in Templates".
    ['{{ var.value.my.key }}', '{{var.my.key}}'],
    ['{{ var.json.my_var.path.to }}', '{{var.my_var:path.to}}'],
    ["{{ var.value.get('my.var', 'fallback') }}", "{{var.my.var | default('fallback')}}"],
    ['{{ conn.my_conn.host }}', '{{conn.my_conn.host}}'],
    ['{{ conn.my_conn.conn_type | upper }}', '{{conn.my_conn.type | upper}}'],
    ['{{ conn.my_conn.extra_dejson.region }}', '{{conn.my_conn.extra:region}}'],
    ["{{ ti.xcom_pull('sh') | tojson }}", '{{output.sh:stdout | trim | lines | last | json}}'],
    ['{{ dag.dag_id }}/{{ task.task_id }}/{{ run_id }}', 'd/t/{{run}}'],
    // Airflow: `task_instance_key_str` is `{dag_id}__{task_id}__{ds_nodash}`.
    ['{{ task_instance_key_str }}', "d__t__{{intervalStart | format('%Y%m%d')}}"],
    ["{{ dag_run.logical_date.strftime('%A').lower() }}", "{{intervalStart | format('%A') | lower}}"],
    ['{% for i in range(2) %}{{ i }}:{{ ds }} {% endfor %}{# nothing #}', '0:{{intervalStart | date}} 1:{{intervalStart | date}} '],
    ['plain', 'plain'],
  ])('of templates, %s is %s', async (jinja, ours) => {
    const tasks = await tasksOf(`
@task
def up(): ...
up() >> BashOperator(task_id="sh", bash_command="x") >> BashOperator(task_id="t", bash_command=${JSON.stringify(jinja)})
`)
    expect((tasks.t!.input as { command: string }).command).toBe(ours)
  })

  const NAMED = 'from airflow.x import BranchDateTimeOperator, BranchDayOfWeekOperator, LatestOnlyOperator, WeekDay\n'
  // Arguments: Airflow's documentation of each operator. What the text does not say, the worker takes from the file.
  test.each([
    [
      'BranchDateTimeOperator(task_id="t", follow_task_ids_if_true="a", follow_task_ids_if_false="b", target_lower=pendulum.time(8), target_upper=x())',
      { branch: true },
      { follow_task_ids_if_true: 'a', follow_task_ids_if_false: 'b', target_lower: '08:00:00' },
    ],
    [
      'BranchDayOfWeekOperator(task_id="t", follow_task_ids_if_true="a", follow_task_ids_if_false="b", week_day={WeekDay.SATURDAY})',
      { branch: true },
      { follow_task_ids_if_true: 'a', follow_task_ids_if_false: 'b', week_day: ['Saturday'] },
    ],
    ['LatestOnlyOperator(task_id="t")', { shortCircuit: 'direct' }, undefined],
    [
      'TriggerDagRunOperator(task_id="t", trigger_dag_id="other", conf={"day": "{{ ds }}"})',
      {},
      { trigger_dag_id: 'other', conf: { day: '{{intervalStart | date}}' } },
    ],
    ['Mine(task_id="t", rows=[1], limit=x(), retries=1)', {}, { rows: [1] }],
    ['Mine.partial(task_id="t", limit=2).expand(rows=[1, 2])', { map: { over: [1, 2] } }, { rows: '{{item}}', limit: 2 }],
  ])('the Python worker does %s itself', async (operator, more, kwargs) => {
    const head = 'from airflow.models import BaseOperator\nclass Mine(BaseOperator):\n    def execute(self, context): ...\n'
    const found = await imported(`${head}${NAMED}${DAG}    ${operator}`)
    expect(todo(found)).toEqual([])
    const { job, input, ...rest } = (found.dags.d as { tasks: Record<string, Record<string, unknown>> }).tasks.t as Record<string, unknown>
    expect(job).toBe('d.t')
    expect(input).toMatchObject({ context: { dag: 'd', task: 't' } })
    expect((input as { kwargs?: object }).kwargs).toEqual(kwargs)
    expect(rest).toMatchObject(more)
  })

  test.each([
    ['BashOperator(task_id="t", bash_command="{% if x %}y{% endif %}")', 't', 'jinja-block'],
    ['BashOperator(task_id="t", bash_command="{{ var.value }}")', 't', 'jinja'],
    ['BashOperator(task_id="t", bash_command=open("x").read())', 't', 'value'],
    ['BashOperator(task_id="t", bash_command="x", pool="p")', 't', 'pool'],
    ['EmptyOperator(task_id=open("x").read())', null, 'task-id'],
    ['def f(var): ...\nPythonOperator(task_id="t", python_callable=f)', 't', 'context'],
    ['E("a") >> whatever()', null, 'edge'],
    ['for x in whatever():\n    E("a")', null, 'loop'],
    ['if whatever():\n    E("a")', null, 'condition'],
    ['from x import SnowOperator\nSnowOperator(task_id="t", sql="select 1")', 't', 'operator'],
  ])('what cannot be translated is told with its line: %s', async (body, task, code) => {
    const indented = body.split('\n').map(line => `    ${line}`)
    const found = await imported(DAG + indented.join('\n'))
    const first = (AIRFLOW_2 + DAG).split('\n').length
    const told = todo(found)
    expect(told).toEqual([[expect.any(Number), task, code]])
    expect(told[0]![0]).toBeGreaterThanOrEqual(first)
    expect(yamlOf(found, 'dag.py')).toContain(`TODO line ${told[0]![0]}: `)
  })

  // Airflow 3.1, airflow.providers.standard.operators.hitl; names of what they give: HITLOperator.execute_complete.
  test('what waits for a human in the loop is an approval', async () => {
    const found = await imported(
      `
with DAG("d", schedule=None) as dag:
    ok = ApprovalOperator(task_id="ok", subject="Load {{ ds }}?", body="b", defaults="Reject", execution_timeout=timedelta(hours=2), fail_on_reject=True, assigned_users=[{"id": "1", "name": "ana"}])
    entry = HITLEntryOperator(task_id="entry", subject="What?", params={"amount": Param(5, type="integer")})
    few = HITLOperator(task_id="few", subject="Which?", options=["a", "b"], multiple=True)
    way = HITLBranchOperator(task_id="way", subject="Where?", options=["Left", "right"], options_mapping={"Left": "left"})
    show = BashOperator(task_id="show", bash_command="echo {{ ti.xcom_pull('entry')['params_input']['amount'] }} {{ ti.xcom_pull('ok')['responded_by_user'] }}")
    ok >> entry >> few >> way >> [BashOperator(task_id="left", bash_command="l"), BashOperator(task_id="right", bash_command="r")]
`,
      `from datetime import timedelta
from airflow.sdk import DAG, Param
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLBranchOperator, HITLEntryOperator, HITLOperator
`,
    )
    const { ok, entry, few, way, show } = found.dags.d!.tasks as Record<string, Record<string, unknown>>
    expect(todo(found)).toEqual([])
    expect(ok).toEqual({
      approval: { subject: 'Load {{nominalTime | date}}?', body: 'b', assignees: ['ana'], deadline: '2h', default: 'reject', onReject: 'fail' },
    })
    const amount = { type: 'object', properties: { amount: { type: 'integer', default: 5 } } }
    expect(entry).toEqual({ after: ['ok'], approval: { subject: 'What?', form: { type: 'object', properties: { params_input: amount } } } })
    const choice = (items: string[]) => ({ type: 'array', items: { enum: items }, minItems: 1 })
    expect(few!.approval).toMatchObject({ form: { properties: { chosen_options: choice(['a', 'b']) }, required: ['chosen_options'] } })
    expect(way).toMatchObject({ branch: true, approval: { form: { properties: { branch: { ...choice(['left', 'right']), maxItems: 1 } } } } })
    expect(show!.input).toMatchObject({ command: 'echo {{output.entry:input.params_input.amount}} {{output.ok:by}}' })
  })

  test('an operator of which nothing is known keeps its place and its arguments, and names a job to be written', async () => {
    const tasks = await tasksOf('from x import SnowOperator\nE("a") >> SnowOperator(task_id="t", sql="select {{ ds }}", retries=1) >> E("b")')
    expect(tasks).toMatchObject({ t: { job: 'd.t', after: ['a'], input: { sql: 'select {{intervalStart | date}}' } }, b: { after: ['t'] } })
  })

  test('nothing of the file is run', async () => {
    const marker = join(folder, 'ran')
    await imported(`open(${JSON.stringify(marker)}, "w").write("x")\n__import__("os").system("touch ${marker}")\n${DAG}    E("a")\n`)
    expect(spawnSync('test', ['-e', marker]).status).toBe(1)
  })

  test.each([
    ['no Python', 'def (:\n', 'this is not Python'],
    ['endless', 'x = [0]\nfor a in range(20000):\n    for b in range(20000):\n        x = a\n', 'too large to read'],
    ['too many tasks', `${AIRFLOW_2}${DAG}    for i in range(19999):\n        E(f"a{i}")\n        E(f"b{i}")\n`, 'more than 20000 tasks'],
    ['calls itself', 'def f(n):\n    return f(n + 1)\nf(0)\n', undefined],
  ])('a file that is %s is refused or read, and never holds anybody up', async (_, source, what) => {
    const file = join(folder, 'bad.py')
    writeFileSync(file, source)
    const read = await readDagFile(file, 'python3')
    if (what === undefined) expect(read.dags).toEqual([])
    else expect(read.error?.what).toContain(what)
  })
})

// Airflow 3, "Asset definitions" and "Asset-aware scheduling": a list means all, & and | nest, AssetOrTimeSchedule has both.
describe.skipIf(skip)('assets', () => {
  const HEAD = `
from airflow.sdk import DAG, Asset, AssetAlias, asset, task
from airflow.timetables.assets import AssetOrTimeSchedule
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
a, b = Asset("s3://a"), Asset(name="b", uri="s3://bucket/b")
c = Asset(uri="s3://c")
`
  test.each<[string, unknown]>([
    ['[a]', 's3://a'],
    ['[a, b]', { all: ['s3://a', 'b'] }],
    ['a', 's3://a'],
    ['(a & b) | c', { any: [{ all: ['s3://a', 'b'] }, 's3://c'] }],
    ['a & b & c', { all: ['s3://a', 'b', 's3://c'] }],
    ['a & (b | c)', { all: ['s3://a', { any: ['b', 's3://c'] }] }],
  ])('schedule=%s', async (schedule, assets) => {
    const { schedules, notes } = await imported(`with DAG("d", schedule=${schedule}):\n  EmptyOperator(task_id="t")`, HEAD)
    expect(schedules.d).toEqual({ assets, overlap: 'allow', target: 'd' })
    expect(notes).toEqual([])
  })

  test('assets or time', async () => {
    const timetable = 'CronTriggerTimetable("0 1 * * 3", timezone="UTC")'
    const { schedules } = await imported(
      `with DAG("d", schedule=AssetOrTimeSchedule(timetable=${timetable}, assets=(a | b))):\n  EmptyOperator(task_id="t")`,
      HEAD,
    )
    expect(schedules.d).toMatchObject({ cron: '0 1 * * 3', timezone: 'UTC', assets: { any: ['s3://a', 'b'] } })
  })

  test('outlets of tasks, of decorated ones and of those that do nothing', async () => {
    const source = `
with DAG("d", schedule=None):
  @task(outlets=[a, b])
  def one(): ...
  one() >> BashOperator(task_id="two", bash_command="true", outlets=c) >> EmptyOperator(task_id="three", outlets=[a])
`
    const { dags, notes } = await imported(source, HEAD)
    const outlets = Object.entries((dags.d as { tasks: Record<string, { options?: { outlets?: unknown } }> }).tasks).map(([id, task]) => [
      id,
      task.options?.outlets,
    ])
    expect(Object.fromEntries(outlets)).toEqual({ one: ['s3://a', 'b'], two: ['s3://c'], three: ['s3://a'] })
    expect(notes.filter(({ code }) => code === 'outlets')).toEqual([])
  })

  test('@asset is a DAG of one task that makes it, and a name that others wait for', async () => {
    const source = `
@asset(schedule="@daily")
def raw(): ...

@asset(schedule=raw, uri="s3://clean")
def clean(raw): ...
`
    const { dags, schedules } = await imported(source, HEAD)
    expect(Object.keys(dags)).toEqual(['raw', 'clean'])
    expect(schedules).toMatchObject({ raw: { cron: '0 0 * * *' }, clean: { assets: 'raw' } })
    expect(JSON.stringify(dags.clean)).toContain('"outlets":["clean"]')
  })

  test('an alias is an asset of its own, of which its worker makes the events', async () => {
    const source = `
with DAG("d", schedule=[AssetAlias("x")]):
    @task(outlets=[AssetAlias("x"), a])
    def t(outlet_events, triggering_asset_events): ...
    t()
`
    const { dags, schedules, notes } = await imported(source, HEAD)
    expect([notes, schedules.d]).toEqual([[], { assets: 'x', overlap: 'allow', target: 'd' }])
    const { job, input } = (dags.d as { tasks: Record<string, Record<string, unknown>> }).tasks.t as Record<string, unknown>
    expect([job, (input as { context: unknown }).context]).toEqual(['d.t', expect.objectContaining({ assetEvents: '{{assetEvents}}' })])
    expect(JSON.stringify(dags.d)).toMatch(/"outlets":\["[^"]+"\]/)
  })

  test('what is not known from the text is told', async () => {
    const source = 'with DAG("d", schedule=[open("x")]):\n  BashOperator(task_id="t", bash_command="true", outlets=[open("x")])'
    const { schedules, notes } = await imported(source, HEAD)
    expect(schedules).toEqual({})
    expect(notes.map(({ level, code }) => `${level} ${code}`).sort()).toEqual(['todo assets', 'todo outlets'])
  })
})
