import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreRefused } from '../store.ts'
import { primaryCode, SQLITE } from './codes.ts'

/** Who holds a database; for people. */
interface Holder {
  node: string
  pid: number
  host: string
  since: string
}

/** File systems whose locks or shared memory do not hold between machines (statfs(2)): SQLite's write-ahead log is not safe there (E6). */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
])

/**
 * Holds a database for this process until released (E6): a transaction on a side database, `FILE-lock`, which the system ends with the process, however
 * it ends. Who holds it stands in `FILE-holder`, since a locked database cannot be read.
 * @throws StoreRefused when another process, or this one, holds it already; the message says who.
 */
export function hold(file: string, nodeName: string): { release(): void } {
  refuseNetwork(file)
  const holderFile = `${file}-holder`
  const lock = new DatabaseSync(`${file}-lock`, { timeout: 0 })
  try {
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    if (primaryCode(error) !== SQLITE.BUSY) throw error
    throw new StoreRefused(
      `The database ${file} is in use by ${describe(holderFile)}. SQLite serves one process at a time: stop that one, connect to it, or name another database.`,
    )
  }
  const holder: Holder = { node: nodeName, pid: process.pid, host: hostname(), since: new Date().toISOString() }
  try {
    writeFileSync(holderFile, `${JSON.stringify(holder)}\n`)
  } catch (error) {
    lock.close()
    throw error
  }
  return {
    release() {
      rmSync(holderFile, { force: true })
      lock.close()
    },
  }
}

/** The kind of network file system that a file is on, or is to be; null: none. */
export function networkOf(file: string): string | null {
  // Signed where the system says so: Linux on 32 bits.
  return NETWORK_FILE_SYSTEMS.get(statfsSync(dirname(file)).type >>> 0) ?? null
}

function refuseNetwork(file: string): void {
  const system = networkOf(file)
  if (system !== null)
    throw new StoreRefused(
      `The database ${file} is on a network file system (${system}), where SQLite cannot keep its promises. Name a file on a local disk.`,
    )
}

function describe(holderFile: string): string {
  try {
    const { node, pid, host, since } = JSON.parse(readFileSync(holderFile, 'utf8')) as Holder
    return `node ${JSON.stringify(node)} (process ${pid} on ${host}, since ${since})`
  } catch {
    return 'another process that has just taken it'
  }
}
