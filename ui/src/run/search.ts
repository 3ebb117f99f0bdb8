import { listOf, present, textOf } from '../app/search.ts'
import { LEVELS, type Level } from './logs/rows.ts'

export const TABS = ['tasks', 'overview', 'logs', 'history', 'data', 'explain'] as const
export type RunTab = (typeof TABS)[number]

const VIEWS = ['table', 'gantt', 'graph'] as const
export type TasksView = (typeof VIEWS)[number]

/** What is shown of a run, as it stands in the address. */
export interface RunSearch {
  /** Absent: the tasks of a DAG's run, of any other the overview. */
  tab?: RunTab | undefined
  /** Of a DAG's tasks. Absent: as a table. */
  view?: TasksView | undefined
  /** The task that is picked. */
  task?: string | undefined
  /** Only this attempt's log lines. */
  attempt?: number | undefined
  level?: Level[] | undefined
  /** Looked for in the logs, or what a history's events have in them. */
  find?: string | undefined
  wrap?: 'off' | undefined
  /** Of log lines: since the attempt began. */
  times?: 'relative' | undefined
  /** The history as JSON. */
  raw?: 'on' | undefined
  /** The timeline cuts no wait short. */
  scale?: 'true' | undefined
}

export function validateRunSearch(search: Record<string, unknown>): { [K in keyof RunSearch]?: Exclude<RunSearch[K], undefined> } {
  const attempt = Number(textOf(search.attempt))
  const tab = textOf(search.tab)
  return present({
    tab: TABS.find(known => known === tab),
    view: VIEWS.find(view => view !== 'table' && view === textOf(search.view)),
    task: textOf(search.task),
    attempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : undefined,
    level: listOf(search.level, LEVELS),
    find: textOf(search.find),
    wrap: textOf(search.wrap) === 'off' ? ('off' as const) : undefined,
    times: textOf(search.times) === 'relative' ? ('relative' as const) : undefined,
    raw: textOf(search.raw) === 'on' ? ('on' as const) : undefined,
    scale: textOf(search.scale) === 'true' ? ('true' as const) : undefined,
  })
}

/** What of a run is shown first. */
export function firstTab({ kind }: { kind: string }): RunTab {
  return kind === 'dag' ? 'tasks' : 'overview'
}
