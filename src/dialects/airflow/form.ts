/** What reader/ says of a DAG file, form 1. */
export interface ReadFile {
  form: 1
  error?: { line: number; what: string }
  /** The file imports `airflow.sdk`: it is one of Airflow 3, whose defaults and dates are other ones. */
  airflow3?: boolean
  dags: ReadDag[]
  notes: ReadNote[]
}
export interface ReadNote {
  line: number
  code: string
  what: string
  hint: string
  task: string | null
}
export interface ReadDag {
  id: string
  line: number
  options: Record<string, Read>
  params: Record<string, Read>
  tasks: ReadTask[]
  groups: ReadGroup[]
  /** Before, after. */
  edges: [ReadEnd, ReadEnd][]
}
export type ReadEnd = { task: string } | { group: string }
export interface ReadTask {
  id: string
  line: number
  /** Class of the operator, or the decorator: `BashOperator`, `task.branch`, `class Mine`. */
  operator: string
  group: string | null
  options: Record<string, Read>
  callable: ReadCallable | null
  arguments: Read[]
  named: Record<string, Read>
  mapped: ReadMapping | null
  setup: boolean
  teardown: boolean
  failsRun: boolean
}
export interface ReadGroup {
  id: string
  line: number
  group: string | null
  options: Record<string, Read>
  mapped: ReadMapping | null
}
/** `list`: of `expand_kwargs`. `takes`: of a group that is called so, the names of its arguments. */
export interface ReadMapping {
  named: Record<string, Read>
  list: Read | null
  takes?: string[]
}
/** reader/callables.py. */
export interface ReadCallable {
  name: string
  imported: boolean
  takes: string[]
  pulls: { task: string | null; key: string | null }[]
  pushes: boolean
  needs: string[]
  context: boolean
}
/** A value: plain, or one that is more than that. */
export type Read = null | boolean | number | string | Read[] | { [name: string]: Read }
export type Special =
  | { $: 'xcom'; task: string; key: string | null; path: (string | number)[] }
  | { $: 'task'; task: string }
  | { $: 'param'; name: string }
  | { $: 'item'; group: string; name: string }
  | { $: 'duration'; seconds: number }
  | { $: 'moment'; iso: string; zone: string | null }
  | { $: 'thing'; kind: string; arguments: Read[]; options: Record<string, Read>; line: number }
  | { $: 'symbol'; path: string }
  | { $: 'function'; name: string }
  | { $: 'unknown'; text: string }

export function specialOf(value: Read | undefined): Special | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value.$ === 'string' ? (value as unknown as Special) : null
}

/** What a person should know of the translation. `todo`: something of the DAG is not as it was; `info`: it is done otherwise, or nothing hangs on it. */
export interface Note {
  level: 'todo' | 'info'
  line: number
  dag: string | null
  task: string | null
  /** Stable. */
  code: string
  what: string
  hint: string
}
