import { describe } from 'vitest'
import { conformance } from '../conformance.ts'
import { openPostgresStore } from './store.ts'
import { emptied, schemaOfOwn } from './testing.ts'

// Each transaction says which isolation it needs: what a database or a role has by default changes nothing.
describe.each(['read committed', 'serializable'])('where transactions are %s by default', isolation => {
  const { url, schema } = schemaOfOwn({ default_transaction_isolation: isolation })
  conformance('postgres', { share: true }, async () => {
    await emptied(schema)
    const open = () => openPostgresStore({ url })
    return { store: await open(), reopen: open }
  })
})
