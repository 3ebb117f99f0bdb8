import type { WireStart, WireStarted } from '@mainspring/sdk'
import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { collect, integerArgument, jsonArgument, listFlag, pairsArgument, textFlag } from './arguments.ts'
import { followRun, waitRun } from './follow.ts'
import { calling, type Flags, type Session } from './session.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

/** `mainspring start`. */
export function addStartVerb(program: Command, terminal: Terminal): void {
  const start = program
    .command('start')
    .description('start a run')
    .argument('<name>', 'what to start')
    .argument('[input]', 'its input as JSON')
    .option('--key <key>', 'start at most one run with this key (kept 24 h and as long as the run is open)')
    .option('--delay <duration>', 'due after this time, such as 10m')
    .option('--priority <number>', '-100 to 100, higher goes first')
    .option('--queue <queue>', 'another queue than the one of the definition')
    .option('--tag <name=value>', 'a tag to find it by (repeatable)', collect)
    .option('--unique <key>', 'start it unless one with this key is open')
    .option('--signal <name>', 'a signal for the workflow, in the same commit: to the run that starts, or to the one that its key finds')
    .option('--payload <json>', 'what the signal tells')
    .option('--follow', 'print log lines, progress and the result as they come; exit with the outcome of the run')
    .option('--wait', 'wait for the result; exit with the outcome of the run')
  calling(start, terminal, `mainspring start welcome '{"email":"you@example.org"}' --follow`, startRun)
}

async function startRun(session: Session, [name = '', input]: readonly string[], flags: Flags): Promise<ExitCode> {
  const { client } = session
  const started = await client.call<WireStarted>('runs.start', {}, startBody(name, input, flags), { callKey: client.newId() })
  if (started.is === 'refused') return EXIT.refused
  const text = answerText(started)
  if (flags.follow) {
    session.showLine(started, started.is === 'existing' ? `${text}, following that` : text)
    return followRun(session, started.run)
  }
  if (flags.wait) return waitRun(session, started.run)
  session.show(started, () => `${text}\nsee it: mainspring show ${shortId(started.run)}`)
  return EXIT.done
}

function answerText(started: Exclude<WireStarted, { is: 'refused' }>): string {
  const run = shortId(started.run)
  // By the call's own repeat: it is this very start that had begun it.
  if (started.is === 'started' || started.by === 'call') return `started ${run}`
  if (started.replaced) return `unique: ${run} waits, and took this input`
  return started.by === 'unique' ? `unique: ${run} is open; nothing started` : `key: ${run} was started with it before; nothing started`
}

function startBody(definition: string, input: string | undefined, flags: Flags): WireStart {
  const key = textFlag(flags.key)
  const delay = textFlag(flags.delay)
  const queue = textFlag(flags.queue)
  const priority = textFlag(flags.priority)
  const tags = listFlag(flags.tag)
  const [unique, signal, payload] = [textFlag(flags.unique), textFlag(flags.signal), textFlag(flags.payload)]
  return {
    definition,
    ...(input !== undefined && { input: jsonArgument(input, 'input') }),
    ...(key !== undefined && { key }),
    ...(unique !== undefined && { unique: { by: 'key' as const, key: unique } }),
    ...(signal !== undefined && { signal: { name: signal, ...(payload !== undefined && { payload: jsonArgument(payload, '--payload') }) } }),
    ...(delay !== undefined && { delay }),
    ...(queue !== undefined && { queue }),
    ...(priority !== undefined && { priority: integerArgument(priority, '--priority', -100, 100) }),
    ...(tags.length > 0 && { tags: pairsArgument(tags, '--tag') }),
  }
}
