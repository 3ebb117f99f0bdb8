import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Examination, Finding } from '../findings.ts'
import { StoreRefused } from '../store.ts'
import { primaryCode, SQLITE } from './codes.ts'
import { refusalOf } from './disk.ts'
import { networkOf } from './lock.ts'
import { migrate, migrations, versionOf } from './migrate.ts'
import { movedMarkOf } from './moved.ts'

/** A burst of commits, a backup and the write-ahead log need room. */
const FREE_BYTES_MIN = 256 * 1024 * 1024
/** A log that nobody hinders is moved into the database from 16 MiB on, and cut back to 64 MiB. */
const LOG_BYTES_MAX = 256 * 1024 * 1024
const BUSY_MS = 10_000
/** Of a damaged database; the first ones say where. */
const FAULTS_SHOWN = 3

/**
 * Looks a SQLite database over, and changes nothing; a server may be at work on it. Reads the whole file.
 * @throws StoreRefused it is missing, somebody else's, or cannot be read.
 */
export function examineSqlite(file: string, limits: { freeBytesMin?: number; logBytesMax?: number } = {}): Examination {
  if (!existsSync(file)) throw new StoreRefused(`There is no database ${file}.`)
  const findings = [...diskOf(file, limits.freeBytesMin ?? FREE_BYTES_MIN), ...logOf(file, limits.logBytesMax ?? LOG_BYTES_MAX)]
  const examination: Examination = { database: `SQLite ${process.versions.sqlite}`, findings, unseen: [] }
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS })
    try {
      findings.push(...schemaOf(database, file), ...faultsIn(database, file))
    } finally {
      database.close()
    }
  } catch (error) {
    // Said of a page that SQLite itself stumbles over.
    if (primaryCode(error) === SQLITE.CORRUPT) findings.push(damaged(file, (error as Error).message))
    else throw error instanceof StoreRefused ? error : refusalOf(file, error)
  }
  return examination
}

function diskOf(file: string, freeBytesMin: number): Finding[] {
  const findings: Finding[] = []
  const network = networkOf(file)
  if (network !== null)
    findings.push({
      code: 'network-file-system',
      where: file,
      what: `It is on a network file system (${network}).`,
      why: 'Locks and shared memory do not hold there between machines: no server starts on it.',
      mend: `mainspring backup /var/lib/mainspring/mainspring.db --database ${file}   (a local disk)`,
    })
  const { blocks, bavail, bsize } = statfsSync(dirname(file))
  const free = bavail * bsize
  if (blocks > 0 && free < freeBytesMin)
    findings.push({
      code: 'disk-nearly-full',
      where: dirname(file),
      what: `${mib(free)} are free.`,
      why: 'Once it is full, calls that write are answered 503 until there is room.',
      mend: `df -h ${dirname(file)}   (and make room there)`,
    })
  return findings
}

function logOf(file: string, logBytesMax: number): Finding[] {
  const log = `${file}-wal`
  const bytes = existsSync(log) ? statSync(log).size : 0
  if (bytes <= logBytesMax) return []
  return [
    {
      code: 'log-long',
      where: log,
      what: `The write-ahead log has ${mib(bytes)}.`,
      why: 'Somebody reads the database for a long time, so that the log cannot be moved into it: it grows, and every read has to look through it.',
      mend: `fuser -v ${file}   (then end who reads: a shell, a copy)`,
    },
  ]
}

function schemaOf(database: DatabaseSync, file: string): Finding[] {
  const found = versionOf(database, file)
  const newest = migrations().at(-1)?.version ?? 0
  const moved = movedMarkOf(database)
  const findings: Finding[] = []
  if (moved !== null)
    findings.push({
      code: 'database-moved',
      where: file,
      what: `It was moved to ${moved.target}${moved.endedAt === null ? ', and not all of it is there' : ''}.`,
      why: 'No server starts on it, so that the same work is not done twice.',
      mend:
        moved.endedAt === null
          ? `mainspring move --from ${file} --to URL   (finishes it; or gives it up: mainspring move --undo --from ${file})`
          : 'mainspring server --database URL',
    })
  if (found > newest)
    return [
      ...findings,
      {
        code: 'schema-ahead',
        where: file,
        what: `Its schema is ${found}; this version of Mainspring knows up to ${newest}.`,
        why: 'It does not start here, and what its tables should be is not known to it.',
        mend: 'look with the version of Mainspring that the server has',
      },
    ]
  if (found < newest)
    findings.push({
      code: 'schema-behind',
      where: file,
      what: `Its schema is ${found}; this version of Mainspring makes ${newest}.`,
      why: 'The next start of this version brings it up to date.',
      mend: `mainspring migrate --database ${file}`,
    })
  const should = new DatabaseSync(':memory:')
  try {
    migrate(
      should,
      file,
      0,
      migrations().filter(({ version }) => version <= found),
    )
    const is = new Map(partsOf(database).map(part => [part.name, part]))
    for (const { type, name, table, sql } of partsOf(should)) {
      const part = is.get(name)
      if (part?.sql === sql) continue
      findings.push({
        code: `${type}-${part === undefined ? 'missing' : 'differs'}`,
        where: `${type} ${name}`,
        what: part === undefined ? 'It is not there.' : `It is ${oneSpaced(part.sql)}; it should be ${oneSpaced(sql)}.`,
        why: type === 'index' ? `What is looked up by it is looked for in all of ${table}, or written twice.` : 'Statements that need it fail.',
        mend:
          type === 'index'
            ? `stop the server; sqlite3 ${file} ${JSON.stringify(`${part === undefined ? '' : `drop index ${name}; `}${oneSpaced(sql)};`)}`
            : 'restore it from a backup, or report it',
      })
    }
  } finally {
    should.close()
  }
  return findings
}

interface Part {
  type: 'table' | 'index'
  name: string
  table: string
  sql: string
}

/** As they were written: the same statements make the same text. What SQLite makes by itself has none. */
function partsOf(database: DatabaseSync): Part[] {
  const sql = "select type, name, tbl_name as 'table', sql from sqlite_schema where type in ('table', 'index') and sql is not null order by name"
  return database.prepare(sql).all() as unknown as Part[]
}

function faultsIn(database: DatabaseSync, file: string): Finding[] {
  const said = database
    .prepare(`pragma quick_check(${FAULTS_SHOWN})`)
    .all()
    .map(row => String(Object.values(row)[0]))
  if (said.length === 1 && said[0] === 'ok') return []
  return [damaged(file, said.join('; '))]
}

function damaged(file: string, said: string): Finding {
  return {
    code: 'database-damaged',
    where: file,
    what: `SQLite finds it damaged: ${oneSpaced(said)}.`,
    why: 'Rows may be lost or unreadable, and it may get worse: the disk or the memory fails, or something else wrote into the file.',
    mend: `stop the server, restore the last backup; what can be read of this one: sqlite3 ${file} .recover | sqlite3 recovered.db`,
  }
}

function oneSpaced(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024).toLocaleString('en-US')} MiB`
}
