import pg from 'pg'
import { OwnPostgres } from './own-postgres.ts'

const VARIABLE = 'MAINSPRING_TEST_POSTGRES'
const DEFAULT_URL = 'postgres://postgres@127.0.0.1:5432/postgres'

/**
 * The PostgreSQL of the tests: the one that MAINSPRING_TEST_POSTGRES names, by default one on this machine; where nobody answers, the one that npm brought
 * along, in a folder of its own, for as long as the tests run. Without either, the tests that need it fail, and say what is missing.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const url = process.env[VARIABLE] ?? DEFAULT_URL
  if (await answers(url)) return
  const own = await OwnPostgres.make()
  if (own === null) {
    console.error(`Nobody answers at ${url}, and npm has brought no PostgreSQL for this machine. Start one, or name it by ${VARIABLE}.`)
    return
  }
  process.env[VARIABLE] = own.url
  return () => own.end()
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
