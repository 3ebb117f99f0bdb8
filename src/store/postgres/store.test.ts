import { conformance } from '../conformance.ts'
import { openPostgresStore } from './store.ts'
import { emptied, schemaOfOwn } from './testing.ts'

const { url, schema } = schemaOfOwn()
conformance('postgres', async () => {
  await emptied(schema)
  const open = () => openPostgresStore({ url })
  return { store: await open(), reopen: open }
})
