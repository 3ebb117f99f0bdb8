import type { OperationName, WireBatchList, WireBatchView } from '@mainspring/sdk'
import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { Refusal } from '../server/refusal.ts'
import { integerArgument, textFlag } from './arguments.ts'
import { oneOrWhere, withWhere } from './bulk.ts'
import { batchesTable, batchPage } from './output/batches.ts'
import { type Action, calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring batch …`, and what is done to many runs alone. */
export function addBatchVerbs(program: Command, terminal: Terminal): void {
  const batch = program.command('batch').description('batches of jobs, and operations on many runs: how far they are')
  const list = batch
    .command('ls')
    .description('all batches, newest first')
    .option('--limit <number>', 'rows at most, 1 to 1000', '20')
    .option('--cursor <cursor>', 'go on where the list before ended')
  calling(list, terminal, 'mainspring batch ls', listBatches)
  const verb = (name: string, about: string): Command => batch.command(name).description(about).argument('<batch>', 'id, or the end of one')
  calling(verb('show', 'a batch: its jobs by how they ended, or how far its operation is'), terminal, 'mainspring batch show 7kq2m', showBatch)
  const command = (name: 'seal' | 'pause' | 'resume' | 'cancel', about: string, done: string): void => {
    const added = verb(name, about).option('--why <text>', 'kept in the history')
    calling(added, terminal, `mainspring batch ${name} 7kq2m`, commandOf(`batches.${name}`, done))
  }
  command('seal', 'take no more jobs: it ends once those that it has have ended', 'sealed')
  command('pause', 'pause an operation on many runs between two pages', 'paused')
  command('resume', 'let a paused operation go on', 'goes on')
  command('cancel', 'end an operation, or ask the open jobs of a batch to stop', 'is asked to stop')

  const drop = withWhere(program.command('delete').description('drop closed runs with their logs, before their retention ends'))
  calling(drop, terminal, 'mainspring delete --where state=completed,name=resize --dry-run', oneOrWhere('delete', onlyMany('delete')))
}

function onlyMany(verb: string): Action {
  return async () => {
    throw new Refusal({ code: 'usage', title: `${verb} is for runs that match.`, hint: `Say which: mainspring ${verb} --where CONDITIONS` })
  }
}

async function listBatches(session: Session, _given: readonly string[], flags: Flags): Promise<undefined> {
  const limit = integerArgument(String(flags.limit), '--limit', 1, 1_000)
  const query = { limit: String(limit), cursor: textFlag(flags.cursor) }
  const page = await session.client.call<WireBatchList>('batches.list', {}, undefined, { query })
  session.show(page, ({ batches, next }) => `${batchesTable(batches, session.look)}${next ? `\n\nmore: mainspring batch ls --cursor ${next}` : ''}`)
  return undefined
}

async function showBatch(session: Session, [batch = '']: readonly string[]): Promise<undefined> {
  const view = await session.client.call<WireBatchView>('batches.get', { batch })
  session.show(view, () => batchPage(view, session.look))
  return undefined
}

export function commandOf(operation: OperationName, done: string): Action {
  return async (session, [batch = ''], flags) => {
    const { client } = session
    const why = textFlag(flags.why)
    await client.call(operation, { batch }, why === undefined ? {} : { why }, { callKey: client.newId() })
    const view = await client.call<WireBatchView>('batches.get', { batch })
    session.show(view, () => `batch ${view.name} ${shortId(view.id)} ${done}.`)
    return undefined
  }
}
