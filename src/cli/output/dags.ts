import type { WireDagTask, WireDagTasks, WireDefinitionDetail } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import type { Look } from './runs.ts'
import { oneLine, table } from './table.ts'

/** `mainspring dag show`. */
export function dagText({ name, version, dag }: WireDefinitionDetail): string {
  const tasks = Object.entries(dag?.tasks ?? {})
  const rows = table(
    [
      { title: 'task', value: ([id]) => oneLine(id), widthMax: 50 },
      { title: 'job', value: ([, { job }]) => oneLine(job ?? '-'), widthMax: 40 },
      { title: 'after', value: ([, task]) => oneLine([...(task.after ?? []), ...outputsIn(task)].filter(isFirst).join(' ')) || '-', widthMax: 60 },
      { title: 'when', value: ([, { when, teardown }]) => when ?? (teardown ? 'all_done_setup_success' : 'all_success') },
      { title: 'is', value: ([, task]) => traits(task) || '-' },
    ],
    tasks,
  )
  return `${oneLine(name)}, version ${oneLine(version).slice(0, 12)}\n\n${rows}`
}

function isFirst(value: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(value) === index
}

/** Whose output it names. */
function outputsIn({ input, map }: WireDagTask): string[] {
  return [...JSON.stringify([input ?? null, map ?? null]).matchAll(/\{\{\s*output\.([^{}:\s]+)/g)].map(([, id = '']) => id)
}

function traits({ map, branch, shortCircuit, setup, teardown }: WireDagTask): string {
  return [map && 'mapped', branch && 'branch', shortCircuit && 'short circuit', setup && 'setup', teardown && 'teardown'].filter(Boolean).join(', ')
}

type TaskState = WireDagTasks['tasks'][number]

/** `mainspring dag tasks`. */
export function dagTasksText({ run, definition, tasks }: WireDagTasks, { paint }: Look): string {
  const rows = table(
    [
      { title: 'task', value: task => oneLine(task.task), widthMax: 50 },
      { title: 'state', value: task => (QUIET.has(task.state) ? paint.dim(task.state) : task.state) },
      { title: 'run', value: task => (task.run === null ? '-' : shortId(task.run)) },
      { title: 'items', value: task => countsText(task.items ?? {}) || '-' },
      { title: 'rule', value: task => task.rule },
      { title: 'waits for', value: waitsText, widthMax: 60 },
    ],
    tasks,
  )
  return `${oneLine(definition)} ${shortId(run)}\n\n${rows}`
}

/** The rest of what it waits for has ended so. */
function waitsText({ waitsFor, ended }: TaskState): string {
  if (waitsFor.length === 0) return '-'
  const over = countsText(ended)
  return `${oneLine(waitsFor.join(' '))}${over === '' ? '' : ` (of the others: ${over})`}`
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

/** Of these nothing is to be seen to. */
const QUIET: ReadonlySet<TaskState['state']> = new Set(['waiting', 'skipped', 'removed'])
