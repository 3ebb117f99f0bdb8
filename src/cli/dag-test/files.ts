import { type AnyDag, type AnyJob, isDag, type WireDag } from '@mainspring/sdk'
import { nearest } from '../../server/nearest.ts'
import { Refusal } from '../../server/refusal.ts'
import { formatOfPath, readSources } from '../apply/files.ts'
import type { Item } from '../apply/item.ts'
import { type Manifest, readManifest } from '../apply/manifest.ts'
import { type LoadedJobs, loadJobs } from '../job-files.ts'
import { provideSdk } from '../sdk-hook.ts'
import type { Session } from '../session.ts'

/** What the files say: code that exports jobs and DAGs, and YAML. */
export interface Files {
  given: readonly string[]
  loaded: LoadedJobs | null
  manifest: Manifest
}

/** The DAG that is run; of code it may have a schedule, of a file the schedules of the files are looked at. */
export type Tested = { name: string; spec: Pick<WireDag, 'tasks'>; code: AnyDag | null }

export async function readFiles({ terminal }: Session, given: readonly string[]): Promise<Files> {
  const texts = given.filter(file => formatOfPath(file) === 'yaml')
  const code = given.filter(file => !texts.includes(file))
  const manifest = readManifest(readSources(texts, terminal.directory, 'yaml'), { form: undefined, timezone: undefined })
  provideSdk()
  return { given, manifest, loaded: code.length === 0 ? null : await loadJobs(code, terminal.directory) }
}

/** The one that is named, or the only one. @throws Refusal */
export function testedOf({ given, loaded, manifest }: Files, name: string | undefined): Tested {
  const ofCode = (loaded?.jobs ?? []).filter(isDag).map((code): Tested => ({ name: code.name, spec: code.definition.dag as WireDag, code }))
  const ofFiles = manifest.items.dags.map((item: Item): Tested => ({ name: item.name, spec: { tasks: {}, ...item.value }, code: null }))
  const all = [...ofCode, ...ofFiles]
  const names = all.map(one => one.name)
  const found = name === undefined ? all[0] : all.find(one => one.name === name)
  if (found === undefined) {
    const near = name === undefined ? null : nearest(name, names)
    const title = name === undefined ? 'There is no DAG here.' : `There is no DAG "${name}" here.`
    const hint =
      near !== null ? `Did you mean "${near}"?` : names.length > 0 ? `There are ${names.join(', ')}.` : 'Code exports it: export const sales = dag(…)'
    throw new Refusal({ code: 'no-dag', place: given.join(', '), title, hint })
  }
  if (name === undefined && all.length > 1)
    throw new Refusal({
      code: 'usage',
      place: given.join(', '),
      title: `There are several DAGs here: ${names.join(', ')}.`,
      hint: 'Name one: --dag NAME',
    })
  return found
}

/** A task whose job nobody has would wait for ever. @throws Refusal at its place */
export function refuseUnknownJobs({ name, spec }: Tested, jobs: readonly AnyJob[], { manifest, given }: Files): void {
  const item = manifest.items.dags.find(one => one.name === name)
  const known = new Set([...jobs.map(job => job.name), ...manifest.items.dags.map(one => one.name)])
  for (const [id, task] of Object.entries(spec.tasks)) {
    const { job } = (task ?? {}) as { job?: unknown }
    if (typeof job !== 'string' || known.has(job)) continue
    const near = nearest(job, known)
    throw new Refusal({
      code: 'unknown-definition',
      place: item?.placeOf(`/tasks/${id}/job`) ?? given.join(', '),
      title: `No file here has job "${job}", which task "${id}" of DAG "${name}" is.`,
      hint: near === null ? `Name the file that exports it, too: mainspring dag test ${given.join(' ')} jobs.ts` : `Did you mean "${near}"?`,
    })
  }
}
