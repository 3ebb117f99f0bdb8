import { text as textOf } from 'node:stream/consumers'
import type { WireConnection, WireConnectionSet, WireConnections, WireRotated, WireVariable, WireVariableSet, WireVariables } from '@mainspring/sdk'
import type { Command } from 'commander'
import { integerArgument, jsonArgument, textFlag } from './arguments.ts'
import { connectionsTable, connectionText, variablesTable, variableText } from './output/variables.ts'
import { acting, calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** `mainspring variable …`, `connection …`, `secret …`: what work is to know and no code should say. */
export function addVariableVerbs(program: Command, terminal: Terminal): void {
  const variable = program.command('variable').description('named values of a namespace: {{var.NAME}} in DAGs, ctx.variable(name) in handlers')
  const set = variable
    .command('set')
    .description('set one: a text, or JSON that begins with { or [; - reads it from standard input')
    .argument('<name>')
    .argument('<value>')
    .option('--secret', 'encrypt it, and show it to nobody but workers that have a task')
    .option('--description <text>', 'what it is for')
  calling(set, terminal, 'mainspring variable set bucket s3://raw', setVariable)
  const get = variable.command('get').description('its value, unless it is secret').argument('<name>')
  calling(get, terminal, 'mainspring variable get bucket', async (session, [name = '']) => {
    session.show(await session.client.call<WireVariable>('variables.get', { name }), variableText)
    return undefined
  })
  calling(variable.command('ls').description('all of them'), terminal, 'mainspring variable ls', async session => {
    const answer = await session.client.call<WireVariables>('variables.list', {})
    session.show(answer, ({ variables }) => variablesTable(variables, session.look))
    return undefined
  })
  removal(variable, terminal, 'variable', 'bucket')

  const connection = program
    .command('connection')
    .description('where other systems are: {{conn.NAME.host}} in DAGs, ctx.connection(name) in handlers')
  const put = connection
    .command('set')
    .description('set one, whole: an address, or its fields')
    .argument('<name>')
    .option('--uri <address>', 'type://login:password@host:port/schema?name=value; - reads it from standard input')
    .option('--type <type>', 'what is spoken there: postgres, http')
    .option('--host <host>')
    .option('--port <number>')
    .option('--login <name>')
    .option('--password <text>', 'kept encrypted; - reads it from standard input')
    .option('--schema <name>')
    .option('--extra <json>', 'an object: what the type needs beside; kept encrypted')
    .option('--description <text>', 'what it is for')
  calling(put, terminal, 'mainspring connection set warehouse --uri postgres://etl:pass@db.internal:5432/sales', setConnection)
  const show = connection.command('get').description('its fields, without what is secret').argument('<name>')
  calling(show, terminal, 'mainspring connection get warehouse', async (session, [name = '']) => {
    session.show(await session.client.call<WireConnection>('connections.get', { name }), one => connectionText(one, session.look))
    return undefined
  })
  calling(connection.command('ls').description('all of them'), terminal, 'mainspring connection ls', async session => {
    const answer = await session.client.call<WireConnections>('connections.list', {})
    session.show(answer, ({ connections }) => connectionsTable(connections, session.look))
    return undefined
  })
  removal(connection, terminal, 'connection', 'warehouse')

  const secret = program.command('secret').description('the keys that secrets are encrypted with')
  acting(
    secret.command('key').description('make a key, for MAINSPRING_SECRET_KEY of every node; the newest stands first, separated by commas'),
    terminal,
    'mainspring secret key',
    async session => {
      const { newSecretKey } = await import('../server/variables.ts')
      session.terminal.out(newSecretKey())
      return undefined
    },
  )
  const rotate = secret.command('rotate').description('encrypt every secret with the first key of the server; then the older keys can go')
  calling(rotate, terminal, 'mainspring secret rotate', async session => {
    const answer = await session.client.call<WireRotated>('secrets.rotate', {})
    session.show(answer, ({ sealed, kept }) => `${sealed} encrypted anew, ${kept} had the first key already.`)
    return undefined
  })
}

async function setVariable(session: Session, [name = '', given = '']: readonly string[], flags: Flags): Promise<undefined> {
  const text = await givenOrRead(given)
  const description = textFlag(flags.description)
  const body: WireVariableSet = {
    value: /^\s*[[{]/.test(text) ? jsonArgument(text, '<value>') : text,
    ...(flags.secret === true && { secret: true }),
    ...(description !== undefined && { description }),
  }
  const answer = await session.client.call<WireVariable>('variables.set', { name }, body)
  session.show(
    answer,
    one => `variable "${one.name}" is set${one.from === 'database' ? '' : `; the ${one.from} of the server has another, which counts`}.`,
  )
  return undefined
}

async function setConnection(session: Session, [name = '']: readonly string[], flags: Flags): Promise<undefined> {
  const texts = {
    uri: flags.uri,
    type: flags.type,
    host: flags.host,
    login: flags.login,
    password: flags.password,
    schema: flags.schema,
    description: flags.description,
  }
  const body: Record<string, unknown> = {}
  for (const [field, flag] of Object.entries(texts)) {
    const text = textFlag(flag)
    if (text !== undefined) body[field] = field === 'uri' || field === 'password' ? await givenOrRead(text) : text
  }
  const [port, extra] = [textFlag(flags.port), textFlag(flags.extra)]
  if (port !== undefined) body.port = integerArgument(port, '--port', 0, 65_535)
  if (extra !== undefined) body.extra = jsonArgument(extra, '--extra')
  const answer = await session.client.call<WireConnection>('connections.set', { name }, body satisfies WireConnectionSet)
  session.show(answer, one => `connection "${one.name}" is set: ${one.uri}`)
  return undefined
}

function removal(group: Command, terminal: Terminal, kind: 'variable' | 'connection', example: string): void {
  const remove = group.command('rm').description('remove it from the database').argument('<name>')
  calling(remove, terminal, `mainspring ${kind} rm ${example}`, async (session, [name = '']) => {
    await session.client.call(`${kind}s.remove`, { name })
    session.show({ [kind]: name, removed: true }, () => `${kind} "${name}" is removed.`)
    return undefined
  })
}

/** What is secret need not stand in a history of commands. */
async function givenOrRead(text: string): Promise<string> {
  return text === '-' ? (await textOf(process.stdin)).replace(/\r?\n$/, '') : text
}
