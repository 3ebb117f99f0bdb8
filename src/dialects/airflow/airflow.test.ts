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
  const indented = body
    .trim()
    .split('\n')
    .map(line => `    ${line}`)
  return (await imported(DAG + indented.join('\n'))).dags.d!.tasks as Record<string, Record<string, unknown>>
}
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
TimeDeltaSensor(task_id="delta", delta=timedelta(minutes=5))
FileSensor(task_id="file", filepath="/data/{{ ds }}.csv", poke_interval=10, timeout=3600)
ExternalTaskSensor(task_id="other", external_dag_id="up", execution_delta=timedelta(hours=1))
PythonSensor(task_id="py", python_callable=lambda: True, poke_interval=timedelta(seconds=5))
`),
    ).toMatchObject({
      delta: { job: 'airflow.TimeDeltaSensor', input: { after: '{{intervalEnd}}', seconds: 300, poke: 60 }, options: { timeout: { total: '7d' } } },
      file: { job: 'airflow.FileSensor', input: { path: '/data/{{intervalStart | date}}.csv', poke: 10 }, options: { timeout: { total: '1h' } } },
      other: { job: 'airflow.ExternalTaskSensor', input: { dag: 'up', nominal: '{{nominalTime}}', seconds: 3600 } },
      py: { job: 'd.py', input: { poke: 5 } },
    })
  })

  // Airflow, "Dynamic Task Mapping": `expand` over several lists takes each with each; `expand_kwargs` takes a list of sets of arguments.
  test('mapping: over a list, a result, each with each, sets of arguments, an operator, a group', async () => {
    const tasks = await tasksOf(`
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
`)
    expect(tasks).toMatchObject({
      add: { map: { over: [1, 2, 3] }, input: { kwargs: { x: '{{item}}' } } },
      of_result: { after: ['nums'], map: { over: '{{output.nums}}' }, input: { kwargs: { x: '{{item}}', y: 10 } } },
      cross: { map: { cross: { x: '{{output.nums}}', y: [1, 2] } }, input: { kwargs: { x: '{{item:x}}', y: '{{item:y}}' } } },
      sets: { map: { over: [{ x: 1, y: 2 }] }, input: { spread: '{{item}}' } },
      bash: { job: 'shell', map: { over: ['echo 1', 'echo 2'] }, input: { command: '{{item}}', cwd: '/tmp' } },
      'op.inner': { group: 'op', map: { over: [7, 8] }, input: { args: ['{{item}}'] } },
      'op.outer': {
        group: 'op',
        map: { zip: { num: [7, 8], op_inner: '{{output.op.inner}}' } },
        input: { args: ['{{item:num}}', '{{item:op_inner}}'] },
      },
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

  // Airflow, "Dag Runs": presets; without a schedule Airflow 2 runs daily, Airflow 3 never; catchup is on in 2 and off in 3.
  test.each([
    ['schedule="@hourly", catchup=False', { cron: '0 * * * *', catchup: 'latest', overlap: 'allow' }],
    ['schedule_interval="5 4 * * 1", catchup=True, max_active_runs=1', { cron: '5 4 * * 1', catchup: 'all', overlap: 'buffer_all' }],
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
    ["{{ ti.xcom_pull('sh') | tojson }}", '{{output.sh:stdout | trim | lines | last | json}}'],
    ['{{ dag.dag_id }}/{{ task.task_id }}/{{ run_id }}', 'd/t/{{run}}'],
    ['plain', 'plain'],
  ])('of templates, %s is %s', async (jinja, ours) => {
    const tasks = await tasksOf(`
@task
def up(): ...
up() >> BashOperator(task_id="sh", bash_command="x") >> BashOperator(task_id="t", bash_command=${JSON.stringify(jinja)})
`)
    expect((tasks.t!.input as { command: string }).command).toBe(ours)
  })

  test.each([
    ['BashOperator(task_id="t", bash_command="{% if x %}y{% endif %}")', 't', 'jinja-block'],
    ['BashOperator(task_id="t", bash_command="{{ var.value.x }}")', 't', 'jinja'],
    ['BashOperator(task_id="t", bash_command=open("x").read())', 't', 'value'],
    ['BashOperator(task_id="t", bash_command="x", pool="p")', 't', 'pool'],
    ['BashOperator(task_id="t", bash_command="x", depends_on_past=True)', 't', 'depends-on-past'],
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
