/** A JSON document as lines of a tree: only those that are unfolded, so that a big one costs what one sees. */
export interface JsonLine {
  /** A JSON pointer: its identity, and what is copied. */
  path: string
  depth: number
  /** Absent: the document itself, or the end of an object. */
  name: string | null
  value: unknown
  /** Of an object or array: how many members it has. */
  members: number | null
  unfolded: boolean
}

/** Lines shown at most: beyond it one folds or downloads. */
export const LINES_MAX = 200_000

export function jsonLines(document: unknown, folded: (path: string, depth: number) => boolean): JsonLine[] {
  const lines: JsonLine[] = []
  const add = (path: string, depth: number, name: string | null, value: unknown): void => {
    if (lines.length >= LINES_MAX) return
    const members = membersOf(value)
    const unfolded = members !== null && members.length > 0 && !folded(path, depth)
    lines.push({ path, depth, name, value, members: members?.length ?? null, unfolded })
    if (unfolded && members) for (const [key, member] of members) add(`${path}/${pointerPart(key)}`, depth + 1, key, member)
  }
  add('', 0, null, document)
  return lines
}

/** Pointers of all whose name or value holds the text, with all above them. */
export function findJson(document: unknown, text: string): { hits: string[]; above: Set<string> } {
  const sought = text.toLowerCase()
  const hits: string[] = []
  const above = new Set<string>()
  const look = (path: string, name: string, value: unknown): void => {
    const members = membersOf(value)
    if (name.toLowerCase().includes(sought) || (members === null && String(value).toLowerCase().includes(sought))) {
      hits.push(path)
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) above.add(path.slice(0, end))
      above.add('')
    }
    for (const [key, member] of members ?? []) look(`${path}/${pointerPart(key)}`, key, member)
  }
  look('', '', document)
  return { hits, above }
}

function membersOf(value: unknown): [string, unknown][] | null {
  return typeof value === 'object' && value !== null ? Object.entries(value) : null
}

const pointerPart = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
