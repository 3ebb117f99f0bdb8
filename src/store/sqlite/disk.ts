import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type StoreFault, StoreRefused } from '../store.ts'
import { primaryCode, SQLITE } from './codes.ts'

type DiskFault = Exclude<StoreFault['is'], 'newer'>

const OF_SYSTEM = new Map<string, DiskFault>([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'read-only'],
  ['EPERM', 'read-only'],
  ['EIO', 'failing'],
])
/** Less than a commit and a page of the index of the write-ahead log need. */
const ROOM_BYTES_MIN = 64 * 1024

/** What the disk is at fault of, or null when something else is. `file` is the database's; null: it has none. */
export function faultOf(file: string | null, error: unknown): StoreFault | null {
  const is = kindOf(file, error)
  return is === null ? null : { is, ...WORDS[is](error instanceof Error ? error.message : String(error)) }
}

/** Why a database cannot be opened, with what to do about it where the disk is at fault. */
export function refusalOf(file: string, error: unknown): StoreRefused {
  const fault = faultOf(file, error)
  const why = error instanceof Error ? error.message : String(error)
  return new StoreRefused(
    fault === null
      ? `The database ${file} cannot be opened: ${why}`
      : `The database ${file} cannot be used: ${fault.what}. First ${fault.remedy}, then start again.`,
    { cause: error },
  )
}

function kindOf(file: string | null, error: unknown): DiskFault | null {
  const ofSystem = OF_SYSTEM.get(String((error as NodeJS.ErrnoException | null)?.code))
  if (ofSystem !== undefined) return ofSystem
  switch (primaryCode(error)) {
    case SQLITE.FULL:
      return 'full'
    case SQLITE.READ_ONLY:
      return 'read-only'
    case SQLITE.CANNOT_OPEN:
      // Said of a folder, too, or of a file that is another's: only what the disk itself tells counts.
      return file === null ? null : kindOfDisk(file)
    case SQLITE.IO_ERROR:
      return (file === null ? null : kindOfDisk(file)) ?? 'failing'
    default:
      return null
  }
}

/** SQLite keeps the system's reason of an I/O error to itself: a quota that is used up and a file system that became read-only look the same. */
function kindOfDisk(file: string): DiskFault | null {
  try {
    for (const path of [dirname(file), file]) if (existsSync(path)) accessSync(path, constants.W_OK)
    const { blocks, bavail, bsize } = statfsSync(dirname(file))
    return blocks > 0 && bavail * bsize < ROOM_BYTES_MIN ? 'full' : null
  } catch (error) {
    return OF_SYSTEM.get(String((error as NodeJS.ErrnoException).code)) ?? null
  }
}

const WORDS: Record<DiskFault, (why: string) => Omit<StoreFault, 'is'>> = {
  full: () => ({ what: 'the disk of the database is full', remedy: 'make room on it' }),
  'read-only': () => ({ what: 'the database, or the disk that it is on, is read-only', remedy: 'make the file and its folder writable' }),
  failing: why => ({ what: `the disk of the database fails (${why})`, remedy: "look for the disk in the system's log" }),
}
