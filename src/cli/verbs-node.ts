import { resolve } from 'node:path'
import type { Command } from 'commander'
import { SETTING_NAMES } from '../server/config.ts'
import { shownSettings } from '../server/shown-settings.ts'
import { keyCalls } from './keys.ts'
import { configTable, keysTable } from './output/lists.ts'
import { sizeText, spanText } from './output/words.ts'
import { acting, withSettings } from './session.ts'
import type { Terminal } from './terminal.ts'

/** Running a node, backing it up, its configuration, and its API keys. */
export function addNodeVerbs(program: Command, terminal: Terminal): void {
  const server = withSettings(program.command('server').description('run a node: engine, store and HTTP API'), [
    'database',
    'host',
    'port',
    'basePath',
    'apiKey',
    'namespace',
    'logLevel',
    'leaseMs',
    'executors',
    'allowShell',
    'allowHttp',
    'callbackBase',
    'smtp',
    'emailFrom',
    'clusterAddress',
    'outbox',
    'secretKey',
    'variables',
  ])
  acting(server, terminal, 'mainspring server --database mainspring.db', async session => (await import('./server.ts')).runServer(session))

  const backup = withSettings(program.command('backup').description('copy the database of a server, which may be running').argument('<file>'), [
    'database',
  ])
  acting(
    backup.option('--json', 'print data instead of text'),
    terminal,
    'mainspring backup copies/monday.db --database mainspring.db',
    async (session, [file = '']) => {
      const { database } = session.config.settings
      const since = session.terminal.now()
      const { bytes } = await (await import('../server/stores.ts')).backUpStore(database, resolve(terminal.directory, file))
      const tookMs = session.terminal.now() - since
      session.show({ file, database, bytes, tookMs }, () => `${file}: ${sizeText(bytes)} in ${spanText(tookMs)}, checked and on disk`)
      return undefined
    },
  )

  const migrate = withSettings(
    program.command('migrate').description('bring the tables of a database up to this version, as a server does at its start'),
    ['database'],
  )
  acting(
    migrate.option('--json', 'print data instead of text'),
    terminal,
    'mainspring migrate --database postgres://db.internal/jobs',
    async session => {
      const { database } = session.config.settings
      const { openStore, storeText } = await import('../server/stores.ts')
      await (await openStore(database, 'migrate')).close()
      session.show({ database: storeText(database) }, () => `${storeText(database)}: its tables are those of this version`)
      return undefined
    },
  )

  const config = withSettings(program.command('config').description('each setting with where it came from'), SETTING_NAMES).option(
    '--json',
    'print data instead of a table',
  )
  acting(config, terminal, 'mainspring config --json', async session => {
    session.show(shownSettings(session.config), () => configTable(session.config))
    return undefined
  })

  const key = program.command('key').description('API keys: needed by a server that listens beyond this machine')
  const settings = ['database', 'url', 'apiKey'] as const
  const json = (command: Command) => withSettings(command, settings).option('--json', 'print data instead of text')
  acting(
    json(key.command('create').description('make a key; it is shown once').argument('<name>')),
    terminal,
    'mainspring key create laptop',
    async (session, [name = '']) => {
      const made = await keyCalls(session, calls => calls.create(name))
      session.show(made, () => `${made.key}\nkept as "${made.name}" and never shown again; use it as MAINSPRING_API_KEY or --api-key`)
      return undefined
    },
  )
  acting(json(key.command('ls').description('names of all keys')), terminal, 'mainspring key ls', async session => {
    const answer = await keyCalls(session, calls => calls.list())
    session.show(answer, ({ keys }) => keysTable(keys, session.look))
    return undefined
  })
  acting(
    json(key.command('rm').description('remove a key; it is refused from then on').argument('<name>')),
    terminal,
    'mainspring key rm laptop',
    async (session, [name = '']) => {
      await keyCalls(session, calls => calls.remove(name))
      session.show({ name, removed: true }, () => `key "${name}" is removed.`)
      return undefined
    },
  )
}
