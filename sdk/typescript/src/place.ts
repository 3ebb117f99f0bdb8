import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'

/**
 * The file whose evaluation has called `job()`, for a process that is to define the same job: of the frames above ours the outermost of one evaluation, so that a
 * project's own helper around `job()` is not taken for it. null: it cannot be told (a REPL, `--eval`).
 */
export function definingFile(own: readonly string[]): string | null {
  const files = getCallSites(FRAMES_MAX).map(({ scriptName }) => pathOf(scriptName))
  const first = files.findIndex(file => file !== null && !own.includes(file))
  if (first < 0 || files.slice(0, first).includes(null)) return null
  let found = files[first] as string
  for (const file of files.slice(first + 1)) {
    if (file === null || INSTALLED.test(file)) break
    found = file
  }
  return found
}

const FRAMES_MAX = 200
const INSTALLED = /[\\/]node_modules[\\/]/

function pathOf(script: string): string | null {
  if (script.startsWith('file:')) return fileURLToPath(script)
  return /^(?:\/|[A-Za-z]:[\\/])/.test(script) ? script : null
}
