import type { WireDagTasks, WireDefinitionDetail } from '@mainspring/sdk'
import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { dagTasksText, dagText } from './output/dags.ts'
import { calling, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring dag show|tasks`: a DAG as it is registered, and how the tasks of a run stand. */
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
