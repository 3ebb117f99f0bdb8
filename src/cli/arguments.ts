import { jsonError } from '../server/json.ts'
import { Refusal } from '../server/refusal.ts'

/** JSON typed as an argument. Its mistake is shown with its place: shells eat quotes, and that is what usually went wrong. */
export function jsonArgument(text: string, place: string): unknown {
  const mistake = jsonError(text)
  if (!mistake) return JSON.parse(text)
  const before = text.slice(0, mistake.position).split('\n')
  const found = text.slice(mistake.position, mistake.position + 12)
  throw new Refusal({
    code: 'invalid-json',
    place: `${place}:${before.length}:${(before.at(-1) as string).length + 1}`,
    title: `This is not JSON: expected ${mistake.expected}, found ${found === '' ? 'the end' : JSON.stringify(found)}.`,
    hint: `Put it in single quotes, so that the shell leaves it alone: '{"email":"you@example.org"}'.`,
  })
}

/** `--tag team=media --tag tier=gold`. */
export function pairsArgument(texts: readonly string[], place: string): Record<string, string> {
  const entries = texts.map((text): [string, string] => {
    const equals = text.indexOf('=')
    if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)]
    throw new Refusal({ code: 'invalid-option', place, title: `Found ${JSON.stringify(text)}, expected name=value.` })
  })
  return Object.fromEntries(entries)
}

/** `--unit cpu=4 --unit memory=8192`; undefined: none was given. */
export function numbersArgument(texts: readonly string[], place: string): Record<string, number> | undefined {
  if (texts.length === 0) return undefined
  const entries = Object.entries(pairsArgument(texts, place)).map(([name, text]): [string, number] => {
    const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (number <= 1e12) return [name, number]
    throw new Refusal({
      code: 'invalid-option',
      place,
      title: `Found ${JSON.stringify(`${name}=${text}`)}, expected a name and a number, such as cpu=4.`,
    })
  })
  return Object.fromEntries(entries)
}

export function integerArgument(text: string, place: string, least: number, most: number): number {
  const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw new Refusal({ code: 'invalid-option', place, title: `Found ${JSON.stringify(text)}, expected a whole number from ${least} to ${most}.` })
}

export function wordArgument<Word extends string>(text: string, place: string, words: readonly Word[]): Word {
  const found = words.find(word => word === text)
  if (found !== undefined) return found
  throw new Refusal({ code: 'invalid-option', place, title: `Found ${JSON.stringify(text)}, expected ${words.join(' or ')}.` })
}

/** A repeatable flag. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** A flag that may be absent. */
export function textFlag(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
export function listFlag(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
