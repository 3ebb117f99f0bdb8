import { UserError } from '../../core/errors.ts'
import { hasDefault, type LateText, lateValue, readLate } from '../../core/late.ts'
import type { Ref, TaskResult } from '../../core/machine.ts'
import { TemplateError } from '../../core/template/error.ts'
import type { Delivery, Engine } from '../../engine/face.ts'
import { type Variables, withAddress } from './sources.ts'

/** What an input may become. */
const INPUT_LENGTH_MAX = 1024 * 1024

/** Tasks as their worker gets them, variables and connections in place. One whose input cannot be made fails at once, and says which name of it is not known. */
export async function filledTasks(
  tasks: readonly Delivery[],
  namespace: string,
  worker: string,
  engine: Engine,
  variables: Variables,
): Promise<readonly Delivery[]> {
  if (tasks.every(({ late }) => late === undefined)) return tasks
  const failed: (Ref & TaskResult)[] = []
  const filled = tasks.flatMap(task => {
    if (task.late === undefined || task.input === null) return [task]
    try {
      return [{ ...task, input: filledInput(task.input, task.late, namespace, variables) }]
    } catch (error) {
      const { run, task: id, attempt, delivery } = task
      failed.push({ run, task: id, attempt, delivery, is: 'failed', failure: failureOf(error), retry: false })
      return []
    }
  })
  if (failed.length > 0) await engine.tasks.complete(namespace, worker, failed)
  return filled
}

/** @throws UserError, TemplateError */
function filledInput(input: string, late: readonly LateText[], namespace: string, variables: Variables): string {
  const holder = { input: JSON.parse(input) as unknown }
  for (const { at, parts } of late) {
    const path = [
      'input',
      ...at
        .split('/')
        .slice(1)
        .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~')),
    ]
    const place = placeIn(holder, path)
    // A person may have changed the input since.
    if (place === null || place.holder[place.name] !== parts.join('')) continue
    place.holder[place.name] = standing(parts, `/input${at}`, namespace, variables)
  }
  const text = JSON.stringify(holder.input)
  if (text.length > INPUT_LENGTH_MAX)
    throw new UserError('payload-too-large', {
      at: '/input',
      found: text.length,
      hint: `with its variables an input has at most ${INPUT_LENGTH_MAX} characters`,
    })
  return text
}

function placeIn(value: object, path: readonly string[]): { holder: Record<string, unknown>; name: string } | null {
  let holder = value as Record<string, unknown>
  for (const step of path.slice(0, -1)) {
    const next = Object.hasOwn(holder, step) ? holder[step] : null
    if (typeof next !== 'object' || next === null) return null
    holder = next as Record<string, unknown>
  }
  const name = path.at(-1) as string
  return Object.hasOwn(holder, name) ? { holder, name } : null
}

/** A text that is one placeholder becomes the value itself. */
function standing(parts: readonly string[], at: string, namespace: string, variables: Variables): unknown {
  const values = parts.map((part, index) => (index % 2 === 0 ? part : lookedUp(part, at, namespace, variables)))
  const isOne = parts.length === 3 && parts[0]?.trim() === '' && parts[2]?.trim() === ''
  return isOne ? values[1] : values.map(value => (typeof value === 'string' ? value : JSON.stringify(value))).join('')
}

function lookedUp(placeholder: string, at: string, namespace: string, variables: Variables): unknown {
  const named = readLate(placeholder)
  if (named === null) return placeholder
  if (named.is === 'variable') {
    const found = hasDefault(named) ? variables.variable(namespace, named.name) : variables.require('variable', namespace, named.name, at)
    return lateValue(named, found?.value)
  }
  const found = hasDefault(named) ? variables.connection(namespace, named.name) : variables.require('connection', namespace, named.name, at)
  return lateValue(named, found === null ? null : withAddress(found.connection)[named.field])
}

function failureOf(error: unknown): (TaskResult & { is: 'failed' })['failure'] {
  if (error instanceof TemplateError) return { type: 'InvalidTemplate', code: error.code, message: error.title }
  if (!(error instanceof UserError)) throw error
  const { code, title, at, found, hint } = error.problem
  return { type: 'InvalidTemplate', code, message: `${title} ${[at, found, hint].filter(part => part !== undefined && part !== '').join(': ')}` }
}
