import type { Connection } from '@mainspring/sdk'
import { Refusal } from '../server/refusal.ts'
import type { Session } from './session.ts'

export interface KeyCalls {
  create(name: string): Promise<{ name: string; key: string; createdAt: string }>
  list(): Promise<{ keys: { name: string; createdAt: string }[] }>
  remove(name: string): Promise<unknown>
}

/**
 * Where keys are kept: in the store. The first key must be made before there is a server to ask, for a server that listens beyond this machine does not
 * start without one; so the store is opened directly when nobody holds it, and the server that holds it is asked otherwise. An address that was given
 * is always asked.
 */
export async function keyCalls<Result>(session: Session, act: (calls: KeyCalls) => Promise<Result>): Promise<Result> {
  const { settings, origins } = session.config
  if (origins.url !== 'host and port') return act(callsOver(session.client.connection))
  const { openBareNode } = await import('../server/node.ts')
  const node = await openBareNode(session.config).catch((error: unknown) => {
    if (error instanceof Refusal && error.facts.code === 'database-refused') return null
    throw error
  })
  if (node === null) return act(callsOver(session.client.connection))
  try {
    if (settings.database === 'memory:')
      throw new Refusal({
        code: 'invalid-option',
        place: '--database',
        title: 'A memory store is gone with its process, and so would be the key.',
        hint: 'Name the file of the server.',
      })
    return await act(callsOver(node.connection))
  } finally {
    await node.stop()
  }
}

function callsOver(connection: Pick<Connection, 'call'>): KeyCalls {
  const call = async (...given: Parameters<Connection['call']>) => JSON.parse(await connection.call(...given))
  return {
    create: name => call('keys.create', { params: {}, body: JSON.stringify({ name }) }),
    list: () => call('keys.list', { params: {} }),
    remove: name => call('keys.remove', { params: { name } }),
  }
}
