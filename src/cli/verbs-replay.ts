import type { Command } from 'commander'
import { collect } from './arguments.ts'
import { calling } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring replay --against FILE`: recorded histories against code that is about to be deployed. */
export function addReplayVerb(program: Command, terminal: Terminal): void {
  const replay = program
    .command('replay')
    .description('call the workflows of a file with the answers that recorded histories give; ends with 1 where one does not fit. No step is run')
    .argument('[run]', 'id, or the end of one (default: all workflow runs of the definitions in the file)')
    .requiredOption('--against <file>', 'the file that exports the workflows (repeatable)', collect)
    .option('--since <duration>', 'of all: those that were created within this time', '7d')
    .option('--limit <number>', 'of each definition: so many at most, newest first', '1000')
    .option('--history <file>', 'instead of the server: what `mainspring show RUN --json` printed (repeatable)', collect)
    .option('--inspect', 'of one run: wait for a debugger, and stop where the code begins')
  calling(replay, terminal, 'mainspring replay --against orders.ts --since 7d', async (session, given, flags) =>
    (await import('./replay.ts')).replayAll(session, given, flags),
  )
}
