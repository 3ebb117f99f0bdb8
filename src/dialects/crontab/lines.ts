import { CrontabError, shown } from './error.ts'

/** A line of a crontab, by what it is. Columns are from 1. */
export type Line =
  | { is: 'comment'; line: number; text: string }
  | { is: 'variable'; line: number; name: string; value: string; valueColumn: number }
  | Entry

/** A command with its times. `words`: the five fields, or one macro. `rest`: all behind them, a user of the system form included. */
export interface Entry {
  is: 'entry'
  line: number
  /** As it stands in the file, without blanks around it. */
  text: string
  words: readonly Word[]
  rest: Word
}
export interface Word {
  text: string
  column: number
}

/** Every line that says something, in order. A missing newline at the end, carriage returns and a byte order mark do not matter here, though they do to cron. */
export function linesOf(text: string): Line[] {
  const lines: Line[] = []
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const whole = raw.replace(/\r+$/, '')
    const column = whole.search(/[^ \t]/) + 1
    if (column === 0) continue
    const line = index + 1
    const nul = whole.indexOf('\0')
    if (nul >= 0) throw new CrontabError({ line, column: nul + 1 }, 'There is a NUL character here.', 'A crontab is a text.')
    if (whole[column - 1] === '#') lines.push({ is: 'comment', line, text: whole.slice(column) })
    else lines.push(variableOf(whole, line) ?? entryOf(whole, line, column))
  }
  return lines
}

/**
 * `name = value` as cron reads it: blanks around the sign do not count; one pair of quotes around either keeps blanks; nothing is expanded. A line that is not
 * of this form as a whole is an entry: `* * * * * A=1 command` has its `=` behind other words.
 */
const VARIABLE = /^[ \t]*(?:"([^"=]+)"|'([^'=]+)'|([^\s='"][^\s=]*))\s*=\s*(?:"([^"]*)"|'([^']*)'|((?:[^\s"'][\s\S]*)?))\s*$/

function variableOf(text: string, line: number): Line | null {
  const found = VARIABLE.exec(text)
  if (found === null) return null
  const name = (found[1] ?? found[2] ?? found[3]) as string
  const value = found[4] ?? found[5] ?? (found[6] as string).trimEnd()
  return { is: 'variable', line, name, value, valueColumn: valueColumnOf(text) }
}

/** Of what stands behind the first `=` and the quote that may open it. A name has no `=` in it. */
function valueColumnOf(text: string): number {
  return (/^[^=]*=\s*["']?/.exec(text) as RegExpExecArray)[0].length + 1
}

const ENTRY = /^([ \t]*-?)(?:(@[^ \t]+)|([^ \t]+)[ \t]+([^ \t]+)[ \t]+([^ \t]+)[ \t]+([^ \t]+)[ \t]+([^ \t]+))(?:([ \t]+)([\s\S]*))?$/d

/** A `-` before the fields asks cron (cronie, SUSE) not to log the command: it changes nothing here. */
function entryOf(text: string, line: number, column: number): Entry {
  const found = ENTRY.exec(text)
  const head = text.slice(column - 1)
  if (found === null || !/^-?(@|[\d*,/~-]*[\d*~])/.test(head)) throw noEntry(head, line, column)
  const indices = found.indices as RegExpIndicesArray
  const words = [2, 3, 4, 5, 6, 7].flatMap(group => {
    const at = indices[group]
    return at === undefined ? [] : [{ text: found[group] as string, column: at[0] + 1 }]
  })
  const rest = { text: found[9] ?? '', column: (indices[9]?.[0] ?? text.length) + 1 }
  if (rest.text.trim() === '')
    throw new CrontabError(
      { line, column: text.length + 1 },
      'There is no command behind the times.',
      'A line is: minute hour day month weekday command.',
    )
  if (/^\*([ \t/]|$)/.test(rest.text))
    throw new CrontabError(
      { line, column: rest.column },
      `${shown('*')} stands where the command should be.`,
      'A crontab has five fields and no seconds: minute hour day month weekday command.',
    )
  return { is: 'entry', line, text: text.trim(), words, rest }
}

function noEntry(head: string, line: number, column: number): CrontabError {
  const place = { line, column }
  const name = /^([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(head)?.[1]
  if (name !== undefined)
    return new CrontabError(place, `The value of ${name} does not end where its quotes do.`, 'A value is put in one pair of quotes, or in none.')
  if (/^-?@?[\d*]/.test(head) || head.startsWith('@'))
    return new CrontabError(place, `${shown(head)} has too few words.`, 'A line is: minute hour day month weekday command.')
  return new CrontabError(
    place,
    `${shown(head)} is neither a command with its times nor a variable.`,
    'Lines are: minute hour day month weekday command; or NAME=value; or # comment.',
  )
}
