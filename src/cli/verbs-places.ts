import type { OperationName, WireDefinitions, WireQueues, WireSummary, WireWorkers } from '@mainspring/sdk'
import type { Command } from 'commander'
import { textFlag } from './arguments.ts'
import { oneNamed } from './named.ts'
import { definitionsTable, homeText, queuesTable, workersTable } from './output/lists.ts'
import { type Action, calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { addDefinitionVerbs } from './verbs-definitions.ts'

/** Queues, definitions, workers, and the whole at a glance. */
export function addPlaceVerbs(program: Command, terminal: Terminal): void {
  const queue = program.command('queue').description('queues: what waits, who works, and pauses')
  calling(queue.command('ls').description('all queues'), terminal, 'mainspring queue ls', async session => {
    const answer = await session.client.call<WireQueues>('queues.list', {})
    session.show(answer, ({ queues }) => queuesTable(queues, session.look))
    return undefined
  })
  addPauses(queue, terminal, 'queue', 'images')

  const definition = program.command('definition').description('definitions: what is registered, options, and pauses')
  calling(definition.command('ls').description('all definitions'), terminal, 'mainspring definition ls', async session => {
    const answer = await session.client.call<WireDefinitions>('definitions.list', {})
    session.show(answer, ({ definitions }) => definitionsTable(definitions, session.look))
    return undefined
  })
  addDefinitionVerbs(definition, terminal)
  addPauses(definition, terminal, 'definition', 'resize')
}

export async function listWorkers(session: Session): Promise<undefined> {
  const answer = await session.client.call<WireWorkers>('workers.list', {})
  session.show(answer, ({ workers }) => workersTable(workers, session.look))
  return undefined
}

/** `mainspring worker drain` and `undrain`, by the worker's name, its id, or the end of it. */
export function drainWorker(operation: 'workers.drain' | 'workers.undrain'): Action {
  return async (session, [given = ''], flags) => {
    const { workers } = await session.client.call<WireWorkers>('workers.list', {})
    const worker = oneNamed('worker', workers, given) ?? { id: given, name: given }
    const why = textFlag(flags.why)
    await session.client.call(operation, { worker: worker.id }, why === undefined ? {} : { why })
    const said =
      operation === 'workers.drain'
        ? `worker "${worker.name}" gets no new task; what it runs goes on. Undo: mainspring worker undrain ${given}`
        : `worker "${worker.name}" gets tasks again.`
    session.show({ worker: worker.id, draining: operation === 'workers.drain' }, () => said)
    return undefined
  }
}

/** `mainspring` alone. */
export async function showHome(session: Session): Promise<undefined> {
  const summary = await session.client.call<WireSummary>('summary.get', {})
  const { url, namespace } = session.config.settings
  session.show(summary, () => homeText(url, namespace, summary, session.look))
  return undefined
}

function addPauses(parent: Command, terminal: Terminal, noun: 'queue' | 'definition', example: string): void {
  const operations: Record<'pause' | 'resume', OperationName> =
    noun === 'queue' ? { pause: 'queues.pause', resume: 'queues.resume' } : { pause: 'definitions.pause', resume: 'definitions.resume' }
  const pause = parent
    .command('pause')
    .description(`deliver nothing of a ${noun}; what runs goes on`)
    .argument('<name>')
    .option('--note <text>', 'why: shown wherever the pause is')
  calling(
    pause,
    terminal,
    `mainspring ${noun} pause ${example} --note "CDN incident"`,
    async (session: Session, [name = '']: readonly string[], flags: Flags) => {
      const note = textFlag(flags.note)
      await session.client.call(operations.pause, { name }, note === undefined ? {} : { note })
      session.show({ [noun]: name, paused: true }, () => `${noun} "${name}" is paused. Undo: mainspring ${noun} resume ${name}`)
      return undefined
    },
  )
  const resume = parent.command('resume').description(`undo the pause of a ${noun}`).argument('<name>')
  calling(resume, terminal, `mainspring ${noun} resume ${example}`, async (session, [name = '']) => {
    await session.client.call(operations.resume, { name }, {})
    session.show({ [noun]: name, paused: false }, () => `${noun} "${name}" goes on.`)
    return undefined
  })
}
