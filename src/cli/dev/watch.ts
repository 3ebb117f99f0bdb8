import { existsSync, type FSWatcher, mkdirSync, watch } from 'node:fs'

/** Editors write a file in several steps; a formatter then writes it again. */
const QUIET_MS = 100
const PASSED_OVER = /(^|[\\/])(node_modules|\.[^\\/]*|output|dist)([\\/]|$)/

/** Calls once after each burst of changes of code in a folder, which is made if it is missing. Answers how to stop. */
export function watchFolder(folder: string, changed: () => void): () => void {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true })
  let timer: NodeJS.Timeout | null = null
  const watcher: FSWatcher = watch(folder, { recursive: true }, (_event, file) => {
    if (file === null || PASSED_OVER.test(file) || !/\.(m?[jt]s|json)$/.test(file)) return
    if (timer) clearTimeout(timer)
    timer = setTimeout(changed, QUIET_MS)
  })
  return () => {
    if (timer) clearTimeout(timer)
    watcher.close()
  }
}
