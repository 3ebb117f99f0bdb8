import { UserError } from '../../core/errors.ts'
import { CONNECTION_FIELDS, LATE_MAX } from '../../core/late.ts'
import type { DagSpec, DagTask, Json } from './spec.ts'
import { templateOf } from './spec.ts'
import { isLate, placeholdersIn } from './template.ts'

/**
 * Variables and connections are looked up for whoever does a job, and nowhere else: what a machine reads is kept.
 * Asked when a DAG is registered; one that is there already keeps texts that only look like them.
 * @throws UserError `invalid-dag`
 */
export function checkLate({ tasks, groups = {}, output }: DagSpec, at: string): void {
  for (const [id, task] of Object.entries(tasks)) checkTask(task, `${at}/tasks/${id}`)
  for (const [id, { map }] of Object.entries(groups))
    for (const { at: place, found } of lateIn((map ?? null) as Json, `${at}/groups/${id}/map`)) throw bad(place, found, ELSEWHERE)
  for (const { at: place, found } of lateIn(output ?? null, `${at}/output`)) throw bad(place, found, ELSEWHERE)
}

function checkTask(task: DagTask, at: string): void {
  const named = lateIn(templateOf(task) ?? null, `${at}/${task.approval !== undefined ? 'approval' : task.wait !== undefined ? 'wait' : 'input'}`)
  for (const { at: place, found, isRead } of named) {
    if (task.job === undefined) throw bad(place, found, ELSEWHERE)
    if (!isRead)
      throw bad(
        place,
        found,
        `expected {{var.NAME}}, {{var.NAME:part}}, {{conn.NAME.FIELD}} or {{conn.NAME.extra:part}}; fields: ${CONNECTION_FIELDS.join(', ')}`,
      )
  }
  if (named.length > LATE_MAX) throw bad(`${at}/input`, named.length, `an input names at most ${LATE_MAX} variables and connections`)
  for (const { at: place, found } of lateIn((task.map ?? null) as Json, `${at}/map`)) throw bad(place, found, ELSEWHERE)
}

const ELSEWHERE = 'variables and connections are for the input of a job: what is kept elsewhere is read by people'

function lateIn(template: Json, at: string): { at: string; found: string; isRead: boolean }[] {
  return placeholdersIn(template, at).flatMap(({ at: place, found, placeholder }) => {
    if (placeholder === null ? !looksLate(found) : !isLate(placeholder)) return []
    return [{ at: place, found, isRead: placeholder !== null }]
  })
}

export function looksLate(found: string): boolean {
  return /^\{\{\s*(var|conn)\b/.test(found)
}

function bad(at: string, found: unknown, hint: string): UserError {
  return new UserError('invalid-dag', { at, found, hint })
}
