import type { Command } from 'commander'
import { acting, withSettings } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring dev`. Its database is its own: trying things out must not touch what a server keeps. */
export function addDevVerb(program: Command, terminal: Terminal): void {
  const dev = withSettings(program.command('dev').description('run everything here: server, worker, and a new worker at each save'), [
    'database',
    'port',
    'namespace',
    'leaseMs',
    'logLevel',
  ])
    .option('--dir <folder>', 'where the jobs are', 'jobs')
    .option('--demo', "a day of a shop's work to look at, in a database of its own, that goes on; in place of --dir")
  const defaults = { database: { value: '.mainspring/dev.db', origin: 'dev' }, logLevel: { value: 'warn', origin: 'dev' } }
  acting(
    dev,
    terminal,
    'mainspring dev --dir src/jobs',
    async (session, _given, flags) => (await import('./dev/dev.ts')).runDev(session, { dir: String(flags.dir), demo: flags.demo === true }),
    defaults,
  )
}
