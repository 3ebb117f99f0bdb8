import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'

/**
 * Processes that a test has started end with the test's own process, however that ends: a test runner that is interrupted kills its workers, and nothing
 * of ours runs any more. So a shell of its own keeps a list, and kills what is on it when its standard input ends.
 */
export function guarded<Process extends ChildProcess>(child: Process, what: 'process' | 'group' = 'process'): Process {
  const { pid } = child
  if (pid === undefined) return child
  const target = what === 'group' ? -pid : pid
  guardian ??= startGuardian()
  guardian.write(`+ ${target}\n`)
  child.once('exit', () => guardian?.write(`- ${target}\n`))
  return child
}

let guardian: Writable | null = null

const SCRIPT = `
kept=
while read -r sign pid; do
  rest=
  for other in $kept; do [ "$other" = "$pid" ] || rest="$rest $other"; done
  kept=$rest
  [ "$sign" = + ] && kept="$kept $pid"
done
for pid in $kept; do kill -s KILL -- "$pid" 2>/dev/null; done
`

/** A session of its own: ctrl-c does not reach it. */
function startGuardian(): Writable {
  const shell = spawn('sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  shell.unref()
  const input = shell.stdin as Writable & { unref?(): void }
  input.unref?.()
  input.on('error', () => {})
  return input
}
