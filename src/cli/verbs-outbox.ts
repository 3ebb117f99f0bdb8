import { Client } from '@mainspring/sdk'
import type { Command } from 'commander'
import { outboxesOf } from '../server/outbox.ts'
import { Refusal } from '../server/refusal.ts'
import { withoutPassword } from '../server/stores.ts'
import { acting, type Session, withSettings } from './session.ts'
import { stopRequests } from './signals.ts'
import type { Terminal } from './terminal.ts'

/** The outbox of a PostgreSQL database: its table, and a relay beside a server that does not take it over itself. */
export function addOutboxVerbs(program: Command, terminal: Terminal): void {
  const outbox = program.command('outbox').description('starts that are part of transactions on PostgreSQL')
  acting(
    withSettings(outbox.command('sql').description('print the SQL that makes an outbox, for your own migrations'), []),
    terminal,
    'mainspring outbox sql > migrations/0042_outbox.sql',
    async session => {
      session.terminal.out((await tools()).OUTBOX_SQL.trimEnd())
      return undefined
    },
  )
  acting(
    withSettings(outbox.command('install').description('make the outbox in a database; again does no harm'), ['outbox']),
    terminal,
    'mainspring outbox install --outbox postgres://app@localhost/app',
    async session => {
      for (const url of namedOutboxes(session)) await install(session, url)
      return undefined
    },
  )
  acting(
    withSettings(outbox.command('relay').description('take outboxes over for a server that cannot reach them'), [
      'outbox',
      'url',
      'apiKey',
      'namespace',
      'logLevel',
    ]),
    terminal,
    'mainspring outbox relay --outbox postgres://app@localhost/app --url https://jobs.example.org',
    relay,
  )
}

async function install(session: Session, url: string): Promise<void> {
  const shown = withoutPassword(url)
  try {
    await (await tools()).installOutbox(url)
  } catch (error) {
    throw new Refusal({ code: 'database-refused', place: shown, title: `The outbox cannot be made: ${(error as Error).message}.` })
  }
  session.terminal.out(`the outbox is in ${shown}`)
}

async function relay(session: Session): Promise<undefined> {
  const stop = stopRequests()
  const { url, apiKey, namespace, logLevel } = session.config.settings
  const client = new Client({ url, namespace, retryFor: 0, ...(apiKey && { apiKey }) })
  const urls = namedOutboxes(session)
  const relays = (await tools()).startRelays(urls, client, logLevel)
  session.terminal.out(`the relay of ${urls.map(withoutPassword).join(', ')} is ready, for ${url}`)
  session.terminal.out(`${await stop.requested}: stopping`)
  await Promise.all(relays.map(relay => relay.stop()))
  await client.close()
  session.terminal.out('stopped')
  return undefined
}

function namedOutboxes({ config }: Session): string[] {
  const named = outboxesOf(config.settings)
  if (named.length > 0) return named
  throw new Refusal({
    code: 'usage',
    place: '--outbox',
    title: 'No database is named.',
    hint: 'Name yours: --outbox postgres://user:password@host/database. A scheduler whose own database is PostgreSQL needs none for that one.',
  })
}

/** Loaded when it is needed: with the driver it would delay every command. */
function tools() {
  return import('../server/outbox-tools.ts')
}
