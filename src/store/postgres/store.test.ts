import { conformance } from '../conformance.ts'
import { openPostgresStore } from './store.ts'
import { freshSchema } from './testing.ts'

conformance('postgres', async () => {
  const url = freshSchema()
  const open = () => openPostgresStore({ url })
  return { store: await open(), reopen: open }
})
