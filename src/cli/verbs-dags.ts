import type { WireDagTasks, WireDefinitionDetail, WireRerunAll, WireReruns, WireTaskCache } from '@mainspring/sdk'
import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { Refusal } from '../server/refusal.ts'
import { collect, integerArgument, jsonArgument, listFlag, textFlag } from './arguments.ts'
import { dagTasksText, dagText, rerunsText, taskCacheText } from './output/dags.ts'
import { instantFlag, isoText } from './schedules.ts'
import { acting, calling, type Session, withSettings } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring dag show|tasks|test|mark|cache|uncache|rerun`: a DAG as it is registered, how the tasks of a run stand, a run without a server, and some tasks again. */
export function addDagVerbs(program: Command, terminal: Terminal): void {
  const dag = program.command('dag').description('DAGs: their tasks, and how those of a run stand')
  const show = dag.command('show').description('the tasks of a DAG').argument('<name>')
  calling(show, terminal, 'mainspring dag show sales', async (session, [name = '']) => {
    const definition = await session.client.call<WireDefinitionDetail>('definitions.get', { name })
    if (definition.dag === undefined) throw new Refusal({ code: 'not-a-dag', place: name, title: `It is a ${definition.kind}.` })
    session.show(definition, dagText)
    return undefined
  })
  const tasks = dag.command('tasks').description('how the tasks of a run stand, and what those that wait wait for').argument('<run>')
  calling(tasks, terminal, 'mainspring dag tasks 7kq2m', async (session, [run = '']) => {
    session.show(await tasksOf(session, run), answer => dagTasksText(answer, session.look))
    return undefined
  })
  const test = withSettings(
    dag
      .command('test')
      .description('run a whole DAG in this process, without a server: prints what each task does, ends as the run did')
      .argument('<file...>', 'code that exports jobs and DAGs, and YAML')
      .option('--dag <name>', 'of several')
      .option('--input <json>', 'of the run')
      .option('--date <time>', 'the time that it is for (default: now)')
      .option('--give <task=json>', 'what a task that waits is given, as nobody sends it here (repeatable)', collect)
      .option('--json', 'print data, a line each'),
    ['allowShell', 'allowHttp'],
  )
  acting(test, terminal, 'mainspring dag test jobs.ts --date 2026-11-29', async (session, given, flags) =>
    (await import('./dag-test/dag-test.ts')).testDag(session, given, flags),
  )
  const mark = dag
    .command('mark')
    .description('say how a task of an open run has ended; where it runs it is told to stop')
    .argument('<run>', 'id, or the end of one')
    .argument('<task>')
    .requiredOption('--as <state>', 'success, failed or skipped')
    .option('--output <json>', 'what it gives, of one that succeeds')
    .option('--item <number>', 'of a mapped task (default: all of it that has not ended)')
    .option('--why <text>', 'kept in the history')
  calling(mark, terminal, 'mainspring dag mark 7kq2m check --as success --why "seen by hand"', async (session, [run = '', name = ''], flags) => {
    const { client } = session
    const [as, output, item, why] = [textFlag(flags.as), textFlag(flags.output), textFlag(flags.item), textFlag(flags.why)]
    const body = {
      as,
      ...(output !== undefined && { output: jsonArgument(output, '--output') }),
      ...(item !== undefined && { item: integerArgument(item, '--item', 0, 1_000_000) }),
      ...(why !== undefined && { why }),
    }
    await client.call('runs.mark', { run, name }, body, { callKey: client.newId() })
    session.show({ run, task: name, as }, () => `"${name}" of ${shortId(run)} is marked ${as}.`)
    return undefined
  })
  const named = (name: string, about: string): Command => dag.command(name).description(about).argument('<name>', 'a DAG').argument('<task>')
  calling(
    named('cache', 'results of a task that are kept, by key'),
    terminal,
    'mainspring dag cache sales clean',
    async (session, [name = '', task = '']) => {
      const answer = await session.client.call<WireTaskCache>('definitions.cache', { name }, undefined, { query: { task } })
      session.show(answer, told => taskCacheText(told, session.look))
      return undefined
    },
  )
  const uncache = named('uncache', 'throw away results of a task that are kept: it runs again').option('--key <key>', 'of this one (default: all)')
  calling(uncache, terminal, 'mainspring dag uncache sales clean --key 2026-11-29', async (session, [name = '', task = ''], flags) => {
    const { client } = session
    const key = textFlag(flags.key)
    const query = { task, ...(key !== undefined && { key }) }
    const answer = await client.call<{ forgotten: number }>('definitions.uncache', { name }, undefined, { query, callKey: client.newId() })
    session.show(answer, ({ forgotten }) => `${forgotten} ${forgotten === 1 ? 'result' : 'results'} of "${task}" thrown away.`)
    return undefined
  })
  const rerun = dag
    .command('rerun')
    .description('a new run of a closed one: some tasks run again, how the others ended and what they gave is kept')
    .argument('<run>', 'id, or the end of one')
    .option('--from-failed', 'what failed, and what could not run since (default)')
    .option('--task <id>', 'this task, or all of this group (repeatable)', collect)
    .option('--item <number>', 'of a mapped task: this item alone (repeatable)', collect)
    .option('--downstream', 'and all that wait for them')
    .option('--upstream', 'and all that they wait for')
    .option('--only-failed', 'of all these only what failed, or could not run since')
    .option('--past', 'and in the runs of this DAG for earlier times, 100 runs at most')
    .option('--future', 'and in those for later times')
    .option('--from <time>', 'of these, for no time before this one, in UTC unless it says another zone')
    .option('--to <time>', 'of these, for no time after this one')
    .option('--dry-run', 'say what would run again')
    .option('--newest', 'by the newest version of the DAG, not by that of the old run')
  calling(rerun, terminal, 'mainspring dag rerun 7kq2m --task clean --downstream', async (session, [run = ''], flags) => {
    const tasks = listFlag(flags.task)
    const items = listFlag(flags.item).map(item => integerArgument(item, '--item', 0, 1_000_000))
    if (tasks.length > 0 && flags.fromFailed)
      throw new Refusal({
        code: 'invalid-option',
        place: '--from-failed',
        title: 'Either what failed, or the tasks that are named.',
        hint: 'Leave one of them out.',
      })
    const { client } = session
    const body = {
      ...(tasks.length > 0 && { tasks }),
      ...(items.length > 0 && { items }),
      ...chosen(flags, ['downstream', 'upstream', 'onlyFailed', 'newest']),
    }
    if (flags.past || flags.future || flags.dryRun) {
      const times = {
        ...(flags.from !== undefined && { from: isoText(instantFlag(textFlag(flags.from) ?? '', '--from', 'UTC', 'first')) }),
        ...(flags.to !== undefined && { to: isoText(instantFlag(textFlag(flags.to) ?? '', '--to', 'UTC', 'last')) }),
      }
      const asked: WireRerunAll = { ...body, ...chosen(flags, ['past', 'future', 'dryRun']), ...times }
      const answer = await client.call<WireReruns>('runs.rerun', { run }, asked, { callKey: client.newId() })
      session.show(answer, rerunsText)
      return answer.runs.some(({ again, count }) => again !== null || count !== null) ? undefined : 1
    }
    if (flags.from !== undefined || flags.to !== undefined)
      throw new Refusal({
        code: 'invalid-option',
        place: flags.from === undefined ? '--to' : '--from',
        title: 'Of which runs? Add --past or --future.',
      })
    const started = await client.call<{ run: string }>('runs.fork', { run }, body, { callKey: client.newId() })
    const id = shortId(started.run)
    session.show(started, () => `started ${id}, a rerun of ${shortId(run)}\nsee it: mainspring dag tasks ${id}`)
    return undefined
  })
}

function chosen(flags: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, true> {
  return Object.fromEntries(names.filter(name => flags[name]).map(name => [name, true]))
}

/** All of them, page by page. */
async function tasksOf(session: Session, run: string): Promise<WireDagTasks> {
  const page = (from: number): Promise<WireDagTasks> =>
    session.client.call<WireDagTasks>('runs.tasks', { run }, undefined, { query: { from: String(from), limit: String(PAGE) } })
  const first = await page(0)
  const tasks = [...first.tasks]
  for (let { next } = first; next !== null; ) {
    const more = await page(next)
    tasks.push(...more.tasks)
    next = more.next
  }
  return { ...first, tasks, next: null }
}
const PAGE = 1_000
