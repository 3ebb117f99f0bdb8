import type { WireProblem } from '@mainspring/sdk'
import type { RefusalFacts } from '../../server/refusal.ts'
import { oneLine } from './table.ts'

/** An error as people read it, wherever it came from: place, what was found, what is meant, a way out, `[code]`. */
export function problemText(facts: RefusalFacts): string {
  const place = facts.place ? `${facts.place}  ` : ''
  const [first, ...rest] = [facts.title, ...(facts.hint ? [facts.hint] : [])].map(oneLine)
  const indent = ' '.repeat(Math.min(place.length, INDENT_MAX))
  const lines = [`${place}${first}`, ...rest.map(line => indent + line)]
  const last = lines.at(-1) as string
  return [...lines.slice(0, -1), `${last}${' '.repeat(Math.max(2, CODE_COLUMN - last.length))}[${facts.code}]`].join('\n')
}

/** A hint hangs under its title; under a long place it would leave the screen. */
const INDENT_MAX = 24
/** Where the code stands, if the line leaves room for it. */
const CODE_COLUMN = 80

/** A server's problem in the same form. Runs that it names are ways out, so they are listed. */
export function factsOf(problem: WireProblem): RefusalFacts {
  const found = problem.found === undefined ? '' : ` Found: ${shortJson(problem.found)}.`
  const hints = [problem.hint, dataText(problem.data), problem.retryAfter === undefined ? undefined : `Try again in ${problem.retryAfter} s.`]
  const hint = hints.filter(text => text !== undefined && text !== '').join(' ')
  return {
    code: problem.code,
    title: `${problem.title}${found}`,
    ...(problem.at && { place: problem.at }),
    ...(hint && { hint }),
  }
}

function dataText(data: Record<string, unknown> | undefined): string {
  if (!data) return ''
  return Object.entries(data)
    .filter(([name]) => !PLACES_WITHIN.has(name))
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.map(String).join(', ') : typeof value === 'string' ? value : shortJson(value)}.`)
    .join(' ')
}

/** Where in a text the fault is: for whoever shows that text, not for a sentence. */
const PLACES_WITHIN = new Set(['offset', 'length', 'line'])

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`
}
