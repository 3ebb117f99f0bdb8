import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'
import { refusal } from '../attempt.ts'

export interface Account {
  name: string
  uid: number
  gid: number
  home: string
  shell: string
}

/**
 * The account to become; null when the worker is it already.
 * @throws Abort: there is none, or this worker cannot become it.
 */
export async function accountOf(name: string | undefined): Promise<Account | null> {
  if (name === undefined) return null
  const account = parsed(name, passwd()) ?? parsed(name, await asked(name))
  if (account === null) throw refusal('shell-user-unknown', `There is no account "${name}" on this machine.`)
  if (account.uid === process.getuid?.()) return null
  if (process.getuid?.() !== 0)
    throw refusal('shell-user-refused', `Only a worker that runs as root can run commands as "${name}"; this one runs as "${ownName()}".`)
  return account
}

/**
 * Where it is there, `setpriv` (util-linux) gives the account its supplementary groups, as cron does; Node alone would give it none.
 * It executes the program in its own place, so that process and group stay the same.
 */
export function groupsHelper(): string | null {
  return ['/usr/bin/setpriv', '/bin/setpriv'].find(file => existsSync(file)) ?? null
}

function ownName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

function passwd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}

/** Accounts of a directory service. */
async function asked(name: string): Promise<string> {
  return promisify(execFile)('getent', ['passwd', name]).then(
    ({ stdout }) => stdout,
    () => '',
  )
}

function parsed(name: string, table: string): Account | null {
  const fields = table
    .split('\n')
    .map(line => line.split(':'))
    .find(([first]) => first === name)
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])]
  if (!fields || !Number.isInteger(uid) || !Number.isInteger(gid)) return null
  return { name, uid, gid, home: fields[5] || '/', shell: fields[6] || '/bin/sh' }
}
