import { describe, expect, test } from 'vitest'
import { faultOf, refusalOf } from './disk.ts'

const sqlite = (errcode: number) => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode })
const system = (code: string) => Object.assign(new Error(`${code}: as the system says it`), { code })

describe('what the disk is at fault of', () => {
  test.each([
    ['SQLITE_FULL', sqlite(13), 'full'],
    ['SQLITE_READONLY', sqlite(8), 'read-only'],
    ['SQLITE_READONLY_CANTINIT', sqlite(8 | (5 << 8)), 'read-only'],
    ['SQLITE_IOERR_WRITE', sqlite(10 | (3 << 8)), 'failing'],
    ['ENOSPC', system('ENOSPC'), 'full'],
    ['EDQUOT', system('EDQUOT'), 'full'],
    ['EROFS', system('EROFS'), 'read-only'],
    ['EIO', system('EIO'), 'failing'],
    ['SQLITE_BUSY', sqlite(5), undefined],
    ['SQLITE_CORRUPT', sqlite(11), undefined],
    ['SQLITE_CANTOPEN, where there is nothing wrong with the disk', sqlite(14), undefined],
    ['ENOENT', system('ENOENT'), undefined],
    ['nothing of the kind', new TypeError('x'), undefined],
  ])('%s', (_, error, is) => expect(faultOf(null, error)?.is).toBe(is))

  test.skipIf(process.platform !== 'linux')(
    'an I/O error of a file that may not be written is told as such: SQLite keeps the reason to itself',
    () => {
      expect(faultOf('/proc/sys/kernel/ostype', sqlite(10))?.is).toBe('read-only')
    },
  )
})

test('a refusal says what to do, in one sentence for people', () => {
  expect(refusalOf('/data/main.db', sqlite(13)).message).toBe(
    'The database /data/main.db cannot be used: the disk of the database is full. First make room on it, then start again.',
  )
  expect(refusalOf('/data/main.db', sqlite(26)).message).toBe('The database /data/main.db cannot be opened: disk I/O error')
})
