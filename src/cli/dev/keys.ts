/** What a key does, for the help and for the reader of the terminal. */
export interface Key {
  key: string
  /** Other keys that do the same. */
  also?: string[]
  does: string
  /** In the line below the banner. */
  first?: true
  act(): void | Promise<void>
}

/** Reads single keys from a terminal. Answers how to give the terminal back. */
export function readKeys(input: NodeJS.ReadStream, keys: readonly Key[], failed: (error: unknown) => void): () => void {
  const table = new Map(keys.flatMap(key => [key.key, ...(key.also ?? [])].map(name => [name, key])))
  const read = (data: string): void => {
    for (const character of data) void Promise.resolve(table.get(character)?.act()).catch(failed)
  }
  input.setRawMode(true)
  input.setEncoding('utf8')
  input.on('data', read)
  input.resume()
  return () => {
    input.off('data', read)
    input.setRawMode(false)
    input.pause()
  }
}

/** `r run it   k kill -9 the worker   …   ? all keys`. */
export function firstKeysText(keys: readonly Key[]): string {
  return keys
    .filter(key => key.first)
    .map(key => `${key.key} ${key.does}`)
    .join('   ')
}

export function allKeysText(keys: readonly Key[]): string {
  return keys.map(key => `  ${key.key}  ${key.does}`).join('\n')
}
