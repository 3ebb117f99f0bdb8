import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

/** A command and its arguments. Tools are named by their files, so that it is certain which one runs. */
export type CommandLine = readonly [string, ...string[]]

/** Runs a command to its end, showing what it prints. Answers its exit code. */
export function show([command, ...rest]: CommandLine, cwd = ROOT): Promise<number> {
  return new Promise((done, failed) => {
    const child = spawn(command, rest, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', failed)
    child.on('close', (code, signal) => done(signal ? 1 : (code ?? 1)))
  })
}

/** Runs a command to its end and answers what it printed. Throws, with all of it, when the command failed. */
export function capture([command, ...rest]: CommandLine, cwd = ROOT): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(command, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const printed: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', part => printed.push(part))
    child.stderr.on('data', part => errors.push(part))
    child.on('error', failed)
    child.on('close', code => {
      const text = Buffer.concat(printed).toString()
      if (code === 0) done(text)
      else failed(new Error(`${[command, ...rest].join(' ')} ended with ${code}\n${text}${Buffer.concat(errors)}`))
    })
  })
}
