import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '@mainspring/sdk'

/** How often it is looked whether a group has ended: there is no event for that. */
const LOOK_MS_FIRST = 10
const LOOK_MS_MAX = 200
/** After SIGKILL: a process in an uninterruptible system call, or of an account that we may not signal. */
const UNKILLABLE_MS = 5_000

/**
 * Ends a process group: SIGTERM, then after `killAfterMs` SIGKILL, whether or not its leader still lives. Resolves when no process of it is left; false when one
 * survives even SIGKILL. While a group has a member the kernel gives its number to no other process.
 */
export async function endGroup(group: number, killAfterMs: number, clock: Clock): Promise<boolean> {
  signalGroup(group, 'SIGTERM')
  if (await groupEnds(group, killAfterMs, clock)) return true
  signalGroup(group, 'SIGKILL')
  return groupEnds(group, UNKILLABLE_MS, clock)
}

/** Resolves with true as soon as no process of the group is left, with false after `withinMs`. */
export async function groupEnds(group: number, withinMs: number, clock: Clock): Promise<boolean> {
  const until = clock.monotonic() + withinMs
  for (let wait = LOOK_MS_FIRST; ; wait = Math.min(LOOK_MS_MAX, wait * 2)) {
    if (!groupLives(group)) return true
    const left = until - clock.monotonic()
    if (left <= 0) return false
    await new Promise<void>(resolve => clock.after(Math.min(wait, left), resolve))
  }
}

export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // ESRCH: it has ended. EPERM: all of it belongs to another account.
  }
}

export function groupLives(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return process.platform !== 'linux' || hasLiving(group)
}

/** In a container whose first process reaps nobody, dead members stay in the table for ever: they do not count. */
function hasLiving(group: number): boolean {
  return readdirSync('/proc').some(name => {
    if (!/^\d+$/.test(name)) return false
    try {
      // pid (name) state ppid pgrp …; a name may contain anything, also ") ".
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(pgrp) === group && state !== 'Z' && state !== 'X'
    } catch {
      return false
    }
  })
}
