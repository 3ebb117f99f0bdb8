import type { WireVersions } from '@mainspring/sdk'
import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { versionsText } from './output/versions.ts'
import { calling, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring versions NAME`, `versions ramp`, `versions rollback`: which code of a workflow gets its work. */
export function addVersionVerbs(program: Command, terminal: Terminal): void {
  const versions = program
    .command('versions')
    .enablePositionalOptions()
    .description('the versions of a workflow: what share of the work each gets, and which open runs go by it')
    .argument('<name>')
  calling(versions, terminal, 'mainspring versions order', async (session, [name = '']) => shown(session, name))

  const ramp = versions
    .command('ramp')
    .description('give a version a share of the work, the current one the rest; 100% makes it the current one')
    .argument('<name>')
    .argument('<version>', 'its name, or the beginning of its hash')
    .argument('<percent>', '0% to 100%')
  calling(ramp, terminal, 'mainspring versions ramp order v2 20%', async (session, [name = '', version = '', text = '']) => {
    await session.client.call('versions.ramp', { name }, { version, percent: percentArgument(text) })
    return shown(session, name)
  })

  const rollback = versions
    .command('rollback')
    .description('give the ramping version nothing any more; where none ramps, go back to the version before the current one')
    .argument('<name>')
  calling(rollback, terminal, 'mainspring versions rollback order', async (session, [name = '']) => {
    await session.client.call('versions.rollback', { name })
    return shown(session, name)
  })
}

async function shown(session: Session, name: string): Promise<undefined> {
  const versions = await session.client.call<WireVersions>('versions.get', { name })
  session.show(versions, () => versionsText(versions, session.look))
  return undefined
}

function percentArgument(text: string): number {
  const percent = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN
  if (percent <= 100) return percent
  throw new Refusal({ code: 'invalid-option', place: 'percent', title: `Found ${JSON.stringify(text)}, expected 0% to 100%.` })
}
