import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve, sep } from 'node:path'
import type { Abort } from '@mainspring/sdk'
import { invalidOption, refusal } from '../attempt.ts'
import type { ShellInput } from './input.ts'

/** What commands a worker runs for whoever may start runs. */
export type ShellPolicy = boolean | ShellLimits
export interface ShellLimits {
  /** Programs, by absolute path, or by a name that is looked for in the worker's own PATH. Default: any. One that runs others (`sh`, `env`, `find`) allows all. */
  commands?: readonly string[]
  /** Folders: `cwd` must be one of them or below. Default: any. */
  cwd?: readonly string[]
  /** Whether `shell` may be given; a shell runs any program. Default false. */
  shell?: boolean
  /** Variables that may be given. Default: any, but none where `commands` is limited: with `LD_PRELOAD` a program is another one. */
  env?: readonly string[]
}

export function notAllowed(what: string): Abort {
  return refusal('shell-not-allowed', `${what} Allow it where the worker is started: allowShell, or --allow-shell for any command.`)
}

/** @throws InvalidOption with the place. */
export function checkedPolicy(policy: ShellPolicy): ShellPolicy {
  if (typeof policy === 'boolean') return policy
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy))
    throw invalidOption('/allow', policy, 'true, false, or { commands, cwd, shell, env }')
  for (const [name, value] of Object.entries(policy)) {
    if (name === 'shell' && typeof value === 'boolean') continue
    const isList = Array.isArray(value) && value.every(item => typeof item === 'string' && item !== '')
    if (!['commands', 'cwd', 'env'].includes(name) || !isList)
      throw invalidOption(`/allow/${name}`, value, 'commands, cwd and env are lists of texts, shell is true or false')
  }
  const { commands = [], cwd = [] } = policy
  for (const [index, root] of cwd.entries()) if (!isAbsolute(root)) throw invalidOption(`/allow/cwd/${index}`, root, 'an absolute path')
  for (const [index, command] of commands.entries())
    if (command.includes('/') && !isAbsolute(command))
      throw invalidOption(`/allow/commands/${index}`, command, 'an absolute path, or a name without "/"')
  return policy
}

export interface Permitted {
  /** Absolute path of what is executed. */
  file: string
  /** The program's name first, as it was written. */
  argv: string[]
  cwd: string
}

/**
 * What is executed and where. `path` is the PATH that the command will have, `ownPath` the worker's.
 * @throws Abort: not allowed, or there is no such program or folder.
 */
export function permitted(policy: true | ShellLimits, input: ShellInput, cwdDefault: string, path: string, ownPath: string): Permitted {
  const limits = policy === true ? null : policy
  const shell = input.shell === true ? '/bin/sh' : input.shell === false ? undefined : input.shell
  if (limits && shell !== undefined && limits.shell !== true) throw notAllowed(`A shell is not allowed on this worker.`)
  checkVariables(limits, input)
  const cwd = folder(limits, input, cwdDefault)
  const argv = shell !== undefined ? [shell, '-c', input.command as string] : Array.isArray(input.command) ? [...input.command] : [input.command]
  const name = argv[0] as string
  if (limits?.commands && shell === undefined) {
    // Names are looked up in the worker's PATH, never in one that the input could bend.
    const allowed = limits.commands.map(command => find(command, ownPath, '/'))
    const file = name.includes('/') ? name : find(name, ownPath, '/')
    if (file === null || !allowed.includes(file)) throw notAllowed(`${shown(name)} is not among the allowed commands.`)
    return { file: existing(file, name), argv, cwd }
  }
  return { file: existing(find(name, path, cwd), name), argv, cwd }
}

function checkVariables(limits: ShellLimits | null, input: ShellInput): void {
  const allowed = limits?.env ?? (limits?.commands ? [] : null)
  if (allowed === null) return
  const other = Object.keys(input.env ?? {}).find(name => !allowed.includes(name))
  if (other !== undefined) throw notAllowed(`The variable ${shown(other)} is not allowed on this worker.`)
}

/** The folder itself, not a name for it: a symbolic link would lead out of what is allowed. */
function folder(limits: ShellLimits | null, input: ShellInput, cwdDefault: string): string {
  const wanted = input.cwd ?? limits?.cwd?.[0] ?? cwdDefault
  const real = realFolder(wanted)
  const within = (root: string): boolean => real === root || real?.startsWith(root.endsWith(sep) ? root : root + sep) === true
  if (limits?.cwd && !limits.cwd.some(root => within(realFolder(root) ?? resolve(root))))
    throw notAllowed(`The folder ${shown(wanted)} is not below an allowed one.`)
  if (real === null) throw refusal('shell-folder-missing', `There is no folder ${shown(wanted)}.`)
  return real
}

function realFolder(path: string): string | null {
  try {
    const real = realpathSync(path)
    return statSync(real).isDirectory() ? real : null
  } catch {
    return null
  }
}

/** As execvp finds it. */
function find(name: string, path: string, cwd: string): string | null {
  if (name.includes('/')) return isAbsolute(name) ? name : resolve(cwd, name)
  return (
    path
      .split(':')
      .map(place => join(place === '' ? cwd : resolve(cwd, place), name))
      .find(isExecutable) ?? null
  )
}

function existing(file: string | null, name: string): string {
  if (file === null || !isExecutable(file))
    throw refusal(
      'shell-command-missing',
      `There is no program ${shown(name)}, or it may not be executed. A list is program and arguments: ["ls", "-l"].`,
    )
  return file
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name)
}
