import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { connect } from '@mainspring/sdk'
import { describe, expect, test } from 'vitest'
import { applied, ended, fetched, PACKAGES, translated } from '../../scripts/airflow-examples.ts'
import { ROOT } from '../../scripts/run.ts'
import { Place } from './support/place.ts'

const found = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'])
const skip = process.platform === 'win32' || (found.status !== 0 && !process.env.CI)
/** `AIRFLOW_EXAMPLES=all`: those of all packages, some minutes long. Else of the smallest alone. */
const packages = process.env.AIRFLOW_EXAMPLES === 'all' ? PACKAGES : PACKAGES.slice(-1)
const RUN_MS_MAX = 120_000
const AT_ONCE = 8

/** DAGs in all, and those with which nothing is left to do: as docs/airflow.md has them. */
const COUNTS = {
  'apache-airflow': [74, 59],
  'apache-airflow-core': [92, 71],
  'apache-airflow-providers-standard': [23, 16],
}

/** Complete, and not run: what there is not here. */
const NOT_RUN: Readonly<Record<string, string | undefined>> = {
  example_dag_decorator: 'needs httpx',
  example_external_task: 'waits for a run of another DAG for the same time',
  example_external_task_marker_child: 'waits for a run of another DAG for the same time',
  example_sensors: 'waits for a file that nobody writes',
  example_trigger_controller_dag: 'what it triggers is in another package',
  tutorial_objectstorage: 'needs pandas',
}
/** Ends so there, too. */
const FAILS = new Set(['example_failed_dag'])

describe(`Airflow's own example DAGs${skip ? ', which needs Python 3.9 or newer' : ''}`, { skip }, () => {
  test.for(packages)(
    'of $name $version: as many as docs/airflow.md says translate completely, and each of these runs',
    { timeout: 900_000 },
    async (source, context) => {
      const folder = await fetched(source)
      if (folder === null) return context.skip('the package index is out of reach')
      const { examples } = await translated(folder)
      const complete = examples.filter(({ todo }) => todo.length === 0)
      expect([examples.length, complete.length]).toEqual(COUNTS[source.name])
      await using place = await Place.open()
      await place.server('--allow-shell', 'all', '--lease', '60s')
      const client = connect({ url: place.url })
      await applied(client, complete)
      const root = folder.slice(0, -source.folder.length)
      const files = [...new Set(complete.map(({ file }) => file))]
      const command = ['-c', `cd "${root}" && exec python3 -m mainspring worker --airflow --slots 30 "$@"`, 'worker', ...files]
      const worker = place.start('/bin/sh', command, { PYTHONPATH: join(ROOT, 'sdk/python'), PYTHONDONTWRITEBYTECODE: '1' })
      await worker.printed(/ serves /)
      const waiting = complete.filter(({ dag }) => NOT_RUN[dag] === undefined)
      const states: Record<string, string> = {}
      const one = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const { state, failure } = await ended(client, next, RUN_MS_MAX)
          states[next.dag] = state === 'completed' ? state : `${state}: ${failure?.message}`
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, one))
      await client.close()
      expect(Object.fromEntries(Object.entries(states).filter(([dag, state]) => !FAILS.has(dag) && state !== 'completed'))).toEqual({})
    },
  )
})
