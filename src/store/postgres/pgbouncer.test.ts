import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PgBouncer, pgbouncer, pgbouncerMissing } from '../../../test/support/pgbouncer.ts'
import { conformance } from '../conformance.ts'
import { examinePostgres } from './doctor/doctor.ts'
import { openPostgresStore } from './store.ts'
import { emptied, schemaOfOwn, TEST_URL } from './testing.ts'

const missing = pgbouncerMissing()
describe(`behind PgBouncer${missing === null ? '' : ` (${missing})`}`, { skip: missing !== null }, () => {
  describe('in transaction mode', () => {
    const { url, schema } = schemaOfOwn()
    let bouncer: PgBouncer
    beforeAll(async () => {
      bouncer = await pgbouncer(TEST_URL, 'transaction')
    })
    afterAll(() => bouncer.end())

    conformance('postgres', { share: true }, async () => {
      await emptied(schema)
      const open = () => openPostgresStore({ url: bouncer.through(url) })
      return { store: await open(), reopen: open }
    })

    test('doctor says that it is there, and finds nothing', async () => {
      await (await openPostgresStore({ url: bouncer.through(url) })).close()
      const { database, findings } = await examinePostgres({ url: bouncer.through(url) })
      expect(database).toMatch(/, through a pooler$/)
      expect(findings.filter(({ where }) => !where.startsWith('replication slot'))).toEqual([])
    })
  })

  test('in statement mode no store opens, and doctor says why', async () => {
    const { url } = schemaOfOwn()
    const bouncer = await pgbouncer(TEST_URL, 'statement')
    try {
      await expect(openPostgresStore({ url: bouncer.through(url) })).rejects.toThrow('statement pooling')
      const { findings } = await examinePostgres({ url: bouncer.through(url) })
      expect(findings.map(({ code }) => code)).toEqual(['pooler-statement-mode'])
    } finally {
      await bouncer.end()
    }
  })
})
