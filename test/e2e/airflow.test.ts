import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Client, connect, type RunHandle } from '@mainspring/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/run.ts'
import { Place } from './support/place.ts'

const found = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'])
const skip = process.platform === 'win32' || (found.status !== 0 && !process.env.CI)

const DAGS = `
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import dag, task, task_group
from airflow.exceptions import AirflowSkipException
from airflow.hooks.base import BaseHook
from airflow.models import BaseOperator, Variable
from airflow.datasets import Dataset as Asset, DatasetAlias as AssetAlias
from airflow.datasets.metadata import Metadata
from airflow.operators.bash import BashOperator
from airflow.operators.datetime import BranchDateTimeOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.latest_only import LatestOnlyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.sensors.filesystem import FileSensor

@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def sales(factor=2):
    @task(multiple_outputs=True)
    def extract(ds=None, params=None):
        print("extracting", ds)
        return {"rows": [1, 2, 3], "day": ds, "factor": params["factor"]}
    @task
    def grow(row, factor):
        return row * int(factor)
    @task
    def total(rows, ti=None):
        ti.xcom_push(key="count", value=len(rows))
        return sum(rows)
    @task
    def tell(**context):
        ti = context["ti"]
        limits, warehouse = Variable.get("limits", deserialize_json=True), BaseHook.get_connection("warehouse")
        return {"found": [limits["rows"], Variable.get("none", default_var="-"), warehouse.host, warehouse.extra_dejson], "total": ti.xcom_pull(task_ids="total"), "count": ti.xcom_pull(task_ids="total", key="count"), "shell": ti.xcom_pull(task_ids="shell")}
    data = extract()
    grown = grow.partial(factor=factor).expand(row=data["rows"])
    summed = total(grown)
    shell = BashOperator(task_id="shell", bash_command="echo first; echo {{ ti.xcom_pull(task_ids='extract')['day'] }} {{ ds_nodash }} {{ var.json.limits.rows }} {{ conn.warehouse.conn_type }}")
    [summed, shell] >> tell()
sales()

def choose(**_):
    return "left"

def skipped():
    raise AirflowSkipException("not today")

with DAG("branches", schedule=None, start_date=datetime(2024, 1, 1)) as branches:
    pick = BranchPythonOperator(task_id="pick", python_callable=choose)
    left, right = EmptyOperator(task_id="left"), PythonOperator(task_id="right", python_callable=choose)
    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
    pick >> [left, right] >> join
    PythonOperator(task_id="skips", python_callable=skipped) >> PythonOperator(task_id="after_skip", python_callable=choose)
    ShortCircuitOperator(task_id="short", python_callable=lambda: False) >> PythonOperator(task_id="after_short", python_callable=choose)
    FileSensor(task_id="wait", filepath="here.txt", poke_interval=0.2) >> BashOperator(task_id="read", bash_command="cat here.txt", cwd=PLACE)

class Grow(BaseOperator):
    def __init__(self, rows, by=1, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.by = rows, by

    def execute(self, context):
        return [self.rows * self.by, context["ti"].task_id]

own = DAG("own", schedule=None, start_date=datetime(2024, 1, 1))
grown = Grow.partial(task_id="grow", by=len("abc"), dag=own).expand(rows=[1, 2])
night = BranchDateTimeOperator(task_id="when", target_lower=datetime(2020, 1, 1), target_upper=None, follow_task_ids_if_true="after", follow_task_ids_if_false="before", dag=own)
[grown, LatestOnlyOperator(task_id="latest", dag=own)] >> night >> [EmptyOperator(task_id="after", dag=own), EmptyOperator(task_id="before", dag=own)]
BashOperator(task_id="leaves", bash_command="exit 99", dag=own)

with DAG("makes", schedule=None, start_date=datetime(2024, 1, 1)):
    @task(outlets=[Asset("s3://made"), AssetAlias("any")])
    def make(*, outlet_events):
        outlet_events[Asset("s3://made")].extra = {"rows": 3}
        outlet_events[AssetAlias("any")].add(Asset("s3://more"), extra={"n": 1})
        yield Metadata(Asset("s3://made"), {"by": "yield"})
    @task
    def look(inlet_events, task_state_store):
        task_state_store.set("seen", True)
        return [[event.extra for event in inlet_events[Asset(name)]] for name in ("s3://made", "s3://more", "any", "none")] + [task_state_store.get("seen")]
    make() >> look()
`

describe(`DAGs of Airflow, imported and run${skip ? ', which needs Python 3.9 or newer' : ''}`, { skip }, () => {
  let place: Place
  let client: Client

  beforeAll(async () => {
    place = await Place.open()
    place.write('dags.py', DAGS.replace('PLACE', JSON.stringify(place.folder)))
    place.write('secrets.yaml', 'connections: { warehouse: "postgres://etl:x@db/sales?ssl=on" }')
    await place.server('--allow-shell', 'all', '--variables', 'secrets.yaml')
    client = connect({ url: place.url })
    const written = await place.mainspring('import', 'airflow', 'dags.py', '--out', 'dags.yaml').exits()
    expect(written).toMatch(/wrote dags\.yaml: 4 DAGs, 23 tasks, 0 schedules; nothing is left to do\n/)
    await place.mainspring('apply', 'dags.yaml').exits()
    await client.call('variables.set', { name: 'limits' }, { value: { rows: 7 } })
    const worker = place.start('python3', ['-m', 'mainspring', 'worker', '--airflow', 'dags.py'], {
      PYTHONPATH: join(ROOT, 'sdk/python'),
      PYTHONDONTWRITEBYTECODE: '1',
    })
    await worker.printed(/serves sales\.extract/)
  })
  afterAll(async () => {
    await client?.close()
    await place?.[Symbol.asyncDispose]()
  })

  const outputsOf = async (run: RunHandle<unknown>): Promise<Record<string, unknown>> => {
    const { runs } = await client.runs.list({ limit: 200 })
    const children = runs.filter(({ trigger }) => (trigger as { run?: string }).run === run.id)
    const details = await Promise.all(children.map(child => client.handle(child.id).get()))
    return Object.fromEntries(
      details.map(({ trigger, output, state }) => [(trigger as unknown as { task: string }).task, state === 'completed' ? output : state]),
    )
  }

  test('results go from task to task, mapped ones and those under names too; parameters and times are there', async () => {
    const run = await client.start('sales', { factor: 10 })
    await run.result()
    const today = new Date((await run.get()).createdAt).toISOString().slice(0, 10)
    expect(await outputsOf(run)).toMatchObject({
      extract: { rows: [1, 2, 3], day: today, factor: 10 },
      total: { xcom: { count: 3, return_value: 60 } },
      tell: { found: [7, '-', 'db', { ssl: 'on' }], total: 60, count: 3, shell: `${today} ${today.replaceAll('-', '')} 7 postgres` },
    })
  })

  test('operators of the file and small ones of Airflow are done by the worker, and 99 skips a command', async () => {
    const run = await client.start('own')
    await run.result()
    const { tasks } = await client.call<{ tasks: { task: string; state: string }[] }>('runs.tasks', { run: run.id })
    expect(Object.fromEntries(tasks.map(({ task, state }) => [task, state]))).toEqual({
      grow: 'success',
      latest: 'success',
      when: 'success',
      after: 'success',
      before: 'skipped',
      leaves: 'skipped',
    })
    const { runs } = await client.runs.list({ job: 'own.grow', limit: 10 })
    const outputs = await Promise.all(runs.map(({ id }) => client.handle(id).result()))
    expect(outputs.sort()).toEqual([
      [3, 'grow'],
      [6, 'grow'],
    ])
  })

  test('what a callable says of its outlets is in their events, and others read it there', async () => {
    const run = await client.start('makes')
    await run.result()
    expect((await outputsOf(run)).look).toEqual([[{ rows: 3, by: 'yield' }], [{ n: 1 }], [{ n: 1 }], [], true])
  })

  test('a branch, a skip, a short circuit leave out what follows, and a sensor waits without a slot', async () => {
    const run = await client.start('branches')
    await expect.poll(async () => (await client.runs.list({ job: 'airflow.FileSensor', state: 'waiting' })).runs.length, { timeout: 60_000 }).toBe(1)
    place.write('here.txt', 'it is here')
    await run.result()
    const outputs = await outputsOf(run)
    expect(Object.keys(outputs).sort()).toEqual(['pick', 'read', 'short', 'skips', 'wait'])
    expect(outputs).toMatchObject({ pick: 'left', short: false, read: { stdout: 'it is here' }, wait: 'here.txt' })
  })
})
