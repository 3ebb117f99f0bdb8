import type { WireDefinitionDetail, WireDefinitionView } from '@mainspring/sdk'
import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { collect, jsonArgument, listFlag } from './arguments.ts'
import { definitionText } from './output/definitions.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring definition show|set|reset`: options, those of the code and those that an operator sets over them. */
export function addDefinitionVerbs(definition: Command, terminal: Terminal): void {
  const show = definition.command('show').description('a definition: its options, and where each comes from').argument('<name>')
  calling(show, terminal, 'mainspring definition show resize', async (session, [name = '']) => {
    shown(session, await session.client.call<WireDefinitionDetail>('definitions.get', { name }))
    return undefined
  })

  const set = definition
    .command('set')
    .description('set options over those of the code; others that were set stay')
    .argument('<name>')
    .option('--option <name=json>', 'an option and its value, null for as the code has it (repeatable)', collect)
  calling(set, terminal, `mainspring definition set resize --option 'limits=[{"rate":50,"every":"1m"}]'`, setOptions)

  const reset = definition.command('reset').description('remove all options that were set: those of the code are in force again').argument('<name>')
  calling(reset, terminal, 'mainspring definition reset resize', async (session, [name = '']) => {
    shown(session, await session.client.call<WireDefinitionView>('definitions.reset', { name }))
    return undefined
  })
}

async function setOptions(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const given = listFlag(flags.option)
  if (given.length === 0)
    throw new Refusal({ code: 'usage', title: 'No option is given.', hint: 'Such as: --option priority=5 --option \'retry={"attempts":3}\'' })
  const options = given.map((text): [string, unknown] => {
    const equals = text.indexOf('=')
    if (equals > 0) return [text.slice(0, equals), jsonArgument(text.slice(equals + 1), '--option')]
    throw new Refusal({ code: 'invalid-option', place: '--option', title: `Found ${JSON.stringify(text)}, expected name=json.` })
  })
  const { override } = await session.client.call<WireDefinitionDetail>('definitions.get', { name })
  const merged = Object.entries({ ...override, ...Object.fromEntries(options) }).filter(([, value]) => value !== null)
  shown(session, await session.client.call<WireDefinitionView>('definitions.override', { name }, Object.fromEntries(merged)))
  return undefined
}

function shown(session: Session, definition: WireDefinitionView | WireDefinitionDetail): void {
  session.show(definition, one => definitionText(one, session.look))
}
