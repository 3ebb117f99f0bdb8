import { IcsError } from './error.ts'

/** A content line (RFC 5545, section 3.1), unfolded: `DTSTART;VALUE=DATE:20261225`. */
export interface ContentLine {
  /** Where it begins in the text, from 1. */
  readonly line: number
  /** In upper case. */
  readonly name: string
  /** Names in upper case; values as written, without quotes; of several values the first. */
  readonly params: Readonly<Record<string, string>>
  readonly value: string
}

const NAME = /^[A-Za-z0-9-]+/
const PARAM = /;([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*/y

/** Lines end in CRLF by the standard, and in LF or CR where an editor was at work. One that begins with a space or a tab goes on with the one before. Blank lines are passed over. */
export function* contentLines(text: string): Generator<ContentLine> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  for (let index = 0; index < lines.length; index++) {
    const parts = [lines[index]!]
    const line = index + 1
    while (/^[ \t]/.test(lines[index + 1] ?? '')) parts.push(lines[++index]!.slice(1))
    const whole = parts.join('')
    if (whole.trim() !== '') yield parseLine(whole, line)
  }
}

function parseLine(text: string, line: number): ContentLine {
  const name = NAME.exec(text)?.[0]
  if (name === undefined)
    throw new IcsError(line, text, 'A line begins with the name of a property; one that goes on with the line before begins with a space.')
  const params: Record<string, string> = {}
  PARAM.lastIndex = name.length
  let end = name.length
  for (let match = PARAM.exec(text); match; match = PARAM.exec(text)) {
    params[match[1]!.toUpperCase()] ??= match[2]!.replaceAll('"', '')
    end = PARAM.lastIndex
  }
  if (text[end] !== ':') throw new IcsError(line, text, `After "${name}" and its parameters comes a colon.`)
  return { line, name: name.toUpperCase(), params, value: text.slice(end + 1) }
}
