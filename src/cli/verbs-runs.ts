import {
  type Client,
  encode,
  RequestRefused,
  RunEnded,
  type WireExplanation,
  type WireHistory,
  type WireRun,
  type WireRunDetail,
  type WireRunList,
} from '@mainspring/sdk'
import type { Command } from 'commander'
import { PRIORITY_MAX, PRIORITY_MIN } from '../core/gates.ts'
import { shortId } from '../core/ids.ts'
import { isClosed } from '../core/run.ts'
import { collect, integerArgument, jsonArgument, listFlag, textFlag } from './arguments.ts'
import { changeOfMany, oneOrWhere, withWhere } from './bulk.ts'
import { followLogs } from './follow.ts'
import { allLogs } from './logs.ts'
import { explanationText, logText, runPage, runsTable } from './output/runs.ts'
import { explainSchedule } from './schedules.ts'
import { type Action, calling, type Flags, type Session } from './session.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

/** Looking at runs, and what can be done to one. */
export function addRunVerbs(program: Command, terminal: Terminal): void {
  const list = program
    .command('list')
    .description('runs, newest first')
    .option('--state <state>', 'only runs in this state (repeatable)', collect)
    .option('--name <name>', 'only runs of this definition (repeatable)', collect)
    .option('--queue <queue>', 'only runs of this queue (repeatable)', collect)
    .option('--tag <name=value>', 'only runs with this tag (repeatable)', collect)
    .option('--batch <batch>', 'only jobs of this batch')
    .option('--kind <kind>', 'job, workflow, dag, batch, approval or wait (repeatable)', collect)
    .option('--reason <reason>', 'only runs that are as they are for this reason, such as aborted (repeatable)', collect)
    .option('--error <text>', 'only runs whose error has this in its type or message')
    .option('--longer-than <duration>', 'only runs that took, or have taken, at least so long: 90s')
    .option('--shorter-than <duration>', 'only runs that took, or have taken, at most so long')
    .option('--metadata <name=value>', 'only runs whose metadata has this field (repeatable)', collect)
    .option('--created-after <time>', 'only runs created at this time or later, in ISO 8601 with its offset')
    .option('--created-before <time>', 'only runs created before this time')
    .option('--limit <number>', 'rows at most, 1 to 1000', '20')
    .option('--cursor <cursor>', 'go on where the list before ended')
  calling(list, terminal, 'mainspring list --state failed --limit 5', listRuns)

  const show = program
    .command('show')
    .description('a run: what it is, what it got and gave, and its history')
    .argument('<run>', 'id, or the end of one')
  calling(show, terminal, 'mainspring show 7kq2m', showRun)

  const result = program
    .command('result')
    .description('what a run gave, however large, as JSON; of one that is open once it has ended')
    .argument('<run>', 'id, or the end of one')
  calling(result, terminal, 'mainspring result 7kq2m > rows.json', showResult)

  const logs = program
    .command('logs')
    .description('the log lines of a run')
    .argument('<run>', 'id, or the end of one')
    .option('--follow', 'go on until the run ends')
  calling(logs, terminal, 'mainspring logs 7kq2m --follow', showLogs)

  const explain = program
    .command('explain')
    .description('why a run does not run, or what ended it; or what a schedule waits for')
    .argument('<run>', 'id, or the end of one, or the name of a schedule')
  calling(explain, terminal, 'mainspring explain 7kq2m', explainRun)

  const why = (command: Command) => withWhere(command.argument('[run]', 'id, or the end of one').option('--why <text>', 'kept in the history'))
  const cancel = why(program.command('cancel').description('ask a run to stop; its handler may clean up'))
  calling(
    cancel,
    terminal,
    'mainspring cancel 7kq2m --why "wrong input"',
    oneOrWhere('cancel', command('runs.cancel', 'is asked to stop', 'cancelled')),
  )
  const terminate = why(program.command('terminate').description('end a run at once, whatever its handler does'))
  calling(terminate, terminal, 'mainspring terminate 7kq2m', oneOrWhere('terminate', command('runs.terminate', 'terminated', 'terminated')))
  const resume = withWhere(
    program
      .command('resume')
      .description('let a parked run go on with all its attempts again, or a stuck one take the input that it choked on again')
      .argument('[run...]', 'ids, or the ends of some')
      .option('--why <text>', 'kept in the history')
      .option('--version <version>', 'a workflow goes on with this version of its code, and no other'),
  )
  const resumeOne = command('runs.resume', 'goes on', 'resumed')
  const resumeEach: Action = async (session, runs, flags) => {
    for (const run of runs) await resumeOne(session, [run], flags)
    return undefined
  }
  calling(resume, terminal, 'mainspring resume 7kq2m 7kpa1', oneOrWhere('resume', resumeEach))

  const signal = program
    .command('signal')
    .description('tell a workflow, or the run of a DAG, something; it is kept until its code, or a task, waits for a signal of this name')
    .argument('<run>', 'id, or the end of one')
    .argument('<name>', 'name of the signal')
    .argument('[payload]', 'what it is told, as JSON')
  calling(signal, terminal, "mainspring signal 7kq2m approval 'true'", signalRun)

  const change = why(program.command('change').description('change when a run is due, its priority, queue or input, as long as it waits'))
    .option('--now', 'due now')
    .option('--at <time>', 'due at this time, in ISO 8601 with its offset')
    .option('--delay <duration>', 'due so long from now, such as 10m')
    .option('--priority <number>', '-100 to 100')
    .option('--queue <queue>', 'where it waits')
    .option('--input <json>', 'another input, of one run')
  calling(change, terminal, 'mainspring change 7kq2m --now', oneOrWhere('change', changeRun, changeOfMany))

  const retry = withWhere(program.command('retry').description('start a closed run again: a new run, linked to it'))
    .argument('[run]', 'id, or the end of one')
    .option('--input <json>', 'another input')
    .option('--force', 'also where another run holds its unique key')
  calling(retry, terminal, 'mainspring retry 7kq2m', oneOrWhere('retry', retryRun))
}

async function listRuns(session: Session, _given: readonly string[], flags: Flags): Promise<undefined> {
  const limit = integerArgument(String(flags.limit), '--limit', 1, 1_000)
  const query = {
    state: listFlag(flags.state),
    definition: listFlag(flags.name),
    queue: listFlag(flags.queue),
    tag: listFlag(flags.tag).map(tag => tag.replace('=', ':')),
    batch: textFlag(flags.batch),
    kind: listFlag(flags.kind),
    reason: listFlag(flags.reason),
    error: textFlag(flags.error),
    longerThan: textFlag(flags.longerThan),
    shorterThan: textFlag(flags.shorterThan),
    metadata: listFlag(flags.metadata).map(field => field.replace('=', ':')),
    createdAfter: textFlag(flags.createdAfter),
    createdBefore: textFlag(flags.createdBefore),
    limit: String(limit),
    cursor: textFlag(flags.cursor),
  }
  const page = await session.client.call<WireRunList>('runs.list', {}, undefined, { query })
  session.show(page, ({ runs, next, through }) => {
    const looked = through === null ? '' : `looked back to ${through}; `
    return `${runsTable(runs, session.look)}${next ? `\n\n${looked}more: mainspring list --cursor ${next}` : ''}`
  })
  return undefined
}

async function showResult({ client, terminal }: Session, [run = '']: readonly string[]): Promise<ExitCode | undefined> {
  const { id } = await client.call<WireRunDetail>('runs.get', { run })
  try {
    terminal.out(encode(await client.handle(id).result(), '', Number.POSITIVE_INFINITY) ?? 'null')
    return undefined
  } catch (error) {
    if (!(error instanceof RunEnded)) throw error
    terminal.error(error.message)
    return EXIT.failed
  }
}

async function showRun(session: Session, [id = '']: readonly string[]): Promise<undefined> {
  const run = await session.client.call<WireRunDetail>('runs.get', { run: id })
  const { events } = await session.client.call<WireHistory>('runs.history', { run: run.id })
  session.show({ ...run, history: events }, () => runPage(run, events, session.look))
  return undefined
}

async function showLogs(session: Session, [id = '']: readonly string[], flags: Flags): Promise<undefined> {
  const run = await session.client.call<WireRunDetail>('runs.get', { run: id })
  if (flags.follow) {
    await followLogs(session, run.id)
    return undefined
  }
  for await (const line of allLogs(session.client, run.id)) session.showLine(line, logText(line, session.look))
  return undefined
}

/** Runs named in reasons that are looked up for their state: enough to see who holds the slots. */
const HOLDERS_MAX = 20

async function explainRun(session: Session, [id = '']: readonly string[]): Promise<undefined> {
  const run = await runOrSchedule(session, id)
  if (run === null) return explainSchedule(session, id, null)
  const explanation = await session.client.call<WireExplanation>('runs.explain', { run: run.id })
  const named = [...new Set(explanation.reasons.flatMap(reason => reason.runs ?? []))].slice(0, HOLDERS_MAX)
  const found = await Promise.all(session.json ? [] : named.map(holder => findRun(session.client, holder)))
  const holders = new Map(found.filter(holder => holder !== null).map(holder => [holder.id, holder]))
  session.show(explanation, () => explanationText(run, explanation, holders, session.look))
  return undefined
}

/** Null: no run ends like this, but a schedule is called so. */
async function runOrSchedule({ client }: Session, id: string): Promise<WireRunDetail | null> {
  try {
    return await client.call<WireRunDetail>('runs.get', { run: id })
  } catch (error) {
    if (!(error instanceof RequestRefused && error.code === 'run-not-found')) throw error
    const isSchedule = await client.call('schedules.get', { name: id }).then(
      () => true,
      () => false,
    )
    if (isSchedule) return null
    throw error
  }
}

/** Null: it is gone by now. */
async function findRun(client: Client, run: string): Promise<WireRun | null> {
  return client.call<WireRunDetail>('runs.get', { run }).catch(() => null)
}

function command(operation: 'runs.cancel' | 'runs.terminate' | 'runs.resume', open: string, closed: string) {
  return async (session: Session, [id = '']: readonly string[], flags: Flags): Promise<undefined> => {
    const { client } = session
    const why = textFlag(flags.why)
    const before = await client.call<WireRunDetail>('runs.get', { run: id })
    const version = textFlag(flags.version)
    const body = { ...(why === undefined ? {} : { why }), ...(version === undefined ? {} : { version }) }
    await client.call(operation, { run: before.id }, body, { callKey: client.newId() })
    const run = await client.call<WireRunDetail>('runs.get', { run: before.id })
    session.show(run, () => `${run.definition} ${shortId(run.id)} ${isClosed(run.state) ? closed : open}.`)
    return undefined
  }
}

async function signalRun(session: Session, [id = '', name = '', text]: readonly string[]): Promise<undefined> {
  const { client } = session
  const run = await client.call<WireRunDetail>('runs.get', { run: id })
  const body = text === undefined ? {} : { payload: jsonArgument(text, 'payload') }
  await client.call('runs.signal', { run: run.id, name }, body, { callKey: client.newId() })
  session.show({ run: run.id, signal: name }, () => `${run.definition} ${shortId(run.id)} is told "${name}".`)
  return undefined
}

async function retryRun(session: Session, [id = '']: readonly string[], flags: Flags): Promise<ExitCode> {
  const { client } = session
  const text = textFlag(flags.input)
  const body = { ...(text === undefined ? {} : { input: jsonArgument(text, '--input') }), ...(flags.force === true ? { force: true } : {}) }
  const { run } = await client.call<{ run: string }>('runs.retry', { run: id }, body, { callKey: client.newId() })
  session.show({ run }, () => `started ${shortId(run)}, a retry of ${shortId(id)}\nsee it: mainspring show ${shortId(run)}`)
  return EXIT.done
}

async function changeRun(session: Session, [id = '']: readonly string[], flags: Flags): Promise<undefined> {
  const { client } = session
  const [priority, input] = [textFlag(flags.priority), textFlag(flags.input)]
  const texts = { at: textFlag(flags.at), delay: textFlag(flags.delay), queue: textFlag(flags.queue), why: textFlag(flags.why) }
  const body = {
    ...(flags.now === true ? { now: true } : {}),
    ...texts,
    ...(priority === undefined ? {} : { priority: integerArgument(priority, '--priority', PRIORITY_MIN, PRIORITY_MAX) }),
    ...(input === undefined ? {} : { input: jsonArgument(input, '--input') }),
  }
  await client.call('runs.change', { run: id }, body, { callKey: client.newId() })
  const run = await client.call<WireRunDetail>('runs.get', { run: id })
  const due = run.state === 'scheduled' && run.nextAt !== null ? `, due ${run.nextAt}` : ''
  session.show(run, () => `${run.definition} ${shortId(run.id)} is changed: ${run.state} in queue "${run.queue}", priority ${run.priority}${due}.`)
  return undefined
}
