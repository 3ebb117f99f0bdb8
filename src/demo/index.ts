/** A day of work in a shop, for looking at: `playDay` fills a database with the last one, `goOn` is what follows, and the jobs are in the folder `JOBS_FOLDER`. */
import { fileURLToPath } from 'node:url'

export { goOn } from './live.ts'
export { type Played, type PlayOptions, playDay } from './play.ts'
export const JOBS_FOLDER = fileURLToPath(new URL('./jobs', import.meta.url))
