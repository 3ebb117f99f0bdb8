import type { WireQueried, WireRunDetail, WireUpdated } from '@mainspring/sdk'
import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { durationMs } from '../core/time.ts'
import { jsonArgument, textFlag } from './arguments.ts'
import { failureText, valueText } from './output/runs.ts'
import { calling, type Flags, type Session } from './session.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

/** What one says to the code of a workflow. */
export function addMessageVerbs(program: Command, terminal: Terminal): void {
  const told = (command: Command) => command.argument('<run>', 'id, or the end of one').argument('<name>', 'what its code calls it')
  const wait = '--wait <duration>'
  const update = told(program.command('update').description('tell a workflow something that its code takes or refuses, and print what it gives'))
    .argument('[input]', 'what it is told, as JSON')
    .option(wait, 'how long to wait for its handler, 60s at most', '10s')
    .option('--id <id>', 'the same again is the same update, for 24 hours')
  calling(update, terminal, `mainspring update 7kq2m address '{"street":"Elm 5"}'`, updateRun)
  const query = told(program.command('query').description('ask the code of a workflow, open or closed, which only looks'))
    .argument('[input]', 'what it is asked with, as JSON')
    .option(wait, 'how long to wait for a worker that has its code, 60s at most', '10s')
  calling(query, terminal, 'mainspring query 7kq2m status', queryRun)
  addPromiseVerbs(program, terminal)
}

/** Whoever has its token settles a promise of a workflow. */
function addPromiseVerbs(program: Command, terminal: Terminal): void {
  const promise = program.command('promise').description('what a workflow waits for from outside')
  const resolve = promise.command('resolve').description('give it').argument('<token>', 'its token').argument('[value]', 'what it gets, as JSON')
  calling(resolve, terminal, "mainspring promise resolve TOKEN 'true'", async (session, [token = '', text]) => {
    await session.client.promises.resolve(token, text === undefined ? undefined : jsonArgument(text, 'value'))
    session.show({ settled: true }, () => 'It is settled.')
    return undefined
  })
  const reject = promise.command('reject').description('say that it will not come').argument('<token>', 'its token').argument('[message]', 'why')
  calling(reject, terminal, 'mainspring promise reject TOKEN "not this year"', async (session, [token = '', message]) => {
    await session.client.promises.reject(token, message)
    session.show({ settled: true }, () => 'It is settled.')
    return undefined
  })
}

async function updateRun(session: Session, [id = '', name = '', text]: readonly string[], flags: Flags): Promise<ExitCode> {
  const { client } = session
  const run = await client.call<WireRunDetail>('runs.get', { run: id })
  const { body, waitMs } = messageOf(text, flags)
  const callKey = textFlag(flags.id) ?? client.newId()
  const updated = await client.call<WireUpdated>('runs.update', { run: run.id, name }, body, { callKey, waitMs })
  session.show(updated, () => {
    if (updated.is === 'completed') return valueText(updated.output)
    if (updated.is === 'failed') return updated.failure === undefined ? 'failed' : failureText(updated.failure)
    return `${run.definition} ${shortId(run.id)} has taken "${name}"; its handler goes on.\nwait on: mainspring update ${shortId(run.id)} ${name} … --id ${updated.update}`
  })
  return updated.is === 'failed' ? EXIT.failed : EXIT.done
}

async function queryRun(session: Session, [id = '', name = '', text]: readonly string[], flags: Flags): Promise<undefined> {
  const { client } = session
  const run = await client.call<WireRunDetail>('runs.get', { run: id })
  const { body, waitMs } = messageOf(text, flags)
  const answer = await client.call<WireQueried>('runs.query', { run: run.id, name }, body, { waitMs })
  session.show(answer, () => valueText(answer.output))
  return undefined
}

function messageOf(text: string | undefined, flags: Flags): { body: object; waitMs: number } {
  const waitMs = durationMs(String(flags.wait), '--wait')
  return { body: { wait: waitMs, ...(text !== undefined && { input: jsonArgument(text, 'input') }) }, waitMs }
}
