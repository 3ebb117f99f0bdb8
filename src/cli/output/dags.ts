import type { WireDag, WireDagTask, WireDagTasks, WireDefinitionDetail, WireReruns, WireTaskCache } from '@mainspring/sdk'
import { durationText } from '../../core/duration-text.ts'
import { shortId } from '../../core/ids.ts'
import type { Look } from './runs.ts'
import { oneLine, table } from './table.ts'
import { distanceText } from './words.ts'

/** `mainspring dag show`. */
export function dagText({ name, version, dag }: WireDefinitionDetail): string {
  const tasks = Object.entries(dag?.tasks ?? {})
  const rows = table(
    [
      { title: 'task', value: ([id]) => oneLine(id), widthMax: 50 },
      { title: 'job', value: ([, { job }]) => oneLine(job ?? '-'), widthMax: 40 },
      { title: 'after', value: ([, task]) => oneLine([...(task.after ?? []), ...outputsIn(task)].filter(isFirst).join(' ')) || '-', widthMax: 60 },
      { title: 'when', value: ([, { when, teardown }]) => when ?? (teardown ? 'all_done_setup_success' : 'all_success') },
      { title: 'is', value: ([, task]) => traits(task, dag?.groups) || '-' },
    ],
    tasks,
  )
  return `${oneLine(name)}, version ${oneLine(version).slice(0, 12)}\n\n${rows}`
}

function isFirst(value: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(value) === index
}

/** Whose output it names. */
function outputsIn({ input, map, approval, wait, cache }: WireDagTask): string[] {
  return [
    ...JSON.stringify([input ?? null, map ?? null, approval ?? null, wait ?? null, cache?.key ?? null]).matchAll(/\{\{\s*output\.([^{}:\s]+)/g),
  ].map(([, id = '']) => id)
}

function traits({ map, branch, shortCircuit, setup, teardown, approval, wait, cache, group }: WireDagTask, groups: WireDag['groups'] = {}): string {
  const isMapped = (id: string | undefined): boolean => id !== undefined && (groups[id]?.map !== undefined || isMapped(groups[id]?.group))
  return [
    approval && 'approval',
    wait && 'waits',
    (map || isMapped(group)) && 'mapped',
    branch && 'branch',
    shortCircuit && 'short circuit',
    setup && 'setup',
    teardown && 'teardown',
    cache && 'cached',
  ]
    .filter(Boolean)
    .join(', ')
}

/** `mainspring dag rerun` of many runs, or of what would be. */
export function rerunsText({ dryRun, runs }: WireReruns): string {
  const rows = table(
    [
      { title: 'run', value: ({ run }) => shortId(run) },
      { title: 'for', value: ({ nominalTime }) => nominalTime },
      ...(dryRun
        ? [{ title: 'tasks', value: ({ count }: RerunOfRun) => (count === null ? '-' : String(count)) }]
        : [{ title: 'again', value: ({ again }: RerunOfRun) => (again === null ? '-' : shortId(again)) }]),
      { title: dryRun ? 'would run again' : '', value: rerunText, widthMax: 100 },
    ],
    runs,
  )
  const count = runs.filter(({ refused }) => refused === null).length
  const said = dryRun ? `${count} of ${runs.length} runs would be run again; nothing was changed` : `${count} of ${runs.length} runs started again`
  return `${rows}\n${said}`
}

function rerunText({ tasks, count, refused }: RerunOfRun): string {
  if (refused !== null) return oneLine(`${refused.hint ?? refused.title} [${refused.code}]`)
  const named = (tasks ?? []).slice(0, TASKS_NAMED_MAX).map(({ task, items }) => (items === null ? task : `${task} (${items} items)`))
  return oneLine([...named, ...((count ?? 0) > named.length ? ['…'] : [])].join(', '))
}
type RerunOfRun = WireReruns['runs'][number]
const TASKS_NAMED_MAX = 10

type TaskState = WireDagTasks['tasks'][number]

/** `mainspring dag tasks`. */
export function dagTasksText({ run, definition, tasks }: WireDagTasks, { paint }: Look): string {
  const rows = table(
    [
      { title: 'task', value: task => oneLine(task.task), widthMax: 50 },
      { title: 'state', value: task => (QUIET.has(task.state) ? paint.dim(task.state) : task.state) },
      { title: 'run', value: task => (task.run === null ? '-' : `${shortId(task.run)}${task.cached > 0 ? ' (kept)' : ''}`) },
      { title: 'items', value: itemsText },
      { title: 'rule', value: task => task.rule },
      { title: 'waits for', value: waitsText, widthMax: 60 },
    ],
    tasks,
  )
  return `${oneLine(definition)} ${shortId(run)}\n\n${rows}`
}

function itemsText({ items, cached }: TaskState): string {
  return items === null ? '-' : `${countsText(items)}${cached > 0 ? `, ${cached} kept` : ''}`
}

/** `mainspring dag cache`. */
export function taskCacheText({ definition, task, ttl, count, length, entries }: WireTaskCache, { now }: Look): string {
  const kept = `${count} ${count === 1 ? 'result' : 'results'} kept, ${length} characters`
  const title = `${oneLine(definition)} ${oneLine(task)}: ${kept}${ttl === null ? '' : `, for ${durationText(ttl)}`}`
  if (entries.length === 0) return title
  const rows = table(
    [
      { title: 'key', value: ({ key }) => oneLine(key), widthMax: 60 },
      { title: 'kept', value: ({ at }) => distanceText(at, now) },
      { title: 'run', value: ({ run }) => shortId(run) },
    ],
    entries,
  )
  return `${title}\n\n${rows}`
}

/** The rest of what it waits for has ended so; of one that has failed without a run, why. */
function waitsText({ waitsFor, ended, reason }: TaskState): string {
  if (reason !== null) return oneLine(reason)
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
