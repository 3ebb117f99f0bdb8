import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, workflow } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { guarded } from '../../test/support/guardian.ts'
import { loadConfig } from '../server/config.ts'
import { type Node, openNode } from '../server/node.ts'
import { mainspringIn, type Printed } from './test-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-cli-'))
let node: Node
let client: Client
const workers: Worker[] = []

let broken = true
const order = workflow('order', { version: 'v1' }, async (input: { amount: number }, ctx) => {
  await ctx.run('charge', () => input.amount)
  return ctx.run('ship', () => (broken ? Promise.reject(new Error('no lorry')) : `shipped ${input.amount}`), { retry: { attempts: 1 } })
})
const later = workflow('order', { version: 'v2' }, async (_: { amount: number }, ctx) => ctx.run('refund', () => 1))

const CODE = (steps: string) => `import { workflow } from '@mainspring/sdk'
export const order = workflow('order', async (input: { amount: number }, ctx) => {
  ${steps}
})
`
const write = (file: string, text: string) => writeFileSync(join(directory, file), text)
const mainspring = (...given: string[]): Promise<Printed> => mainspringIn(directory, { MAINSPRING_URL: node.url }, given)

beforeAll(async () => {
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(directory, 'node_modules'))
  node = await openNode(loadConfig({ directory, flags: { port: '0', logLevel: 'silent' } }))
  client = new Client({ url: node.url })
  workers.push(startWorker({ jobs: [order], client: new Client({ url: node.url }), name: 'one' }))
  await workers[0]?.ready
})
afterAll(async () => {
  for (const worker of workers) await worker.stop()
  await client.close()
  await node.stop()
  rmSync(directory, { recursive: true, force: true })
})

test('a failed run is forked from its failed step, with what came before it', async () => {
  const run = await client.start(order, { amount: 5 })
  await run.result().catch(() => {})
  broken = false
  const { out, code } = await mainspring('fork', run.id)
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/^started \w+, a fork of/) })
  const forked = await mainspring('fork', run.id, '--from', 'ship', '--input', '{"amount":7}', '--json')
  const id = (JSON.parse(forked.out) as { run: string }).run
  expect(await client.handle(id).result()).toBe('shipped 7')
  expect((await mainspring('show', id)).out).toMatch(/from ship \(2\) of \w+/)
})

test('many by a filter; what is for one is refused', async () => {
  expect((await mainspring('fork', '--where', 'name=order,state=failed', '--yes')).out).toContain('done')
  expect(await mainspring('fork', '--where', 'name=order', '--from', 'ship')).toMatchObject({ code: 2, error: expect.stringContaining('--from') })
})

test('a reset names its step, and says which there are', async () => {
  const run = await client.start(order, { amount: 1 })
  await run.result()
  expect(await mainspring('reset', run.id, '--to', 'pay')).toMatchObject({
    code: 2,
    error: expect.stringContaining('there are 1 (charge), 2 (ship)'),
  })
  const { out } = await mainspring('reset', run.id, '--to', '2', '--json')
  expect(await client.handle((JSON.parse(out) as { run: string }).run).result()).toBe('shipped 1')
})

test('versions are shown, ramped and rolled back', async () => {
  workers.push(startWorker({ jobs: [later], client: new Client({ url: node.url }), name: 'two' }))
  await workers[1]?.ready
  await expect.poll(async () => (await mainspring('versions', 'order')).out).toMatch(/v2 +current +- +0 .* two\n *v1 +drained +- +0 .* one/)
  expect((await mainspring('versions', 'ramp', 'order', 'v2', '20%')).out).toMatch(/v1 +current +80%[\s\S]*v2 +ramping +20%/)
  expect((await mainspring('versions', 'rollback', 'order')).out).toMatch(/v1 +current +100%[\s\S]*v2 +drained +0%/)
  expect(await mainspring('versions', 'ramp', 'order', 'v2', 'half')).toMatchObject({
    code: 2,
    error: expect.stringContaining('expected 0% to 100%'),
  })
  expect(await mainspring('versions', 'ramp', 'order', 'v9', '5%')).toMatchObject({ code: 2, error: expect.stringContaining('registered are') })
})

test('recorded histories are replayed against code: a gate that ends with 1 where one does not fit', async () => {
  write('same.ts', CODE("await ctx.run('charge', () => input.amount)\n  return ctx.run('ship', () => 1)"))
  write('other.ts', CODE("await ctx.run('charge', () => input.amount)\n  return ctx.run('refund', () => 1)"))
  expect(await mainspring('replay', '--against', 'same.ts', '--since', '1h')).toMatchObject({
    error: '',
    code: 0,
    out: expect.stringMatching(/^\d+ runs replayed: \d+ fit, 0 do not\.$/),
  })
  const other = await mainspring('replay', '--against', 'other.ts')
  expect(other.code).toBe(1)
  expect(other.out).toMatch(/^order \w+ {2}step 2: expected ship, got refund\n[\s\S]*\n\d+ runs replayed: 0 fit, \d+ do not\.$/)
})

test('one run is replayed, from the server or from what was kept of it', async () => {
  const run = await client.start(order, { amount: 1 })
  await run.result()
  expect(await mainspring('replay', run.id, '--against', 'other.ts', '--json')).toMatchObject({ code: 1 })
  write('kept.json', (await mainspring('show', run.id, '--json')).out)
  const { out, code } = await mainspring('replay', '--against', 'same.ts', '--history', 'kept.json', '--json')
  expect({ code, out: JSON.parse(out) }).toEqual({ code: 0, out: [{ is: 'fits', run: run.id, steps: 2, definition: 'order' }] })
  write('strange.json', '{}')
  expect(await mainspring('replay', '--against', 'same.ts', '--history', 'strange.json')).toMatchObject({
    code: 2,
    error: expect.stringContaining('not a recorded run'),
  })
  expect(await mainspring('replay', '--against', 'same.ts', '--inspect')).toMatchObject({ code: 2, error: expect.stringContaining('Which run?') })
})

test('one run is replayed under a debugger: the command waits for it on this machine alone', async () => {
  const run = await client.start(order, { amount: 1 })
  await run.result()
  const bin = fileURLToPath(new URL('../../bin/mainspring.js', import.meta.url))
  const env = { PATH: process.env.PATH, HOME: directory, NO_COLOR: '1', MAINSPRING_URL: node.url }
  const replaying = guarded(spawn(process.execPath, [bin, 'replay', run.id, '--against', 'same.ts', '--inspect'], { cwd: directory, env }))
  const printed = { text: '' }
  const url = await new Promise<string>((resolve, reject) => {
    const heard = (chunk: Buffer): void => {
      printed.text += chunk
      const [found] = /ws:\/\/127\.0\.0\.1:\S+/.exec(printed.text) ?? []
      if (found !== undefined && printed.text.includes('Waiting')) resolve(found)
    }
    replaying.stdout?.on('data', heard)
    replaying.stderr?.on('data', heard)
    replaying.once('close', () => reject(new Error(printed.text)))
  })
  const socket = new WebSocket(url)
  await once(socket, 'open')
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.runIfWaitingForDebugger' }))
  await expect.poll(() => printed.text, { timeout: 20_000 }).toContain('1 run replayed: 1 fit, 0 do not.')
  socket.close()
  const [code] = await once(replaying, 'close')
  expect(code).toBe(0)
})
