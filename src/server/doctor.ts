import type { Examination, Finding } from '../store/findings.ts'
import { StoreRefused } from '../store/store.ts'
import { Refusal } from './refusal.ts'
import { storeKind, withoutPassword } from './stores.ts'

export type { Examination, Finding }

/**
 * Looks over the database that the setting names, whether nodes are at work on it or none; changes nothing.
 * @throws Refusal: nobody answers there, it is none of ours, or it is gone with its process.
 */
export async function examine(database: string): Promise<Examination> {
  const kind = storeKind(database)
  if (kind === 'memory')
    throw new Refusal({
      code: 'database-unsupported',
      place: '--database',
      title: 'A memory store is gone with its process: there is nothing to look at.',
      hint: 'Name the file or the URL of the server.',
    })
  try {
    if (kind === 'postgres') return await (await import('../store/postgres/doctor/doctor.ts')).examinePostgres({ url: database })
    return (await import('../store/sqlite/doctor.ts')).examineSqlite(database)
  } catch (error) {
    if (error instanceof StoreRefused) throw new Refusal({ code: 'database-refused', place: withoutPassword(database), title: error.message }, 3)
    throw error
  }
}
