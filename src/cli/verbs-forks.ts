import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { Refusal } from '../server/refusal.ts'
import { jsonArgument, textFlag } from './arguments.ts'
import { oneOrWhere, withWhere } from './bulk.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** A new run of a workflow from a point of an old one. */
export function addForkVerbs(program: Command, terminal: Terminal): void {
  const fork = withWhere(program.command('fork').description('a new run that goes on from a step of a workflow, and keeps the results before it'))
    .argument('[run]', 'id, or the end of one')
    .option('--from <step>', "a step's name, or its number in the history (default: the step that failed last)")
    .option('--input <json>', 'another input')
  calling(fork, terminal, 'mainspring fork 7kq2m --from charge', oneOrWhere('fork', forkRun, nothingElse))

  const reset = program
    .command('reset')
    .description('the same in place of the run, which ends if it is open; signals that came later go to the new one')
    .argument('<run>', 'id, or the end of one')
    .requiredOption('--to <step>', "a step's name, or its number in the history")
  calling(reset, terminal, 'mainspring reset 7kq2m --to charge', async (session, [id = ''], flags) =>
    started(session, id, 'reset', { to: stepOf(textFlag(flags.to) as string) }),
  )
}

function forkRun(session: Session, [id = '']: readonly string[], flags: Flags): Promise<undefined> {
  const [from, input] = [textFlag(flags.from), textFlag(flags.input)]
  const body = { ...(from === undefined ? {} : { from: stepOf(from) }), ...(input === undefined ? {} : { input: jsonArgument(input, '--input') }) }
  return started(session, id, 'fork', body)
}

async function started(session: Session, id: string, operation: 'fork' | 'reset', body: object): Promise<undefined> {
  const { client } = session
  const { run } = await client.call<{ run: string }>(`runs.${operation}`, { run: id }, body, { callKey: client.newId() })
  session.show({ run }, () => `started ${shortId(run)}, a ${operation} of ${shortId(id)}\nsee it: mainspring show ${shortId(run)}`)
  return undefined
}

/** A number is one of the history. */
function stepOf(text: string): number | string {
  return /^\d{1,15}$/.test(text) ? Number(text) : text
}

/** Many are forked each from its failed step, with its own input. */
function nothingElse(flags: Flags): undefined {
  const given = (['from', 'input'] as const).find(name => flags[name] !== undefined)
  if (given === undefined) return undefined
  throw new Refusal({
    code: 'invalid-option',
    place: `--${given}`,
    title: `With --where each run goes on from its failed step, with its own input.`,
    hint: `Name one run, or leave --${given} out.`,
  })
}
