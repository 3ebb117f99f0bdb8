import { editDistance } from '../../core/edit-distance.ts'
import { UserError } from '../../core/errors.ts'
import {
  ACTIVE_MAX,
  type DagGroup,
  type DagMap,
  type DagSpec,
  type DagTask,
  EDGES_MAX,
  GROUPS_MAX,
  type Json,
  MAP_ITEMS_MAX,
  SETUPS_MAX,
  TASKS_MAX,
} from './spec.ts'
import { onlyPlaceholder, type Placeholder, placeholdersIn } from './template.ts'

/** A DAG's tasks in an order in which each stands after those that it waits for; the same for the same DAG. */
export interface Graph {
  ids: readonly string[]
  /** By number: the tasks that it waits for, and those that wait for it. */
  upstream: readonly (readonly number[])[]
  downstream: readonly (readonly number[])[]
  numbers: ReadonlyMap<string, number>
}

/** @throws UserError `invalid-dag` */
export function checkDag(name: string, spec: DagSpec, at: string): void {
  for (const [id, { job }] of Object.entries(spec.tasks))
    if (job === name) throw bad(`${at}/tasks/${id}/job`, job, 'a DAG that is a task of itself would never end')
  graphOf(spec, at)
}

/**
 * Resolves groups and what inputs name, and checks all that the form of a DAG does not say.
 * @throws UserError `invalid-dag`, with the place and what was found there: a cycle as `a → b → a`.
 */
export function graphOf(spec: DagSpec, at = ''): Graph {
  const ids = Object.keys(spec.tasks).sort()
  if (ids.length === 0) throw bad(`${at}/tasks`, undefined, 'a DAG has at least one task')
  if (ids.length > TASKS_MAX) throw bad(`${at}/tasks`, ids.length, `a DAG has at most ${TASKS_MAX} tasks`)
  const groups = spec.groups ?? {}
  if (Object.keys(groups).length > GROUPS_MAX) throw bad(`${at}/groups`, Object.keys(groups).length, `a DAG has at most ${GROUPS_MAX} groups`)
  checkGroups(spec, at)
  for (const id of ids) checkTask(id, spec, `${at}/tasks/${id}`)
  for (const { at: within, found, placeholder } of placeholdersIn(spec.output ?? null, `${at}/output`))
    checkPlaceholder(placeholder, { id: null, at: within, found, tasks: spec.tasks, isMapped: false })
  const setups = ids.filter(id => spec.tasks[id]?.setup)
  if (setups.length > SETUPS_MAX) throw bad(`${at}/tasks`, setups.length, `a DAG has at most ${SETUPS_MAX} setups`)
  const before = edgesOf(spec, at)
  return ordered(ids, before, at)
}

function checkGroups({ tasks, groups = {}, maxActiveTasks }: DagSpec, at: string): void {
  if (maxActiveTasks !== undefined && maxActiveTasks > ACTIVE_MAX) throw bad(`${at}/maxActiveTasks`, maxActiveTasks, `at most ${ACTIVE_MAX}`)
  for (const [id, group] of Object.entries(groups)) {
    const place = `${at}/groups/${id}`
    if (tasks[id] !== undefined) throw bad(place, id, 'a task has this id, and both are named in `after`')
    const chain = [id]
    for (let outer = group.group; outer !== undefined; outer = (groups[outer] as DagGroup).group) {
      if (groups[outer] === undefined) throw unknown(`${place}/group`, outer, Object.keys(groups), 'group')
      if (chain.includes(outer)) throw bad(`${place}/group`, outer, `a group is in itself: ${[...chain, outer].join(' in ')}`)
      chain.push(outer)
    }
  }
}

function checkTask(id: string, { tasks, groups = {} }: DagSpec, at: string): void {
  const task = tasks[id] as DagTask
  if (task.group !== undefined && groups[task.group] === undefined) throw unknown(`${at}/group`, task.group, Object.keys(groups), 'group')
  const together = (one: keyof DagTask, other: keyof DagTask): void => {
    if (task[one] && task[other]) throw bad(`${at}/${other}`, other, `${one} and ${other} cannot be combined`)
  }
  together('branch', 'shortCircuit')
  together('setup', 'teardown')
  together('map', 'branch')
  together('map', 'shortCircuit')
  together('map', 'setup')
  together('map', 'teardown')
  if (task.failsRun && !task.teardown) throw bad(`${at}/failsRun`, true, 'only a teardown says whether its failure is the run’s')
  if (task.when === 'all_done_setup_success' && !task.teardown) throw bad(`${at}/when`, task.when, 'this rule is for teardowns')
  for (const { at: within, found, placeholder } of placeholdersIn(task.input ?? null, `${at}/input`))
    checkPlaceholder(placeholder, { id, at: within, found, tasks, isMapped: task.map !== undefined })
  if (task.map !== undefined) checkMap(task.map, `${at}/map`, id, tasks)
}

function checkMap(map: DagMap, at: string, id: string, tasks: DagSpec['tasks']): void {
  const lists: [string, Json][] =
    'over' in map
      ? [[`${at}/over`, map.over]]
      : Object.entries('zip' in map ? map.zip : map.cross).map(([name, list]) => [`${at}/${'zip' in map ? 'zip' : 'cross'}/${name}`, list])
  if (lists.length === 0) throw bad(at, undefined, 'there is nothing to map over')
  for (const [place, list] of lists) {
    for (const { at: within, found, placeholder } of placeholdersIn(list, place))
      checkPlaceholder(placeholder, { id, at: within, found, tasks, isMapped: false })
    if (Array.isArray(list)) {
      if (list.length > MAP_ITEMS_MAX) throw bad(place, list.length, `a task is mapped over at most ${MAP_ITEMS_MAX} items`)
    } else if (onlyPlaceholder(list) === null)
      throw bad(place, list, 'a task is mapped over a list: write one, or "{{output.…}}" of the task that gives it')
    const word = onlyPlaceholder(list)?.word
    if (word !== undefined && word !== 'output' && word !== 'input') throw bad(place, list, 'this is no list')
  }
}

function checkPlaceholder(
  placeholder: Placeholder | null,
  { id, at, found, tasks, isMapped }: { id: string | null; at: string; found: string; tasks: DagSpec['tasks']; isMapped: boolean },
): void {
  if (placeholder === null)
    throw bad(
      at,
      found,
      'an input may say {{output.TASK}}, {{input}}, {{item}}, {{index}}, {{run}}, {{nominalTime}}, {{nominalDate}}, {{intervalStart}}, {{intervalEnd}}, and filters of docs/dags.md behind these',
    )
  const { word, task } = placeholder
  if ((word === 'item' || word === 'index') && !isMapped) throw bad(at, found, 'only the input of a mapped task has an item')
  if (task === null) return
  if (tasks[task] === undefined) throw unknown(at, task, Object.keys(tasks), 'task')
  if (task === id) throw bad(at, found, 'a task does not wait for itself')
}

/** Of each task, those that it waits for. */
function edgesOf(spec: DagSpec, at: string): Map<string, Set<string>> {
  const { tasks, groups = {} } = spec
  const before = new Map(Object.keys(tasks).map(id => [id, new Set<string>()]))
  let edges = 0
  const add = (id: string, other: string): void => {
    const known = before.get(id) as Set<string>
    if (known.has(other)) return
    known.add(other)
    if (++edges > EDGES_MAX)
      throw bad(`${at}/tasks`, undefined, `there are more than ${EDGES_MAX} edges between its tasks: put an empty task in the middle`)
  }
  // Which tasks of a group are its first and last follows from the edges between them: inner groups come first.
  const members = membersOf(spec)
  const waits: { id: string; place: string; name: string }[] = []
  for (const [id, task] of Object.entries(tasks)) {
    for (const [index, name] of (task.after ?? []).entries()) {
      const place = `${at}/tasks/${id}/after/${index}`
      if (tasks[name] !== undefined) {
        if (name === id) throw bad(place, name, 'a task does not wait for itself')
        add(id, name)
      } else if (groups[name] !== undefined) waits.push({ id, place, name })
      else throw unknown(place, name, [...Object.keys(tasks), ...Object.keys(groups)], 'task or group')
    }
    for (const other of outputsOf(task)) add(id, other)
  }
  for (const id of Object.keys(groups).sort((a, b) => depthOf(b, groups) - depthOf(a, groups)))
    for (const [index, name] of (groups[id]?.after ?? []).entries()) {
      const place = `${at}/groups/${id}/after/${index}`
      const own = members.get(id) as Set<string>
      if (name === id || own.has(name)) throw bad(place, name, 'a group does not wait for what is in it')
      const theirs = members.get(name)
      if (tasks[name] === undefined && theirs === undefined)
        throw unknown(place, name, [...Object.keys(tasks), ...Object.keys(groups)], 'task or group')
      const others = theirs === undefined ? [name] : lastOf(theirs, tasks, before)
      for (const first of firstOf(own, before)) for (const other of others) add(first, other)
    }
  for (const { id, place, name } of waits) {
    const others = members.get(name) as Set<string>
    if (others.has(id)) throw bad(place, name, 'a task does not wait for the group that it is in')
    for (const other of lastOf(others, tasks, before)) add(id, other)
  }
  return before
}

function depthOf(id: string, groups: { readonly [id: string]: DagGroup }): number {
  const outer = groups[id]?.group
  return outer === undefined ? 0 : 1 + depthOf(outer, groups)
}

function firstOf(ids: ReadonlySet<string>, before: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  return [...ids].filter(id => ![...(before.get(id) as ReadonlySet<string>)].some(other => ids.has(other)))
}

/** What follows a group does not wait for its teardowns, unless there is nothing else in it. */
function lastOf(ids: ReadonlySet<string>, tasks: DagSpec['tasks'], before: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const work = [...ids].filter(id => !tasks[id]?.teardown)
  const counted = work.length > 0 ? work : [...ids]
  const followed = new Set(counted.flatMap(id => [...(before.get(id) as ReadonlySet<string>)]))
  return counted.filter(id => !followed.has(id))
}

/** Tasks whose output a task's input or map names. */
export function outputsOf({ input = null, map }: DagTask): string[] {
  const lists = map === undefined ? [] : 'over' in map ? [map.over] : Object.values('zip' in map ? map.zip : map.cross)
  const named = [input, ...lists].flatMap(template => placeholdersIn(template).flatMap(({ placeholder }) => placeholder?.task ?? []))
  return [...new Set(named)]
}

function membersOf({ tasks, groups = {} }: DagSpec): Map<string, Set<string>> {
  const members = new Map(Object.keys(groups).map(id => [id, new Set<string>()]))
  for (const [id, task] of Object.entries(tasks))
    for (let group = task.group; group !== undefined; group = groups[group]?.group) members.get(group)?.add(id)
  return members
}

/** Kahn's order, by id where several could be next. */
function ordered(ids: readonly string[], before: Map<string, Set<string>>, at: string): Graph {
  const after = new Map<string, string[]>(ids.map(id => [id, []]))
  for (const id of ids) for (const other of before.get(id) as Set<string>) (after.get(other) as string[]).push(id)
  const open = new Map(ids.map(id => [id, (before.get(id) as Set<string>).size]))
  const order = ids.filter(id => open.get(id) === 0)
  for (let next = 0; next < order.length; next++)
    for (const id of after.get(order[next] as string) as string[]) {
      const left = (open.get(id) as number) - 1
      open.set(id, left)
      if (left === 0) order.push(id)
    }
  if (order.length < ids.length) throw cycle(ids, before, open, at)
  const numbers = new Map(order.map((id, number) => [id, number]))
  const numbered = (others: Iterable<string>): number[] => [...others].map(id => numbers.get(id) as number).sort((a, b) => a - b)
  return {
    ids: order,
    upstream: order.map(id => numbered(before.get(id) as Set<string>)),
    downstream: order.map(id => numbered(after.get(id) as string[])),
    numbers,
  }
}

/** Whoever is left waits for somebody who is left: backwards one comes round. */
function cycle(ids: readonly string[], before: Map<string, Set<string>>, open: Map<string, number>, at: string): UserError {
  const isLeft = (id: string): boolean => (open.get(id) as number) > 0
  const path: string[] = []
  let id = ids.find(isLeft) as string
  const seen = new Map<string, number>()
  while (!seen.has(id)) {
    seen.set(id, path.length)
    path.push(id)
    id = [...(before.get(id) as Set<string>)].find(isLeft) as string
  }
  const round = [id, ...path.slice(seen.get(id)).reverse()]
  const shown = round.length > CYCLE_SHOWN_MAX ? [...round.slice(0, CYCLE_SHOWN_MAX), '…', id] : round
  return new UserError('invalid-dag', {
    at: `${at}/tasks/${id}`,
    found: shown.join(' → '),
    hint: 'each waits for the one before it, so none can begin: take one of these edges out',
    data: { cycle: shown },
  })
}
const CYCLE_SHOWN_MAX = 20

function bad(at: string, found: unknown, hint: string): UserError {
  return new UserError('invalid-dag', { at, hint, ...(found === undefined ? {} : { found }) })
}

function unknown(at: string, found: string, known: readonly string[], what: string): UserError {
  const near = known
    .slice(0, NEAREST_LOOKED_AT_MAX)
    .map(name => ({ name, distance: editDistance(found, name) }))
    .sort((a, b) => a.distance - b.distance)[0]
  const guess = near !== undefined && near.distance <= Math.max(2, found.length / 3) ? `; did you mean "${near.name}"?` : ''
  return bad(at, found, `there is no ${what} of this id${guess}`)
}
const NEAREST_LOOKED_AT_MAX = 1_000
