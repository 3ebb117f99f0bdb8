/** JSON text by hand: quoting for the hot answers, and the place of a mistake, which JSON.parse names only sometimes. */

const PLAIN = /^[\w .:/@+-]*$/

/** Like JSON.stringify of a string; names and ids, which need no escapes, go without it. */
export function quote(text: string): string {
  return text.length < 64 && PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}

export interface JsonError {
  /** Index in the text, in UTF-16 units. */
  position: number
  /** What would have been right there. */
  expected: string
}

/** A number or a word, which must not run into another. */
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** What may come next, and how an error says it. */
const EXPECTED = {
  value: 'a value',
  'value or ]': 'a value or "]"',
  'name or }': 'a name in double quotes or "}"',
  name: 'a name in double quotes',
  colon: 'a ":" after the name',
  'comma or ]': 'a "," or "]"',
  'comma or }': 'a "," or "}"',
  end: 'the end of the body',
} as const

/**
 * Where a text stops being JSON (RFC 8259), or null if it is valid: exactly when JSON.parse does not throw. Iterative, so that depth costs no stack.
 */
export function jsonError(text: string): JsonError | null {
  const open: ('{' | '[')[] = []
  let next: keyof typeof EXPECTED = 'value'
  const after = () => (open.length === 0 ? 'end' : open.at(-1) === '[' ? 'comma or ]' : 'comma or }')
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const sign = text[at] as string
    const wantsValue: boolean = next === 'value' || next === 'value or ]'
    if (sign === '"' && (wantsValue || next === 'name' || next === 'name or }')) {
      const end = stringEnd(text, at)
      if (end.wrong !== undefined) return { position: end.at, expected: end.wrong }
      at = end.at
      next = wantsValue ? after() : 'colon'
      continue
    }
    if (wantsValue && (sign === '{' || sign === '[')) {
      open.push(sign)
      next = sign === '{' ? 'name or }' : 'value or ]'
    } else if (
      (sign === '}' && (next === 'comma or }' || next === 'name or }')) ||
      (sign === ']' && (next === 'comma or ]' || next === 'value or ]'))
    ) {
      open.pop()
      next = after()
    } else if (sign === ':' && next === 'colon') next = 'value'
    else if (sign === ',' && next === 'comma or ]') next = 'value'
    else if (sign === ',' && next === 'comma or }') next = 'name'
    else {
      SCALAR.lastIndex = at
      if (!wantsValue || !SCALAR.test(text)) return { position: at, expected: EXPECTED[next] }
      at = SCALAR.lastIndex
      next = after()
      continue
    }
    at++
  }
  return next === 'end' ? null : { position: text.length, expected: EXPECTED[next] }
}

/** Behind the string that begins at `start`, or the place in it that is wrong. */
function stringEnd(text: string, start: number): { at: number; wrong?: string } {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return { at: at + 1 }
    if (code < 0x20) return { at, wrong: 'control characters in strings to be written as escapes, such as \\n' }
    if (code !== 0x5c) continue
    ESCAPE.lastIndex = at
    if (!ESCAPE.test(text)) return { at, wrong: 'one of the escapes \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000' }
    at = ESCAPE.lastIndex - 1
  }
  return { at: text.length, wrong: 'the closing quote of the string that begins before' }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (' \t\n\r'.includes(text[at] ?? 'x')) at++
  return at
}
