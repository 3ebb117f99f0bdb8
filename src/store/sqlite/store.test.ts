import { join } from 'node:path'
import { conformance } from '../conformance.ts'
import { openSqliteStore } from './store.ts'
import { temporaryFolder } from './testing.ts'

const folder = temporaryFolder()
let databases = 0
conformance('sqlite', { share: false }, async () => {
  const file = join(folder, `${++databases}.db`)
  const open = () => openSqliteStore({ file, nodeName: 'test' })
  return { store: await open(), reopen: open }
})
