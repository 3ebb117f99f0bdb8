import { readdirSync, readFileSync } from 'node:fs'

export interface Migration {
  version: number
  sql: string
}

/** The numbered files of a store's migrations/, which lies beside its sources and in the published package. */
export function migrationsIn(folder: URL): Migration[] {
  return readdirSync(folder)
    .filter(name => /^\d{4}\.sql$/.test(name))
    .sort()
    .map(name => ({ version: Number.parseInt(name, 10), sql: readFileSync(new URL(name, folder), 'utf8') }))
}
