import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'

/**
 * The name of the code that has schedules, if nobody gave one: the package and the script that was started, such as `shop/worker`. The same on every machine, and
 * for `src/worker.ts` and `dist/worker.js`; another script has other schedules, and must not take those of this one for gone.
 */
export function sourceOf(script: string | undefined): string {
  if (script === undefined || script === '') return 'node'
  const name = basename(script, extname(script))
  const known = packageOf(dirname(script))
  return (known === null ? name : `${known}/${name}`).slice(-200)
}

function packageOf(from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file)) return nameIn(file)
    if (dirname(folder) === folder) return null
  }
}

function nameIn(file: string): string | null {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }
    return typeof name === 'string' && name !== '' ? name : null
  } catch {
    return null
  }
}
