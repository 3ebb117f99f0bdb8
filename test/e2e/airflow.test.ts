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
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
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
        return {"total": ti.xcom_pull(task_ids="total"), "count": ti.xcom_pull(task_ids="total", key="count"), "shell": ti.xcom_pull(task_ids="shell")}
    data = extract()
    grown = grow.partial(factor=factor).expand(row=data["rows"])
    summed = total(grown)
    shell = BashOperator(task_id="shell", bash_command="echo first; echo {{ ti.xcom_pull(task_ids='extract')['day'] }} {{ ds_nodash }}")
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
`

describe(`DAGs of Airflow, imported and run${skip ? ', which needs Python 3.9 or newer' : ''}`, { skip }, () => {
  let place: Place
  let client: Client

  beforeAll(async () => {
    place = await Place.open()
    place.write('dags.py', DAGS.replace('PLACE', JSON.stringify(place.folder)))
    await place.server('--allow-shell', 'all')
    client = connect({ url: place.url })
    const written = await place.mainspring('import', 'airflow', 'dags.py', '--out', 'dags.yaml').exits()
    expect(written).toMatch(/wrote dags\.yaml: 2 DAGs, 15 tasks, 0 schedules; nothing is left to do\n/)
    await place.mainspring('apply', 'dags.yaml').exits()
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
      tell: { total: 60, count: 3, shell: `${today} ${today.replaceAll('-', '')}` },
    })
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
