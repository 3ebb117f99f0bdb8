import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type ConfigSources, loadConfig } from './config.ts'
import { openBareNode, openNode } from './node.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-node-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const configOf = (flags: ConfigSources['flags']) => loadConfig({ directory, flags: { database: 'memory:', port: '0', logLevel: 'silent', ...flags } })

test('a node answers where it says that it listens, until it is stopped', async () => {
  const node = await openNode(configOf({}))
  expect(await (await fetch(`${node.url}/readyz`)).json()).toEqual({ ready: true })
  await node.stop()
  await expect(fetch(`${node.url}/readyz`)).rejects.toThrow()
})

test('beyond loopback it does not listen until somebody has made an API key', async () => {
  const config = configOf({ host: '0.0.0.0', database: 'keys.db' })
  await expect(openNode(config)).rejects.toThrow(/No|no API key exists yet.*mainspring key create NAME \[api-key-needed\]/)
  const bare = await openBareNode(config)
  const made = JSON.parse(await bare.connection.call('keys.create', { params: {}, body: '{"name":"test"}' })) as { key: string }
  await bare.stop()
  const node = await openNode(config)
  const asked = (headers: Record<string, string>) => fetch(`${node.url}/v1/namespaces/default/queues`, { headers }).then(answer => answer.status)
  expect(await asked({})).toBe(401)
  expect(await asked({ authorization: `Bearer ${made.key}` })).toBe(200)
  await node.stop()
})

test('a port that is taken is refused, and the store is free again', async () => {
  const first = await openNode(configOf({}))
  const second = configOf({ port: new URL(first.url).port, database: 'free.db' })
  await expect(openNode(second)).rejects.toThrow(/^--port: Port \d+ of 127\.0\.0\.1 is taken by another process\. .*\[port-taken\]$/)
  await first.stop()
  const third = await openNode(second)
  await third.stop()
})

test.each([
  ['postgres://me:secret@127.0.0.1:1/d', /^postgres:\/\/me:\*{8}@127\.0\.0\.1:1\/d: The database cannot be opened/],
  ['/dev/null/x.db', /\[database-refused\]$/],
])('%s is refused without a stack', async (database, message) => {
  await expect(openNode(configOf({ database }))).rejects.toThrow(message)
})
