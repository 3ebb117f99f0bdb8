import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Client, WireRunDetail } from '@mainspring/sdk'
import { bodyOf, readManifest } from '../src/cli/apply/manifest.ts'
import type { Note } from '../src/dialects/airflow/form.ts'
import { readDagFile } from '../src/dialects/airflow/read.ts'
import { translate } from '../src/dialects/airflow/translate.ts'
import { yamlOf } from '../src/dialects/airflow/write.ts'
import { ROOT } from './run.ts'

/** Airflow's own example DAGs, as its packages have them. Nothing of them is in this repository. */
export const PACKAGES = [
  { name: 'apache-airflow', version: '2.10.5', folder: 'airflow/example_dags' },
  { name: 'apache-airflow-core', version: '3.3.2', folder: 'airflow/example_dags' },
  { name: 'apache-airflow-providers-standard', version: '1.21.0', folder: 'airflow/providers/standard/example_dags' },
] as const
export type Package = (typeof PACKAGES)[number]

const CACHE = join(ROOT, 'node_modules/.cache/airflow-examples')
const FETCH_MS_MAX = 60_000

/** Where a package's examples are: fetched once. Null: the package index cannot be reached from here. */
export async function fetched({ name, version, folder }: Package): Promise<string | null> {
  const place = join(CACHE, `${name}-${version}`)
  const examples = join(place, folder)
  if (existsSync(examples)) return examples
  mkdirSync(place, { recursive: true })
  const run = promisify(execFile)
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--retries', '1', '--dest', place, `${name}==${version}`]
  try {
    await run('python3', pip, { timeout: FETCH_MS_MAX })
    const wheel = readdirSync(place).find(file => file.endsWith('.whl')) as string
    await run('python3', ['-c', UNPACK, join(place, wheel), folder, place])
    return examples
  } catch {
    return null
  }
}
const UNPACK = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(sys.argv[3], [name for name in wheel.namelist() if name.startswith(sys.argv[2] + "/")])
`

export interface Example {
  file: string
  dag: string
  definition: Record<string, unknown>
  /** What is left to do. */
  todo: Note[]
}

/** Each DAG of the files in a folder; a name that another file has is left out. */
export async function translated(folder: string): Promise<{ files: string[]; examples: Example[] }> {
  const files = readdirSync(folder).filter(name => /^(?:example|tutorial).*\.py$/.test(name))
  const examples: Example[] = []
  for (const name of files.sort()) {
    const file = join(folder, name)
    const read = await readDagFile(file, 'python3')
    if (read.error) throw new Error(`${name}:${read.error.line} ${read.error.what}`)
    const found = translate(read)
    for (const [dag, definition] of Object.entries(found.dags)) {
      const todo = found.notes.filter(note => note.level === 'todo' && (note.dag === dag || note.dag === null))
      if (!examples.some(other => other.dag === dag)) examples.push({ file, dag, definition, todo })
    }
  }
  return { files: files.map(name => join(folder, name)), examples }
}

/** Registers them without their schedules, as `apply` does with what `import airflow` writes. */
export async function applied(client: Client, examples: readonly Example[]): Promise<void> {
  const dags = Object.fromEntries(examples.map(({ dag, definition }) => [dag, definition]))
  const text = yamlOf({ dags, schedules: {}, notes: [] }, 'examples')
  const manifest = readManifest([{ shown: 'examples.yaml', path: 'examples.yaml', directory: ROOT, text, format: 'yaml' }], {
    form: undefined,
    timezone: undefined,
  })
  await client.call('apply', {}, bodyOf(manifest, { dryRun: false, prune: false }), { callKey: client.newId() })
}

/** Runs one; whatever asks a person in it is answered with the first that may be chosen. Still open after so long: the run as it is then. */
export async function ended(client: Client, { dag }: Example, msMax: number): Promise<WireRunDetail> {
  const run = await client.start(dag)
  const until = Date.now() + msMax
  for (;;) {
    const found = await client.call<WireRunDetail>('runs.get', { run: run.id }, undefined, { query: { wait: '2s' } })
    if (found.closedAt !== null || Date.now() > until) return found
    const { approvals } = await client.approvals.list({ limit: 100 })
    for (const { run: asked, dag, form } of approvals)
      if (dag.run === run.id) await client.approvals.approve(asked, { by: 'test', input: answerTo(form) }).catch(() => {})
  }
}

/** JSON Schema: defaults, else the first of what may be chosen. */
function answerTo(form: unknown): unknown {
  const { properties } = (form ?? {}) as { properties?: Record<string, Field> }
  if (properties === undefined) return undefined
  return Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, answerFor(field)]))
}
interface Field {
  default?: unknown
  enum?: unknown[]
  type?: string | string[]
  items?: Field
}
function answerFor({ default: given, enum: choices, type, items }: Field): unknown {
  if (given !== undefined) return given
  if (choices !== undefined) return choices[0]
  const kind = Array.isArray(type) ? type[0] : type
  if (kind === 'array') return items?.enum ? [items.enum[0]] : []
  return kind === 'number' || kind === 'integer' ? 1 : kind === 'boolean' ? true : kind === 'object' ? {} : 'text'
}

/** The text of a file, for who looks whether it has something to run. */
export function textOf({ file }: Example): string {
  return readFileSync(file, 'utf8')
}
