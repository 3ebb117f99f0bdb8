import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml'

/** What stands at a path in a document, through aliases and merge keys; as far as the path can be followed. */
export interface Found {
  node: Node | null
  /** The pair of the last segment that is a member of a map. */
  pair: Pair | null
  /** All of the path was there. */
  whole: boolean
}

export function nodeAt(document: Document, from: Node | null, path: readonly string[]): Found {
  let node = resolved(document, from)
  let pair: Pair | null = null
  for (const segment of path) {
    const member: Pair | null = isMap(node) ? pairOf(document, node, segment) : null
    const next: unknown = member ? member.value : isSeq(node) ? node.items[Number(segment)] : undefined
    if (next === undefined || isPair(next)) return { node, pair, whole: false }
    pair = member ?? pair
    node = resolved(document, next as Node | null)
  }
  return { node, pair, whole: true }
}

function pairOf(document: Document, map: { items: Pair[] }, name: string): Pair | null {
  const own = map.items.find(({ key }) => keyText(key) === name)
  if (own) return own
  for (const { key, value } of map.items) {
    if (keyText(key) !== '<<') continue
    const merged = resolved(document, value as Node | null)
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const target = resolved(document, source as Node | null)
      const found = isMap(target) ? pairOf(document, target, name) : null
      if (found) return found
    }
  }
  return null
}

export function keyText(key: unknown): string {
  if (!isScalar(key)) return ''
  // The merge key is a symbol to the library.
  return typeof key.value === 'symbol' ? (key.value.description ?? '') : String(key.value)
}

export function keyOffset({ key }: Pair): number {
  return (isScalar(key) && key.range?.[0]) || 0
}

export function resolved(document: Document, node: Node | null | undefined): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : (node ?? null)
}

/** Where in the file the character of a scalar stands: its text may have quotes, escapes, folded lines or an indentation around it. */
export function offsetWithin(source: string, node: Scalar, offset: number): number {
  const [start = 0, end = start] = node.range ?? []
  const value = typeof node.value === 'string' ? node.value : ''
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
  const step = isBlock ? blockStep(source, start, end) : flowStep(source, node.type)
  let at = isBlock ? step(start, value, -1)[0] : start + (node.type?.startsWith('QUOTE') ? 1 : 0)
  for (let done = 0; at < end; ) {
    const [length, characters] = step(at, value, done)
    // What stands for no character belongs to the one behind it.
    if (done >= offset && characters > 0) break
    at += length
    done += characters
  }
  return Math.min(at, end)
}

/** How long the next piece of the source is, and for how many characters of the value it stands. For `done` -1 of a block: where its text begins. */
type Step = (at: number, value: string, done: number) => [length: number, characters: number]

/** Plain or in quotes: one line break is a blank, each further one a line break; blanks around them do not count. */
function flowStep(source: string, type: string | undefined): Step {
  const breaks = /[ \t]*(?:\r?\n[ \t]*)+/y
  return at => {
    if (type === 'QUOTE_DOUBLE' && source[at] === '\\') return escapeAt(source, at)
    if (type === 'QUOTE_SINGLE' && source.startsWith("''", at)) return [2, 1]
    breaks.lastIndex = at
    const run = breaks.exec(source)?.[0]
    if (run === undefined) return [1, 1]
    const count = run.split('\n').length - 1
    return [run.length, Math.max(1, count - 1)]
  }
}

/** A block: each line without its indentation. Where lines are folded, the value tells how many breaks are left of several. */
function blockStep(source: string, start: number, end: number): Step {
  const header = source.slice(start, source.indexOf('\n', start))
  const text = start + header.length + 1
  const told = /^[|>][+-]?(\d)/.exec(header)?.[1]
  const first = /^(?: *\n)*( *)/.exec(source.slice(text, end))?.[1]?.length ?? 0
  const line = source.slice(source.lastIndexOf('\n', start - 1) + 1, start)
  const indent = told === undefined ? first : /^ */.exec(line)![0].length + Number(told)
  const indentAt = (at: number): number => Math.min(indent, /^ */.exec(source.slice(at, at + indent))![0].length)
  return (at, value, done) => {
    if (done < 0) return [text + indentAt(text), 0]
    if (source[at] !== '\n') return [1, 1]
    let length = 0
    for (let next = at; source[next] === '\n'; next = at + length) length += 1 + indentAt(next + 1)
    const breaks = /^\n*/.exec(value.slice(done))![0].length
    return [length, Math.max(1, breaks)]
  }
}

/** How long an escape of a double-quoted text is, and how many characters it stands for: none for the end of a line. */
function escapeAt(source: string, at: number): [length: number, characters: number] {
  const letter = source[at + 1]
  if (letter === '\n' || letter === '\r') {
    const run = /^\\\r?\n[ \t]*((?:\r?\n[ \t]*)*)/.exec(source.slice(at))!
    return [run[0].length, run[1]!.split('\n').length - 1]
  }
  if (letter === 'x') return [4, 1]
  if (letter === 'u') return [6, 1]
  if (letter === 'U') return [10, Number.parseInt(source.slice(at + 2, at + 10), 16) > 0xffff ? 2 : 1]
  return [2, 1]
}
