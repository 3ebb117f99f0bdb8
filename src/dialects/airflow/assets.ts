import { type Read, specialOf } from './form.ts'

type Expression = string | { all: Expression[] } | { any: Expression[] }

/** What of Airflow's assets a schedule waits for: one, a list (all of them), `&` and `|`; null: something of it is not known from the text. */
export function expressionOf(said: Read | undefined): Expression | null {
  if (Array.isArray(said)) return together('all', said as Read[])
  const thing = specialOf(said)
  if (thing?.$ !== 'thing') return null
  // An alias is an asset of its own: the worker makes an event of it for each that is added through it.
  if (thing.kind === 'Asset' || /^(?:Asset|Dataset)Alias$/.test(thing.kind)) return nameOf(thing)
  if (/^(?:all|AssetAll|DatasetAll)$/.test(thing.kind)) return together('all', thing.arguments)
  return /^(?:any|AssetAny|DatasetAny)$/.test(thing.kind) ? together('any', thing.arguments) : null
}

/** `a & b & c` is one list. */
function together(word: 'all' | 'any', list: readonly Read[]): Expression | null {
  const members: Expression[] = []
  for (const one of list) {
    const expression = expressionOf(one)
    if (expression === null) return null
    const inner = typeof expression === 'object' ? (expression as { [word: string]: Expression[] })[word] : undefined
    members.push(...(inner ?? [expression]))
  }
  if (members.length === 0) return null
  return members.length === 1 ? (members[0] as Expression) : word === 'all' ? { all: members } : { any: members }
}

/** An asset is told apart by its name; one that has none is called as its address. */
function nameOf({ arguments: given, options }: { arguments: Read[]; options: Record<string, Read> }): string | null {
  const name = options.name ?? given[0] ?? options.uri
  return typeof name === 'string' && name !== '' ? name : null
}

function isAlias(said: Read): boolean {
  const thing = specialOf(said)
  return thing?.$ === 'thing' && thing.kind.endsWith('Alias')
}

/** The outlets of a task, without aliases; null: one of them is not known. */
export function outletsOf(said: Read | undefined): string[] | null {
  const names = (Array.isArray(said) ? (said as Read[]) : [said as Read]).filter(one => !isAlias(one)).map(expressionOf)
  return names.every(name => typeof name === 'string') ? [...new Set(names as string[])] : null
}
