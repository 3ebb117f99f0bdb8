import { readFileSync } from 'node:fs'

/** Of this package, the same from sources (src/server/) and as built (dist/server/). */
export const PACKAGE_VERSION: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
