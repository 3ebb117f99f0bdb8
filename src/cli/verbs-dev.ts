import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { acting, withSettings } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring dev`. Its database is its own: trying things out must not touch what a server keeps. */
export function addDevVerb(program: Command, terminal: Terminal): void {
  const dev = withSettings(program.command('dev').description('run everything here: server, worker, and a new worker at each save'), [
    'database',
    'port',
    'basePath',
    'namespace',
    'leaseMs',
    'logLevel',
    'secretKey',
    'variables',
  ])
    .option('--dir <folder>', 'where the jobs are', 'jobs')
    .option('--demo [scale]', "a day of a shop's work to look at, in a database of its own, that goes on; scale 0.1 is a tenth of it")
  const defaults = { database: { value: '.mainspring/dev.db', origin: 'dev' }, logLevel: { value: 'warn', origin: 'dev' } }
  acting(
    dev,
    terminal,
    'mainspring dev --dir src/jobs',
    async (session, _given, flags) => (await import('./dev/dev.ts')).runDev(session, { dir: String(flags.dir), scale: scaleOf(flags.demo) }),
    defaults,
  )
}

/** Null: no demo. */
function scaleOf(given: unknown): number | null {
  if (given === undefined) return null
  const scale = given === true ? 1 : Number(given)
  if (scale >= 0.01 && scale <= SCALE_MAX) return scale
  throw new Refusal({
    code: 'invalid-option',
    place: '--demo',
    title: `${JSON.stringify(given)} is no scale.`,
    hint: `A number from 0.01 to ${SCALE_MAX}; 1 is a day of some thousands of runs.`,
  })
}
/** The day is played in memory, and somebody waits for it. */
const SCALE_MAX = 3
