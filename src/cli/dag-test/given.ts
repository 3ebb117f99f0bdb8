import type { WireDagTask } from '@mainspring/sdk'
import { nearest } from '../../server/nearest.ts'
import { Refusal } from '../../server/refusal.ts'
import { jsonArgument } from '../arguments.ts'
import type { Tested } from './files.ts'

/** `--give TASK=JSON`: what nobody sends here comes at once, once those before the task have ended: it does nothing, and gives that. @throws Refusal */
export function giveAll({ name, spec }: Tested, texts: readonly string[]): void {
  for (const text of texts) {
    const [, id = '', value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (value === undefined)
      throw new Refusal({
        code: 'usage',
        place: '--give',
        title: `Found ${JSON.stringify(text)}, expected TASK=JSON.`,
        hint: `--give 'paid={"sum":3}'`,
      })
    const task = spec.tasks[id]
    if (task?.wait === undefined) {
      const waits = Object.keys(spec.tasks).filter(other => spec.tasks[other]?.wait !== undefined)
      const near = nearest(id, waits)
      const there = waits.length === 0 ? 'No task of it waits for anything.' : `Those that wait are ${waits.join(', ')}.`
      throw new Refusal({
        code: 'unknown-task',
        place: '--give',
        title: `DAG "${name}" has no task "${id}" that waits.`,
        hint: near === null ? there : `Did you mean "${near}"?`,
      })
    }
    spec.tasks[id] = settled(task, jsonArgument(value, `--give ${id}`))
    if (task.wait.callback) withoutToken(spec.tasks, id)
  }
}

/** Nobody settles it: whoever hands out its token hands out this. */
function withoutToken(tasks: Tested['spec']['tasks'], id: string): void {
  for (const [other, task] of Object.entries(tasks)) {
    const text = JSON.stringify(task)
    if (text.includes('callback.'))
      tasks[other] = JSON.parse(text.replace(TOKEN, (whole, named) => (named === id ? `token-of-${id}` : whole))) as WireDagTask
  }
}

const TOKEN = /\{\{\s*callback\.([^{}:|\s]+)\s*\}\}/g

/** It comes after all whose outputs its wait names, too. */
function settled({ wait, ...task }: WireDagTask, input: unknown): WireDagTask {
  const named = [...JSON.stringify(wait).matchAll(/\{\{\s*output\.([^{}:|\s]+)/g)].map(([, other = '']) => other)
  const after = [...new Set([...(task.after ?? []), ...named])]
  return { ...task, input, ...(after.length > 0 && { after }) }
}
