/** A terminal's colours and weights in a line of text. Backgrounds and exact colours are let go: what is left has enough contrast in both themes. */
export interface AnsiPart {
  text: string
  /** Classes of styles.css; empty: plain. */
  className: string
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const SEQUENCE = /\u001b(?:\[([0-9;:]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: what no page can show
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g

interface Look {
  color: number | null
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
}
const PLAIN: Look = { color: null, bold: false, dim: false, italic: false, underline: false }

export function stripAnsi(text: string): string {
  return hasEscape(text) ? text.replace(SEQUENCE, '').replace(CONTROL, '') : text
}

export function ansiParts(text: string): AnsiPart[] {
  if (!hasEscape(text)) return [{ text, className: '' }]
  const parts: AnsiPart[] = []
  let look = PLAIN
  let from = 0
  const add = (part: string): void => {
    const clean = part.replace(CONTROL, '')
    if (clean !== '') parts.push({ text: clean, className: classOf(look) })
  }
  for (const found of text.matchAll(SEQUENCE)) {
    add(text.slice(from, found.index))
    from = found.index + found[0].length
    if (found[2] === 'm') look = lookAfter(look, (found[1] ?? '').split(/[;:]/).map(Number))
  }
  add(text.slice(from))
  return parts
}

function hasEscape(text: string): boolean {
  return text.includes('\u001b') || text.includes('\r')
}

function lookAfter(before: Look, codes: readonly number[]): Look {
  const look = { ...before }
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] as number
    if (code === 0) Object.assign(look, PLAIN)
    else if (code === 1) look.bold = true
    else if (code === 2) look.dim = true
    else if (code === 3) look.italic = true
    else if (code === 4) look.underline = true
    else if (code === 22) look.bold = look.dim = false
    else if (code === 23) look.italic = false
    else if (code === 24) look.underline = false
    else if (code === 39) look.color = null
    else if (code >= 30 && code <= 37) look.color = code
    else if (code >= 90 && code <= 97) look.color = code === 90 ? 30 : code - 60
    else if (code === 38 || code === 48) {
      const [kind, ...numbers] = codes.slice(index + 1)
      if (code === 38) look.color = kind === 5 ? ofPalette(numbers[0] ?? 7) : ofRgb(numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0)
      index += kind === 5 ? 2 : 4
    }
  }
  return look
}

/** Of the 256: the sixteen, a cube of 6, and greys. */
function ofPalette(index: number): number {
  if (index < 8) return 30 + index
  if (index < 16) return index === 8 ? 30 : 22 + index
  if (index >= 232) return index < 244 ? 30 : 37
  const cube = index - 16
  return ofRgb(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51)
}

/** The nearest of the eight by which of its parts stand out. */
function ofRgb(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue)
  const least = Math.min(red, green, blue)
  if (most - least < 40) return most < 110 ? 30 : 37
  const middle = (most + least) / 2
  return 30 + (red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0)
}

function classOf({ color, bold, dim, italic, underline }: Look): string {
  return [
    color === null ? (dim ? 'text-soft' : '') : COLORS[color - 30],
    bold ? 'font-semibold' : '',
    italic ? 'italic' : '',
    underline ? 'underline' : '',
  ]
    .filter(Boolean)
    .join(' ')
}
const COLORS = ['ansi-30', 'ansi-31', 'ansi-32', 'ansi-33', 'ansi-34', 'ansi-35', 'ansi-36', 'ansi-37']
