import type { Problem } from '../api/problem.ts'
import type { StartBody } from '../api/start.ts'
import { commandText } from './command.tsx'

/** What is typed into the fields of a start, beside its input. */
export interface OptionTexts {
  key: string
  delay: string
  priority: string
  queue: string
  tags: string
}
export const NO_OPTIONS: OptionTexts = { key: '', delay: '', priority: '', queue: '', tags: '' }
type Options = Pick<StartBody, keyof OptionTexts>

/** As the API takes them; `problems` are those that the texts show by themselves, by field. `text` says in short what is set. */
export function optionsOf(texts: OptionTexts): { options: Options; problems: Partial<Record<string, string>>; text: string } {
  const options: Options = {}
  const problems: Partial<Record<string, string>> = {}
  for (const field of ['key', 'delay', 'queue'] as const) if (texts[field].trim() !== '') options[field] = texts[field].trim()
  const priority = texts.priority.trim()
  if (/^[+-]?\d{1,3}$/.test(priority)) options.priority = Number(priority)
  else if (priority !== '') problems.priority = 'a whole number from -100 to 100 is expected'
  const tags = texts.tags.split(/[,\n]/).filter(tag => tag.trim() !== '')
  if (tags.some(tag => tag.trim().indexOf(':') < 1)) problems.tags = 'write each as name:value'
  else if (tags.length > 0) options.tags = Object.fromEntries(tags.map(pairOf))
  const set = Object.entries(options).map(([name, value]) => `${name} ${typeof value === 'object' ? pairsText(value) : value}`)
  return { options, problems, text: set.length === 0 ? 'key, delay, priority, queue, tags' : set.join(' · ') }
}

function pairOf(tag: string): [string, string] {
  const colon = tag.indexOf(':')
  return [tag.slice(0, colon).trim(), tag.slice(colon + 1).trim()]
}
const pairsText = (pairs: object): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}:${value}`)
    .join(' ')

export function startCommand(namespace: string, definition: string, input: unknown, { key, delay, priority, queue, tags }: Options): string {
  const flags = [
    ...(key === undefined ? [] : ['--key', key]),
    ...(delay === undefined ? [] : ['--delay', String(delay)]),
    ...(priority === undefined ? [] : ['--priority', String(priority)]),
    ...(queue === undefined ? [] : ['--queue', queue]),
    ...Object.entries(tags ?? {}).flatMap(([name, value]) => ['--tag', `${name}=${value}`]),
  ]
  return commandText(namespace, 'start', definition, ...(input === undefined ? [] : [JSON.stringify(input)]), ...flags)
}

/** What a problem says of a field and of what is in it: by JSON pointer below the field. */
export function problemsAt(problem: Problem | null, field: string): ReadonlyMap<string, string> {
  const { at } = problem ?? {}
  if (problem === null || at === undefined || (at !== field && !at.startsWith(`${field}/`))) return new Map()
  return new Map([[at.slice(field.length), problem.hint === undefined ? problem.title : `${problem.hint}`]])
}
