import type { Command } from 'commander'
import { collect } from './arguments.ts'
import { acting, calling, withSettings } from './session.ts'
import type { Terminal } from './terminal.ts'
import { drainWorker, listWorkers } from './verbs-places.ts'

/** `mainspring worker FILE...` and `mainspring worker ls`. */
export function addWorkerVerbs(program: Command, terminal: Terminal): void {
  const worker = withSettings(
    program.command('worker').enablePositionalOptions().description('run the jobs of these files, for a server, and register their schedules'),
    ['url', 'apiKey', 'namespace', 'executors', 'allowShell', 'allowHttp'],
  )
    .argument('[file...]', 'files that export jobs and schedules')
    .option('--slots <number>', 'attempts at a time', '10')
    .option('--queues <names>', 'only these queues, with commas between them')
    .option('--label <name=value>', 'what this worker is, for jobs that ask for it (repeatable)', collect)
    .option('--unit <name=number>', 'what this worker has beside slots, for jobs with a cost (repeatable): cpu=4', collect)
    .option('--source <name>', 'what the server knows this code by: schedules that it no longer has are paused (default: the files)')
    .option('--name <name>', 'what people call this worker (default: host and process)')
  acting(worker, terminal, 'mainspring worker jobs.ts --slots 20', async (session, files, flags) =>
    (await import('./worker.ts')).runWorker(session, files, flags),
  )
  const drain = worker
    .command('drain')
    .description('give a worker no new task; what it runs goes on')
    .argument('<worker>', 'name, id, or the end of one')
  calling(drain.option('--why <text>', 'shown wherever that is'), terminal, 'mainspring worker drain web-1:42', drainWorker('workers.drain'))
  const undrain = worker.command('undrain').description('give a drained worker tasks again').argument('<worker>', 'name, id, or the end of one')
  calling(undrain, terminal, 'mainspring worker undrain web-1:42', drainWorker('workers.undrain'))
  calling(worker.command('ls').description('all workers'), terminal, 'mainspring worker ls', listWorkers)
}
