import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bornRow, openLane } from '../store/conformance/fixtures.ts'
import { freshSchema } from '../store/postgres/testing.ts'
import { openSqliteStore } from '../store/sqlite/store.ts'
import { temporaryFolder } from '../store/sqlite/testing.ts'
import { type MoveRequest, moveStore, undoMove } from './move.ts'
import { openStore } from './stores.ts'

const directory = temporaryFolder()
const signal = new AbortController().signal
const request = (more: Partial<MoveRequest>): MoveRequest => ({ from: 'a.db', to: freshTarget, directory, progress: () => {}, signal, ...more })
const freshTarget = freshSchema()

test('a file is moved, starts no node any more, and is used again on purpose', async () => {
  const store = await openSqliteStore({ file: join(directory, 'a.db'), nodeName: 'test' })
  expect(await (await openLane(store)).commit({ born: [bornRow()] })).toEqual({ is: 'committed' })
  await store.close()

  expect(await moveStore(request({ from: 'sqlite:a.db' }))).toMatchObject({ resumed: false, tables: { open: { rows: 1 } } })
  await expect(openStore(join(directory, 'a.db'), 'test')).rejects.toThrow(/was moved to postgres:.*\[database-refused\]$/)
  expect(await moveStore(request({})), 'again').toMatchObject({ resumed: true, tables: { open: { rows: 1 } } })

  expect((await undoMove('a.db', directory)).target).toBe(freshTarget)
  await (await openStore(join(directory, 'a.db'), 'test')).close()
  await expect(undoMove('a.db', directory)).rejects.toThrow('a.db: This database was never moved: there is nothing to undo. [move-refused]')
  await expect(moveStore(request({})), 'it may have changed').rejects.toThrow(/holds what was moved there from .*a\.db.*\[move-refused\]$/)
})

test('a target that does not answer is refused without its password, and the source is as it was', async () => {
  await expect(moveStore(request({ to: 'postgres://me:secret@127.0.0.1:1/d' }))).rejects.toThrow(
    /^postgres:\/\/me:\*{8}@127\.0\.0\.1:1\/d: The database cannot be opened: .*ECONNREFUSED.*\[move-refused\]$/,
  )
  await (await openStore(join(directory, 'a.db'), 'test')).close()
})
