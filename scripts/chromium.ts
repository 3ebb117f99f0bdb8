import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Chromium is: MAINSPRING_CHROMIUM, else in PATH. Null: nowhere. */
export function findChromium(): string | null {
  const named = process.env.MAINSPRING_CHROMIUM
  const places = named
    ? [named]
    : (process.env.PATH ?? '').split(delimiter).flatMap(folder => [join(folder, 'chromium'), join(folder, 'chromium-browser')])
  return places.find(isExecutable) ?? null
}
function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
