import { Command, CommanderError } from 'commander'
import { nearest } from '../server/nearest.ts'
import { Refusal } from '../server/refusal.ts'
import { PACKAGE_VERSION } from '../server/version.ts'
import { calling, exitCodeOf, printError } from './session.ts'
import { EXIT, type ExitCode, processTerminal, type Terminal } from './terminal.ts'
import { addApplyVerbs } from './verbs-apply.ts'
import { addApprovalVerbs } from './verbs-approvals.ts'
import { addArtifactVerbs } from './verbs-artifacts.ts'
import { addAssetVerbs } from './verbs-assets.ts'
import { addBackfillVerbs } from './verbs-backfills.ts'
import { addBatchVerbs } from './verbs-batches.ts'
import { addCheckVerb } from './verbs-check.ts'
import { addClusterVerbs } from './verbs-cluster.ts'
import { addDagVerbs } from './verbs-dags.ts'
import { addDevVerb } from './verbs-dev.ts'
import { addDoctorVerb } from './verbs-doctor.ts'
import { addEndpointVerbs } from './verbs-endpoints.ts'
import { addFileVerbs } from './verbs-files.ts'
import { addForkVerbs } from './verbs-forks.ts'
import { addImportVerbs } from './verbs-import.ts'
import { addLimitVerbs } from './verbs-limits.ts'
import { addMessageVerbs } from './verbs-messages.ts'
import { addMoveVerb } from './verbs-move.ts'
import { addNodeVerbs } from './verbs-node.ts'
import { addOutboxVerbs } from './verbs-outbox.ts'
import { addPlaceVerbs, showHome } from './verbs-places.ts'
import { addReplayVerb } from './verbs-replay.ts'
import { addRetentionVerbs } from './verbs-retention.ts'
import { addRunVerbs } from './verbs-runs.ts'
import { addScheduleVerbs } from './verbs-schedules.ts'
import { addStartVerb } from './verbs-start.ts'
import { addStreamVerbs } from './verbs-streams.ts'
import { addTestVerb } from './verbs-test.ts'
import { addVariableVerbs } from './verbs-variables.ts'
import { addVersionVerbs } from './verbs-versions.ts'
import { addWorkerVerbs } from './verbs-worker.ts'

/** Runs one command and answers its exit code; never throws. */
export async function main(given: readonly string[], terminal: Terminal = processTerminal): Promise<ExitCode> {
  const program = programOf(terminal)
  try {
    refuseUnknown(program, given)
    await program.parseAsync([...given], { from: 'user' })
    return exitCodeOf(program)
  } catch (error) {
    if (!(error instanceof CommanderError)) return printError(terminal, error, given.includes('--json'))
    if (error.exitCode === 0) return EXIT.done
    // A group without its verb: its help is printed already.
    if (error.code === 'commander.help') return EXIT.refused
    return printError(terminal, usageRefusal(error, given), given.includes('--json'))
  }
}

export function programOf(terminal: Terminal): Command {
  const program = new Command('mainspring')
    .description('One scheduler for every shape of job. Alone: what is going on now.')
    .version(PACKAGE_VERSION)
    .configureOutput({ writeOut: text => terminal.out(text.trimEnd()), writeErr: text => terminal.error(text.trimEnd()), outputError: () => {} })
    .exitOverride()
    .enablePositionalOptions()
    .allowExcessArguments(false)
  calling(program, terminal, 'mainspring dev', showHome)
  addDevVerb(program, terminal)
  addNodeVerbs(program, terminal)
  addMoveVerb(program, terminal)
  addDoctorVerb(program, terminal)
  addClusterVerbs(program, terminal)
  addStartVerb(program, terminal)
  addRunVerbs(program, terminal)
  addMessageVerbs(program, terminal)
  addStreamVerbs(program, terminal)
  addArtifactVerbs(program, terminal)
  addFileVerbs(program, terminal)
  addForkVerbs(program, terminal)
  addBatchVerbs(program, terminal)
  addBackfillVerbs(program, terminal)
  addPlaceVerbs(program, terminal)
  addLimitVerbs(program, terminal)
  addRetentionVerbs(program, terminal)
  addDagVerbs(program, terminal)
  addApprovalVerbs(program, terminal)
  addAssetVerbs(program, terminal)
  addScheduleVerbs(program, terminal)
  addApplyVerbs(program, terminal)
  addImportVerbs(program, terminal)
  addVersionVerbs(program, terminal)
  addReplayVerb(program, terminal)
  addCheckVerb(program, terminal)
  addTestVerb(program, terminal)
  addWorkerVerbs(program, terminal)
  addEndpointVerbs(program, terminal)
  addOutboxVerbs(program, terminal)
  addVariableVerbs(program, terminal)
  return program
}

/** Commander takes an unknown word for an argument of `mainspring` alone. */
function refuseUnknown(program: Command, given: readonly string[]): void {
  const [word] = given
  const names = program.commands.map(command => command.name())
  if (word === undefined || word.startsWith('-') || word === 'help' || names.includes(word)) return
  const guess = nearest(word, names)
  throw new Refusal({
    code: 'unknown-command',
    title: `There is no command "${word}".`,
    hint: guess ? `Did you mean "mainspring ${guess}"?` : `Commands: ${names.join(', ')}.`,
  })
}

function usageRefusal(error: CommanderError, given: readonly string[]): Refusal {
  const [title = '', ...hints] = error.message.replace(/^error: /, '').split('\n')
  const verb = given.filter(word => /^[a-z]+$/.test(word)).slice(0, 1)
  const help = `See: ${['mainspring', ...verb, '--help'].join(' ')}`
  return new Refusal({ code: 'usage', title: `${title[0]?.toUpperCase()}${title.slice(1).replace(/\.$/, '')}.`, hint: [...hints, help].join(' ') })
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
