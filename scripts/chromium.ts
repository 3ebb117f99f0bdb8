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

/**
 * What Playwright switches off, of which only the last list counts, and WebUIOmnibox…: with these every window makes two more renderers, for the suggestions of
 * an address bar that nobody sees. They take half of the CPU that a new context does, and beside the page that is looked at.
 */
const WITHOUT = [
  'AimEnabled,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,LensOverlay',
  'MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,ThirdPartyStoragePartitioning',
  'WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,WebUIOmniboxPopup',
]
/** For any launch of it here. */
export const CHROMIUM_ARGUMENTS = ['--no-sandbox', `--disable-features=${WITHOUT.join(',')}`]

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
