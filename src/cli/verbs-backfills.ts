import type { WireBackfillAsk, WireBackfilled, WireBackfillPreview, WireBatchList, WireBatchView, WireSchedule } from '@mainspring/sdk'
import type { Command } from 'commander'
import { shortId } from '../core/ids.ts'
import { Refusal } from '../server/refusal.ts'
import { integerArgument } from './arguments.ts'
import { backfillsTable, backfillText } from './output/backfills.ts'
import { batchPage } from './output/batches.ts'
import { knownZone, zonedText } from './output/zones.ts'
import { instantFlag, isoText, needed } from './schedules.ts'
import { type Action, calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'
import { commandOf } from './verbs-batches.ts'

const ORDERS = ['forward', 'reverse'] as const
const REPROCESSES = ['none', 'failed', 'completed'] as const

/** `mainspring backfill …`: times of a schedule that are started again. Each is a batch. */
export function addBackfillVerbs(program: Command, terminal: Terminal): void {
  const backfill = program.command('backfill').description('times of schedules that are started again: what would be, what is, and how far')
  const start = backfill
    .command('start')
    .description('start the times of a range')
    .argument('<schedule>')
    .option('--from <time>', 'the first time')
    .option('--to <time>', 'the last time, a whole day if it is one')
    .option('--max-active <number>', 'runs open at a time, 1 to 1000', '1')
    .option('--order <order>', 'forward: the first time first; reverse: the last', 'forward')
    .option('--reprocess <which>', 'times for which a run is there: none of them, those that failed, completed ones too (default: none)')
    .option('--missing', 'only times whose partitions of the assets that the DAG makes were not all made')
    .option('--dry-run', 'say what would be started, and about how long it would take')
  calling(start, terminal, 'mainspring backfill start nightly --from 2026-10-01 --to 2026-10-31 --dry-run', startBackfill)
  const list = backfill
    .command('ls')
    .description('backfills among the newest batches, newest first')
    .option('--schedule <name>', 'those of one schedule')
    .option('--limit <number>', 'batches that are looked through, 1 to 1000', '100')
  calling(list, terminal, 'mainspring backfill ls', listBackfills)
  const verb = (name: string, about: string): Command => backfill.command(name).description(about).argument('<backfill>', 'id, or the end of one')
  calling(verb('show', 'a backfill: how far it is'), terminal, 'mainspring backfill show 7kq2m', showBackfill)
  const command = (name: 'pause' | 'resume' | 'cancel', about: string, done: string): void => {
    const added = verb(name, about).option('--why <text>', 'kept in the history')
    calling(added, terminal, `mainspring backfill ${name} 7kq2m`, commandOf(`batches.${name}`, done) as Action)
  }
  command('pause', 'start nothing further for now; its runs go on', 'paused')
  command('resume', 'let a paused backfill go on', 'goes on')
  command('cancel', 'start nothing further; its runs go on', 'starts nothing further')
}

async function startBackfill(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const { client } = session
  const zone = knownZone((await client.call<WireSchedule>('schedules.get', { name })).timezone)
  const from = instantFlag(needed(flags.from, '--from'), '--from', zone, 'first')
  const to = instantFlag(needed(flags.to, '--to'), '--to', zone, 'last')
  const maxActive = integerArgument(String(flags.maxActive), '--max-active', 1, 1_000)
  const order = oneOf(flags.order, '--order', ORDERS)
  const isMissing = flags.missing === true
  // What is missing is made again, though a run is there.
  const reprocess = oneOf(flags.reprocess ?? (isMissing ? 'completed' : 'none'), '--reprocess', REPROCESSES)
  const body: WireBackfillAsk = { from: isoText(from), to: isoText(to), maxActive, order, reprocess, ...(isMissing && { missing: true }) }
  if (flags.dryRun) {
    const preview = await client.call<WireBackfillPreview>('schedules.previewBackfill', { name }, body)
    session.show(preview, () => backfillText(preview, zone))
    return undefined
  }
  const answer = await client.call<WireBackfilled>('schedules.backfill', { name }, body, { callKey: client.newId() })
  session.show(answer, ({ backfill }) =>
    [
      `backfill ${shortId(backfill)} of "${name}" from ${zonedText(from, zone)} to ${zonedText(to, zone)} (${zone}), ${maxActive} at a time`,
      `see it: mainspring backfill show ${shortId(backfill)}`,
    ].join('\n'),
  )
  return undefined
}

function oneOf<T extends string>(value: unknown, place: string, known: readonly T[]): T {
  if (known.includes(value as T)) return value as T
  throw new Refusal({ code: 'invalid-option', place, title: `Found ${JSON.stringify(value)}, expected one of ${known.join(', ')}.` })
}

async function listBackfills(session: Session, _given: readonly string[], flags: Flags): Promise<undefined> {
  const limit = integerArgument(String(flags.limit), '--limit', 1, 1_000)
  const query = { limit: String(limit), ...(typeof flags.schedule === 'string' && { schedule: flags.schedule }) }
  const { batches } = await session.client.call<WireBatchList>('batches.list', {}, undefined, { query })
  const backfills = batches.filter(({ backfill }) => backfill !== null)
  session.show({ backfills }, () => backfillsTable(backfills, session.look))
  return undefined
}

async function showBackfill(session: Session, [batch = '']: readonly string[]): Promise<undefined> {
  const view = await session.client.call<WireBatchView>('batches.get', { batch })
  session.show(view, () => batchPage(view, session.look))
  return undefined
}
