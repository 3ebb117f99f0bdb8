import { editDistance } from '../../core/edit-distance.ts'
import { UserError } from '../../core/errors.ts'
import { checkWait } from './check-wait.ts'
import { checkLate, looksLate } from './late.ts'
import {
  ACTIVE_MAX,
  ACTIVE_RUNS_MAX,
  CALLBACKS_MAX,
  type DagGroup,
  type DagMap,
  type DagSpec,
  type DagTask,
  EDGES_MAX,
  GROUPS_MAX,
  isEmpty,
  type Json,
  MADE_BY_NOTHING_MAX,
  MAP_ITEMS_MAX,
  mappedGroupOf,
  PAST_TASKS_MAX,
  SETUPS_MAX,
  TASKS_MAX,
  templateOf,
  templatesOf,
} from './spec.ts'
import { isLate, onlyPlaceholder, type Placeholder, placeholdersIn } from './template.ts'

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
  checkLate(spec, at)
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
  const callbacks = ids.filter(id => spec.tasks[id]?.wait?.callback)
  if (callbacks.length > CALLBACKS_MAX) throw bad(`${at}/tasks`, callbacks.length, `at most ${CALLBACKS_MAX} tasks of a DAG wait for callbacks`)
  const setups = ids.filter(id => spec.tasks[id]?.setup)
  if (setups.length > SETUPS_MAX) throw bad(`${at}/tasks`, setups.length, `a DAG has at most ${SETUPS_MAX} setups`)
  const past = ids.filter(id => spec.tasks[id]?.dependsOnPast || spec.tasks[id]?.waitForDownstream)
  if (past.length > PAST_TASKS_MAX) throw bad(`${at}/tasks`, past.length, `at most ${PAST_TASKS_MAX} tasks of a DAG depend on the past`)
  const making = ids.flatMap(id => (isEmpty(spec.tasks[id] as DagTask) ? (spec.tasks[id]?.options?.outlets ?? spec.defaults?.outlets ?? []) : []))
  if (making.length > MADE_BY_NOTHING_MAX)
    throw bad(`${at}/tasks`, making.length, `tasks that do nothing make at most ${MADE_BY_NOTHING_MAX} assets together: let jobs make the others`)
  const before = edgesOf(spec, at)
  const graph = ordered(ids, before, at)
  checkSetups(spec, graph, at)
  return graph
}

/** Each item of a mapped group has a setup of its own. */
function checkSetups({ tasks, groups }: DagSpec, { ids, downstream }: Graph, at: string): void {
  const groupOf = (id: string): string | null => mappedGroupOf(tasks[id]?.group, groups)
  for (const [n, id] of ids.entries()) {
    const group = groupOf(id)
    if (group === null || !tasks[id]?.setup) continue
    const outside = (downstream[n] as number[]).map(other => ids[other] as string).find(other => tasks[other]?.teardown && groupOf(other) !== group)
    if (outside !== undefined)
      throw bad(
        `${at}/tasks/${outside}/teardown`,
        outside,
        `its setup "${id}" is one of each item of the group "${group}": tear it down in that group`,
      )
  }
}

function checkGroups({ tasks, groups = {}, maxActiveTasks, maxActiveRuns }: DagSpec, at: string): void {
  if (maxActiveTasks !== undefined && maxActiveTasks > ACTIVE_MAX) throw bad(`${at}/maxActiveTasks`, maxActiveTasks, `at most ${ACTIVE_MAX}`)
  if (maxActiveRuns !== undefined && (maxActiveRuns < 1 || maxActiveRuns > ACTIVE_RUNS_MAX))
    throw bad(`${at}/maxActiveRuns`, maxActiveRuns, `1 to ${ACTIVE_RUNS_MAX}`)
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
  const inMapped = new Set(Object.values(tasks).map(task => mappedGroupOf(task.group, groups)))
  for (const [id, group] of Object.entries(groups)) {
    if (group.map === undefined) continue
    const place = `${at}/groups/${id}/map`
    const outer = mappedGroupOf(group.group, groups)
    if (outer !== null)
      throw bad(
        place,
        id,
        `it is in the group "${outer}", which is mapped: map over one list of what both have, or make the inner one a DAG of its own`,
      )
    if (!inMapped.has(id)) throw bad(place, id, 'there is no task in this group')
    checkMap(group.map, place, null, tasks)
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
  together('job', 'approval')
  together('input', 'approval')
  together('job', 'wait')
  together('input', 'wait')
  together('approval', 'wait')
  const group = mappedGroupOf(task.group, groups)
  if (group !== null && task.map)
    throw bad(
      `${at}/map`,
      id,
      `it is in the group "${group}", which is mapped: map over one list of what both have, or make this task a DAG of its own that is mapped`,
    )
  if (group !== null && task.when === 'always')
    throw bad(`${at}/when`, task.when, `which items the group "${group}" has is known once what it is mapped over has ended: say all_done`)
  if (group !== null && isEmpty(task) && task.options?.outlets !== undefined)
    throw bad(`${at}/outlets`, id, `it does nothing, once for each item of the group "${group}": let a job make what it makes`)
  if (task.wait !== undefined) checkWait(task.wait, `${at}/wait`, task.map !== undefined || group !== null)
  if (task.map && task.approval && (task.approval.onReject ?? 'skip') === 'skip')
    throw bad(
      `${at}/approval/onReject`,
      task.approval.onReject,
      'of a mapped approval a rejection is "fail" or "continue": there is no one answer that what follows could be skipped by',
    )
  if ((task.dependsOnPast || task.waitForDownstream) && isEmpty(task))
    throw bad(
      `${at}/${task.dependsOnPast ? 'dependsOnPast' : 'waitForDownstream'}`,
      true,
      'a task without a job does nothing, and waits for no other run',
    )
  if (task.poolSlots !== undefined && task.pool === undefined) throw bad(`${at}/poolSlots`, task.poolSlots, 'of which pool? Say `pool`')
  if (task.pool !== undefined && task.job === undefined) throw bad(`${at}/pool`, task.pool, 'a task without a job holds nothing')
  if (task.failsRun && !task.teardown) throw bad(`${at}/failsRun`, true, 'only a teardown says whether its failure is the run’s')
  if (task.when === 'all_done_setup_success' && !task.teardown) throw bad(`${at}/when`, task.when, 'this rule is for teardowns')
  for (const { at: within, found, placeholder } of placeholdersIn(
    templateOf(task) ?? null,
    `${at}/${task.approval !== undefined ? 'approval' : task.wait !== undefined ? 'wait' : 'input'}`,
  ))
    checkPlaceholder(placeholder, { id, at: within, found, tasks, isMapped: task.map !== undefined || group !== null })
  if (task.cache !== undefined) checkCache(task, id, tasks, at, task.map !== undefined || group !== null)
  if (task.map !== undefined) checkMap(task.map, `${at}/map`, id, tasks)
}

function checkCache(task: DagTask, id: string, tasks: DagSpec['tasks'], at: string, isMapped: boolean): void {
  const { cache: { key = null } = {}, job, setup, teardown } = task
  if (job === undefined) throw bad(`${at}/cache`, id, 'a task without a job gives nothing that could be kept')
  if (setup || teardown) throw bad(`${at}/cache`, id, `a ${setup ? 'setup' : 'teardown'} is there for what it does: it always runs`)
  for (const { at: within, found, placeholder } of placeholdersIn(key, `${at}/cache/key`)) {
    if (placeholder !== null && isLate(placeholder))
      throw bad(within, found, 'variables and connections are looked up later, and by nobody for a key')
    checkPlaceholder(placeholder, { id, at: within, found, tasks, isMapped })
  }
}

function checkMap(map: DagMap, at: string, id: string | null, tasks: DagSpec['tasks']): void {
  const lists: [string, Json][] =
    'over' in map
      ? [[`${at}/over`, map.over]]
      : Object.entries('zip' in map ? map.zip : map.cross).map(([name, list]) => [`${at}/${'zip' in map ? 'zip' : 'cross'}/${name}`, list])
  if (lists.length === 0) throw bad(at, undefined, 'there is nothing to map over')
  for (const [place, list] of lists) {
    for (const { at: within, found, placeholder } of placeholdersIn(list, place))
      checkPlaceholder(placeholder, { id, at: within, found, tasks, isMapped: false })
    if (Array.isArray(list)) {
      if (list.length > MAP_ITEMS_MAX) throw bad(place, list.length, `there are at most ${MAP_ITEMS_MAX} items`)
    } else if (onlyPlaceholder(list) === null)
      throw bad(place, list, 'what is mapped over is a list: write one, or "{{output.…}}" of the task that gives it')
    const word = onlyPlaceholder(list)?.word
    if (word !== undefined && word !== 'output' && word !== 'input') throw bad(place, list, 'this is no list')
  }
}

function checkPlaceholder(
  placeholder: Placeholder | null,
  { id, at, found, tasks, isMapped }: { id: string | null; at: string; found: string; tasks: DagSpec['tasks']; isMapped: boolean },
): void {
  if (placeholder === null && looksLate(found)) return
  if (placeholder === null)
    throw bad(
      at,
      found,
      'an input may say {{output.TASK}}, {{input}}, {{item}}, {{index}}, {{callback.TASK}}, {{run}}, {{nominalTime}}, {{nominalDate}}, {{intervalStart}}, {{intervalEnd}}, {{var.NAME}}, {{conn.NAME.FIELD}}, and filters of docs/dags.md behind these',
    )
  const { word, task } = placeholder
  if ((word === 'item' || word === 'index') && !isMapped)
    throw bad(at, found, 'only the input of a mapped task, or of one in a mapped group, has an item')
  if (task === null) return
  if (tasks[task] === undefined) throw unknown(at, task, Object.keys(tasks), 'task')
  if (word === 'callback') {
    if (!tasks[task]?.wait?.callback) throw bad(at, found, `"${task}" waits for no callback, so it has no token`)
    return
  }
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
  for (const id of Object.keys(groups).sort((a, b) => depthOf(b, groups) - depthOf(a, groups))) {
    const { after = [], map } = groups[id] as DagGroup
    const names = after.map((name, index) => ({ name, place: `${at}/groups/${id}/after/${index}` }))
    for (const name of outputsIn(map)) names.push({ name, place: `${at}/groups/${id}/map` })
    for (const { name, place } of names) {
      const own = members.get(id) as Set<string>
      if (name === id || own.has(name)) throw bad(place, name, 'a group does not wait for what is in it')
      const theirs = members.get(name)
      if (tasks[name] === undefined && theirs === undefined)
        throw unknown(place, name, [...Object.keys(tasks), ...Object.keys(groups)], 'task or group')
      const others = theirs === undefined ? [name] : lastOf(theirs, tasks, before)
      for (const first of firstOf(own, before)) for (const other of others) add(first, other)
    }
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
export function outputsOf(task: DagTask): string[] {
  return [...new Set([...outputsNamed(templatesOf(task)), ...outputsIn(task.map)])]
}

/** Tasks whose output is mapped over. */
export function outputsIn(map: DagMap | undefined): string[] {
  const lists = map === undefined ? [] : 'over' in map ? [map.over] : Object.values('zip' in map ? map.zip : map.cross)
  return [...new Set(lists.flatMap(outputsNamed))]
}

function outputsNamed(template: Json): string[] {
  return placeholdersIn(template).flatMap(({ placeholder }) => (placeholder?.word === 'output' ? (placeholder.task as string) : []))
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
