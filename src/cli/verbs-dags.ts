import type { WireDagTasks, WireDefinitionDetail } from '@mainspring/sdk'
import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { Refusal } from '../server/refusal.ts'
import { collect, integerArgument, jsonArgument, listFlag, textFlag } from './arguments.ts'
import { dagTasksText, dagText } from './output/dags.ts'
import { calling, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring dag show|tasks|rerun`: a DAG as it is registered, how the tasks of a run stand, and some of them again. */
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
  const rerun = dag
    .command('rerun')
    .description('a new run of a closed one: some tasks run again, how the others ended and what they gave is kept')
    .argument('<run>', 'id, or the end of one')
    .option('--from-failed', 'what failed, and what could not run since (default)')
    .option('--task <id>', 'this task, or all of this group (repeatable)', collect)
    .option('--downstream', 'and all that wait for them')
    .option('--upstream', 'and all that they wait for')
    .option('--newest', 'by the newest version of the DAG, not by that of the old run')
  calling(rerun, terminal, 'mainspring dag rerun 7kq2m --task clean --downstream', async (session, [run = ''], flags) => {
    const tasks = listFlag(flags.task)
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
      ...Object.fromEntries((['downstream', 'upstream', 'newest'] as const).filter(name => flags[name]).map(name => [name, true])),
    }
    const started = await client.call<{ run: string }>('runs.fork', { run }, body, { callKey: client.newId() })
    const id = shortId(started.run)
    session.show(started, () => `started ${id}, a rerun of ${shortId(run)}\nsee it: mainspring dag tasks ${id}`)
    return undefined
  })
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
