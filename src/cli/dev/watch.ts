import { existsSync, type FSWatcher, mkdirSync, watch } from 'node:fs'
import { basename, dirname, relative } from 'node:path'

/** Editors write a file in several steps; a formatter then writes it again. */
const QUIET_MS = 100
const PASSED_OVER = /(^|[\\/])(node_modules|\.[^\\/]*|output|dist)([\\/]|$)/
const CODE = /\.(m?[jt]s|json)$/

export interface Watching {
  /** Watches these files too, wherever they are, and none of those that were named before. */
  also(files: readonly string[]): void
  end(): void
}

/** Calls once after each burst of changes of code in a folder, which is made if it is missing. */
export function watchFolder(folder: string, changed: () => void): Watching {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true })
  let timer: NodeJS.Timeout | null = null
  const changedSoon = (): void => {
    if (timer) clearTimeout(timer)
    timer = setTimeout(changed, QUIET_MS)
  }
  const watcher: FSWatcher = watch(folder, { recursive: true }, (_event, file) => {
    if (file !== null && !PASSED_OVER.test(file) && CODE.test(file)) changedSoon()
  })
  const elsewhere = new Map<string, { names: Set<string>; watcher: FSWatcher }>()
  return {
    also(files) {
      const byFolder = Map.groupBy(
        files.filter(file => relative(folder, file).startsWith('..')),
        file => dirname(file),
      )
      for (const [place, { watcher }] of elsewhere) {
        if (byFolder.has(place)) continue
        watcher.close()
        elsewhere.delete(place)
      }
      for (const [place, named] of byFolder) {
        const names = new Set(named.map(file => basename(file)))
        const known = elsewhere.get(place)
        if (known) known.names = names
        else elsewhere.set(place, watchNames(place, names, changedSoon))
      }
    },
    end() {
      if (timer) clearTimeout(timer)
      watcher.close()
      for (const { watcher } of elsewhere.values()) watcher.close()
    },
  }
}

/** The folder, not the files: an editor that writes a new file and renames it would be lost. */
function watchNames(place: string, names: Set<string>, changed: () => void): { names: Set<string>; watcher: FSWatcher } {
  const entry = {
    names,
    watcher: watch(place, (_event, file) => {
      if (file !== null && entry.names.has(file)) changed()
    }),
  }
  return entry
}
