import type { WireCollectable, WireCollected, WireRetention } from '@mainspring/sdk'
import type { Command } from 'commander'
import { textFlag } from './arguments.ts'
import { collectableText, collectedText, retentionText } from './output/retention.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring gc` and `mainspring retention …`: what has ended, how long it is kept, and dropping it. */
export function addRetentionVerbs(program: Command, terminal: Terminal): void {
  const gc = program
    .command('gc')
    .description('drop closed runs, keys and lines of ledgers whose retention is over, in all namespaces; servers do so by themselves every 10 s')
    .option('--dry-run', 'say what would go, by namespace, definition and age, and drop nothing')
  calling(gc, terminal, 'mainspring gc --dry-run', collect)

  const retention = program.command('retention').description('how long a namespace keeps what has ended')
  calling(retention.command('show').description('what is in force'), terminal, 'mainspring retention show', async session => {
    shown(session, await session.client.call<WireRetention>('retention.get', {}))
    return undefined
  })
  const set = retention
    .command('set')
    .description('set it; what is not named stays')
    .option('--runs <duration>', 'of closed runs whose own options do not say: from those on that close next')
    .option('--ledger <duration>', "of lines of schedules' ledgers, save the last 1,000 of each")
  calling(set, terminal, 'mainspring retention set --runs 30d --ledger 365d', setRetention)
  const reset = retention.command('reset').description('remove what was set')
  calling(reset, terminal, 'mainspring retention reset', async session => {
    shown(session, await session.client.call<WireRetention>('retention.reset', {}))
    return undefined
  })
}

async function collect(session: Session, _given: readonly string[], flags: Flags): Promise<undefined> {
  const { client, look } = session
  if (flags.dryRun === true) {
    session.show(await client.call<WireCollectable>('gc.preview', {}), found => collectableText(found, look))
    return undefined
  }
  const all: WireCollected = { runs: 0, keys: 0, lines: 0, more: true }
  while (all.more) {
    const { runs, keys, lines, more } = await client.call<WireCollected>('gc.collect', {}, undefined, { callKey: client.newId() })
    Object.assign(all, { runs: all.runs + runs, keys: all.keys + keys, lines: all.lines + lines, more })
  }
  session.show(all, collectedText)
  return undefined
}

async function setRetention(session: Session, _given: readonly string[], flags: Flags): Promise<undefined> {
  const [runs, ledger] = [textFlag(flags.runs), textFlag(flags.ledger)]
  const body = { ...(runs === undefined ? {} : { runs }), ...(ledger === undefined ? {} : { ledger }) }
  shown(session, await session.client.call<WireRetention>('retention.set', {}, body))
  return undefined
}

function shown(session: Session, retention: WireRetention): void {
  session.show(retention, one => retentionText(one, session.look))
}
