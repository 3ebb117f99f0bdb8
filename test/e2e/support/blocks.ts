import { stripVTControlCharacters } from 'node:util'

/**
 * A page of documentation as a list of things to do. The fence says what is done with a block:
 *
 * ```text
 * ts file=jobs.ts      written under this name in the page's folder
 * ts run               written there and run; it must end with 0
 * sh run               run by bash, stopping at the first command that fails
 * sh start=TEXT        started, and left running to the end of the page once it has printed TEXT
 * text printed         what the process that was started last prints, among other things
 * console              lines with `$ ` are run, one shell for all of them; what follows each is what it prints, and `[exit 1]` how it ends
 * ```
 * Blocks without such a word are read by people only. `skip=WHY` marks one that looks executable and cannot be.
 */
export type Step =
  | { do: 'write'; line: number; file: string; text: string }
  | { do: 'run'; line: number; language: 'sh' | 'ts'; text: string; background: string | null }
  | { do: 'printed'; line: number; prints: string }
  | { do: 'compare'; line: number; command: string; prints: string; exit: number }

export interface Block {
  /** Line of the fence, from 1. */
  line: number
  language: string
  words: string[]
  text: string
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let open: Block | null = null
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```\s*(.*)$/.exec(line)
    if (fence === null) {
      if (open) open.text += `${line}\n`
    } else if (open) {
      blocks.push(open)
      open = null
    } else {
      const [language = '', ...words] = wordsOf(fence[1] ?? '')
      open = { line: index + 1, language, words, text: '' }
    }
  }
  return blocks
}

export function stepsOf(markdown: string): Step[] {
  return blocksOf(markdown).flatMap(block => stepsOfBlock(block))
}

function stepsOfBlock({ line, language, words, text }: Block): Step[] {
  const option = (name: string): string | undefined => words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1)
  const file = option('file')
  const background = option('start') ?? null
  if (option('skip') !== undefined) return []
  if (file !== undefined) return [{ do: 'write', line, file, text }]
  if (words.includes('printed')) return [{ do: 'printed', line, prints: text }]
  if (language === 'console') return commandsOf(text, line)
  if (words.includes('run') || background !== null) return [{ do: 'run', line, language: language === 'ts' ? 'ts' : 'sh', text, background }]
  return []
}

function commandsOf(text: string, fenceLine: number): Step[] {
  const steps: (Step & { do: 'compare' })[] = []
  for (const [index, line] of text.trimEnd().split('\n').entries()) {
    const last = steps.at(-1)
    const exit = /^\[exit (\d+)\]$/.exec(line)
    if (line.startsWith('$ ')) steps.push({ do: 'compare', line: fenceLine + 1 + index, command: line.slice(2), prints: '', exit: 0 })
    else if (last && exit) last.exit = Number(exit[1])
    else if (last) last.prints += `${line}\n`
  }
  return steps
}

/** `sh start="is ready"`: words, and quotes around those with spaces. */
function wordsOf(info: string): string[] {
  return [...info.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))
}

/**
 * True when `printed` is what the page shows, save for what differs from run to run: ids, times, durations, ports, versions and the width of columns. A line of `…`
 * stands for any lines, `…` in a line for any text.
 */
export function looksLike(shown: string, printed: string): boolean {
  return new RegExp(`^${patternOf(shown)}$`).test(tidy(printed))
}

function tidy(text: string): string {
  return stripVTControlCharacters(text)
    .split('\n')
    .map(line => line.trim().replace(/\s+/g, ' '))
    .filter(line => line !== '')
    .join('\n') // prettier-ignore
}

const VARIABLE: [found: RegExp, stands: string][] = [
  [/\n?…(?=\n|$)|…/, '[\\s\\S]*?'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?/, '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?Z?'],
  [/\b[0-7][0-9a-hjkmnp-tv-z]{25}\b/, '[0-7][0-9a-hjkmnp-tv-z]{25}'],
  [/\b(?=[a-z]*\d)[0-9a-hjkmnp-tv-z]{5}\b(?!\d)/, '[0-9a-hjkmnp-tv-z]{5}'],
  [/\b\d\d:\d\d(?::\d\d(?:\.\d+)?)?\b/, '\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?'],
  [/\b\d+(?:\.\d+)? ?(?:ms|s|m|h)(?: \d+ ?(?:ms|s|m|h))*\b/, '\\d+(?:\\.\\d+)? ?(?:ms|s|m|h)(?: \\d+ ?(?:ms|s|m|h))*'],
  [/127\.0\.0\.1:\d+/, '127\\.0\\.0\\.1:\\d+'],
]

function patternOf(shown: string): string {
  let rest = tidy(shown)
  let pattern = ''
  while (rest !== '') {
    const next = VARIABLE.map(([found, stands]) => ({ match: found.exec(rest), stands }))
      .filter(({ match }) => match !== null)
      .sort((a, b) => a.match!.index - b.match!.index)[0]
    if (!next) return pattern + escaped(rest)
    const { match, stands } = next
    pattern += escaped(rest.slice(0, match!.index)) + stands
    rest = rest.slice(match!.index + match![0].length)
  }
  return pattern
}

/** A text as a regular expression that matches it alone. */
export function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
