import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { until } from './support/processes.ts'

/** Starts two processes that would run for long, one of them with a child of its own, and says their ids. */
const PROGRAM = `
import { spawn } from 'node:child_process'
import { guarded } from ${JSON.stringify(fileURLToPath(new URL('../support/guardian.ts', import.meta.url)))}
const one = guarded(spawn('sleep', ['600'], { stdio: 'ignore' }))
const group = guarded(spawn('sh', ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true }), 'group')
const ended = guarded(spawn('true'))
ended.on('exit', () => group.stdout.once('data', text => console.log(one.pid, group.pid, String(text).trim())))
setInterval(() => {}, 1_000)
`

test.each(['SIGKILL', 'SIGTERM'] as const)('what a test has started ends with it, when it is ended by %s', async signal => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', PROGRAM])
  const pids = (await firstLine(child)).split(' ').map(Number)
  expect(pids.map(runs)).toEqual([true, true, true])
  child.kill(signal)
  await until('all have ended', () => !pids.some(runs))
})

async function firstLine({ stdout, stderr }: ChildProcess): Promise<string> {
  stderr?.pipe(process.stderr)
  const [text] = (await once(stdout as NonNullable<typeof stdout>, 'data')) as [Buffer]
  return String(text).trim()
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
