import type { WireEndpoint, WireEndpointSet, WireEndpoints } from '@mainspring/sdk'
import type { Command } from 'commander'
import { integerArgument, textFlag } from './arguments.ts'
import { endpointsTable, endpointText, secretText } from './output/endpoints.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring endpoints …`: apps behind HTTP that work is sent to. */
export function addEndpointVerbs(program: Command, terminal: Terminal): void {
  const endpoints = program.command('endpoints').description('apps behind HTTP (serve) that work is sent to')
  calling(endpoints.command('ls').description('all of them, and how they are'), terminal, 'mainspring endpoints ls', async session => {
    const answer = await session.client.call<WireEndpoints>('endpoints.list', {})
    session.show(answer, one => endpointsTable(one.endpoints, session.look))
    return undefined
  })
  const show = endpoints.command('show').description('one, and what it has code for').argument('<name>')
  calling(show, terminal, 'mainspring endpoints show shop', async (session, [name = '']) => {
    const answer = await session.client.call<WireEndpoint>('endpoints.get', { name })
    session.show(answer, one => endpointText(one, session.look))
    return undefined
  })
  const add = endpoints
    .command('add')
    .description('send work to an address of serve(); prints the secret that its requests are signed with. Again: changes it, and the secret stays')
    .argument('<url>')
    .option('--name <name>', 'default: the host of the address')
    .option('--slots <number>', 'requests at the same time; 10')
    .option('--timeout <duration>', 'of one request; 15m')
  calling(add, terminal, 'mainspring endpoints add https://shop.example/api/mainspring --name shop', addEndpoint)
  const rotate = endpoints
    .command('rotate')
    .description('make another secret and print it; the last one goes on until the next rotation, so that the app can change in between')
    .argument('<name>')
  calling(rotate, terminal, 'mainspring endpoints rotate shop', async (session, [name = '']) => {
    const answer = await session.client.call<WireEndpoint>('endpoints.rotate', { name }, undefined, { callKey: session.client.newId() })
    session.show(answer, secretText)
    return undefined
  })
  const remove = endpoints.command('rm').description('send it no more work').argument('<name>')
  calling(remove, terminal, 'mainspring endpoints rm shop', async (session, [name = '']) => {
    await session.client.call('endpoints.remove', { name })
    session.show({ endpoint: name, removed: true }, () => `endpoint "${name}" gets no more work.`)
    return undefined
  })
}

async function addEndpoint(session: Session, [url = '']: readonly string[], flags: Flags): Promise<undefined> {
  const [slots, timeout] = [textFlag(flags.slots), textFlag(flags.timeout)]
  const body: WireEndpointSet = {
    url,
    ...(slots !== undefined && { slots: integerArgument(slots, '--slots', 1, 1_000) }),
    ...(timeout !== undefined && { timeout }),
  }
  const name = textFlag(flags.name) ?? (URL.canParse(url) ? new URL(url).host : 'endpoint')
  const answer = await session.client.call<WireEndpoint>('endpoints.set', { name }, body, { callKey: session.client.newId() })
  session.show(answer, secretText)
  return undefined
}
