/**
 * The search part of an address, as people write it: `?state=failed&state=timed_out&queue=mail`. Values are text; one that stands twice is a list.
 */
export type RawSearch = Record<string, string | string[]>

export function parseSearch(text: string): RawSearch {
  const search: RawSearch = {}
  const parameters = new URLSearchParams(text)
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name)
    search[name] = values.length === 1 ? (values[0] as string) : values
  }
  return search
}

export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    for (const item of Array.isArray(value) ? value : [value])
      if (item !== undefined && item !== null && item !== '') parameters.append(name, String(item))
  const text = parameters.toString().replaceAll('%3A', ':').replaceAll('%2C', ',')
  return text === '' ? '' : `?${text}`
}

/** For `validateSearch`: a list, absent when empty; only of `known` where those are given. */
export function listOf<T extends string>(value: unknown, known?: readonly T[]): T[] | undefined {
  const list = (Array.isArray(value) ? value : [value]).filter((item): item is T => typeof item === 'string' && item !== '')
  const kept = known === undefined ? list : list.filter(item => known.includes(item))
  return kept.length === 0 ? undefined : kept
}

/** For `validateSearch`: one text, absent when empty. */
export function textOf(value: unknown): string | undefined {
  const text = Array.isArray(value) ? value[0] : value
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** Leaves out what is undefined: an absent parameter is no parameter. */
export function present<T extends object>(search: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
