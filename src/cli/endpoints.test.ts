import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { mainspringIn, type Printed } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-cli-'))
let node: Node
const mainspring = (...given: string[]): Promise<Printed> => mainspringIn(directory, { MAINSPRING_URL: node.url }, given)

beforeAll(async () => {
  node = await openNode(loadConfig({ directory, flags: { database: 'memory:', port: '0', logLevel: 'silent' } }))
})
afterAll(async () => {
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

test('an endpoint is made known, changed, listed, and let go; its secret is shown once, and once more when it is another', async () => {
  expect((await mainspring('endpoints', 'ls')).out).toBe('No endpoint is known: mainspring endpoints add URL')
  const added = await mainspring('endpoints', 'add', 'http://127.0.0.1:1/api/mainspring', '--name', 'shop')
  const [secret] = /whsec_\S+/.exec(added.out) as RegExpExecArray
  expect(added.out).toContain(`\n  MAINSPRING_ENDPOINT_SECRET=${secret}\n`)
  const changed = await mainspring('endpoints', 'add', 'http://127.0.0.1:1/jobs', '--name', 'shop', '--slots', '5', '--timeout', '1m')
  expect(changed.out).toBe('endpoint "shop" is changed: http://127.0.0.1:1/jobs. Its secret stays.')
  await expect
    .poll(async () => (await mainspring('endpoints', 'ls')).out, { timeout: 20_000 })
    .toMatch(/^shop\s+away .+ ago\s+5\s+http:\/\/127.0.0.1:1\/jobs\s+.* not public \(loopback\)/m)
  const shown = await mainspring('endpoints', 'show', 'shop')
  expect(shown.out).toMatch(/^slots\s+5 requests at the same time\ntimeout\s+1m 00s for a request$/m)
  const rotated = await mainspring('endpoints', 'rotate', 'shop')
  expect(rotated.out).toMatch(/whsec_/)
  expect(rotated.out).not.toContain(secret)
  for (const { out } of [changed, shown, await mainspring('endpoints', 'show', 'shop', '--json'), await mainspring('endpoints', 'ls', '--json')])
    expect(out).not.toContain('whsec_')
  expect((await mainspring('endpoints', 'rm', 'shop')).out).toBe('endpoint "shop" gets no more work.')
})

test('what is no address, and what is not known, is refused with its place', async () => {
  const ftp = await mainspring('endpoints', 'add', 'ftp://shop.example', '--name', 'shop')
  expect([ftp.code, ftp.error]).toEqual([2, expect.stringMatching(/\/url[\s\S]*https:\/\/shop.example\/api\/mainspring[\s\S]*\[invalid-option\]/)])
  const none = await mainspring('endpoints', 'show', 'nobody')
  expect([none.code, none.error]).toEqual([2, expect.stringContaining('[endpoint-not-found]')])
})
