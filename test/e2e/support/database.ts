import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/run.ts'
import { query, TEST_URL } from '../../../src/store/postgres/testing.ts'

/** The application's database of a page that uses one, as `DATABASE_URL`. */
export class Database implements AsyncDisposable {
  readonly environment: Record<string, string>
  readonly #name: string | null

  static async of(file: string): Promise<Database> {
    const uses = readFileSync(join(ROOT, file), 'utf8').includes('$DATABASE_URL')
    const name = uses ? `docs_${process.pid}_${Date.now().toString(36)}` : null
    if (name !== null) await query(`create database ${name}`)
    return new Database(name)
  }

  private constructor(name: string | null) {
    this.#name = name
    const url = new URL(TEST_URL)
    if (name !== null) url.pathname = name
    this.environment = name === null ? {} : { DATABASE_URL: url.href }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#name !== null) await query(`drop database ${this.#name} with (force)`)
  }
}
