import { readFileSync } from 'node:fs'
import { MainspringError } from '../../errors.ts'

/** The process of a handler has ended before the handler did. */
export class ProcessCrashed extends MainspringError {
  override readonly name = 'ProcessCrashed'
  readonly code = 'process-crashed'
}

/** The process of a handler had no memory left: of its own heap, or of the machine (then the kernel has ended it). */
export class OutOfMemory extends MainspringError {
  override readonly name = 'OutOfMemory'
  readonly code = 'out-of-memory'
}

/** How a process ended, and what it wrote last to stderr. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  stderr: string
  memoryMb: number | null
  /** Of the kernel's killings for want of memory, how many there were while it ran; null: this system does not count them. */
  oomKills: number | null
}

export function crashOf({ code, signal, stderr, memoryMb, oomKills }: Exit): ProcessCrashed | OutOfMemory {
  if (V8_OUT_OF_MEMORY.test(stderr))
    return shown(
      new OutOfMemory(`The handler's heap is full${memoryMb === null ? '' : ` (${memoryMb} MiB)`}.`, {
        hint: 'give it more with resourceLimits: { memoryMb }, or let it hold less at a time',
      }),
    )
  if (signal === 'SIGKILL' && oomKills !== null && oomKills > 0)
    return shown(new OutOfMemory('The kernel has ended the process of the handler, for the machine or its container had no memory left.'))
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`
  const last = lastLines(stderr)
  return shown(new ProcessCrashed(`The process of the handler ended ${how}${last === '' ? '.' : `: ${last}`}`))
}

/** Linux counts them, by control group (version 2: memory.events) or for the whole machine; a rise while the process ran, and a SIGKILL, belong together. */
export function oomKillsSoFar(): number | null {
  const [, group] = /^0::(.*)$/m.exec(textOf('/proc/self/cgroup')) ?? []
  const counted = textOf(`/sys/fs/cgroup${group ?? ''}/memory.events`) || textOf('/proc/vmstat')
  const [, count] = /^oom_kill (\d+)$/m.exec(counted) ?? []
  return count === undefined ? null : Number(count)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Node's own last words (`OnFatalError`, `OnOOMError` in node/src/node_errors.cc). */
const V8_OUT_OF_MEMORY = /^FATAL ERROR: .*out of memory/m
const LINES_MAX = 10

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-LINES_MAX).join('\n')
}

/** Its stack would only show the worker's own code. */
function shown<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}`
  return error
}
