import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RunCancelled, RunFailed, type RunHandle } from '@mainspring/sdk'
import { type EmbeddedNode, startNode } from 'mainspring'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Executors, startExecutors } from '../../src/executors/index.ts'

let node: EmbeddedNode
let executors: Executors
let target: Server
let url: string
/** What the target was asked, and how it answers the next request. */
const requests: { attempt: string; callback: string | undefined }[] = []
let answers: { status: number; headers?: Record<string, string> }[] = []

beforeAll(async () => {
  target = createServer((request, response) => {
    requests.push({ attempt: String(request.headers['mainspring-attempt']), callback: request.headers['mainspring-callback'] as string | undefined })
    const { status, headers = {} } = answers.shift() ?? { status: 200 }
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{"ok":true}')
  })
  await once(target.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/hook`
  node = await startNode({ database: 'memory:' })
  executors = startExecutors({
    client: node.client,
    shell: { allow: true },
    http: { allow: ['127.0.0.1'], callbackBase: 'http://jobs.test' },
    log: () => {},
  })
  await executors.ready
})
afterAll(async () => {
  await executors?.stop()
  await node?.stop()
  target?.close()
})

async function failureOf(run: RunHandle): Promise<RunFailed> {
  return run.result().then(
    output => expect.fail(`it ended well: ${JSON.stringify(output)}`),
    error => {
      if (error instanceof RunFailed) return error
      throw error
    },
  )
}

test('a run of shell is started by name; its lines and its output are those of any job', async () => {
  const run = await node.client.start('shell', { command: ['sh', '-c', 'echo one; echo two >&2; echo $MAINSPRING_RUN'] }, { tags: { of: 'ops' } })
  expect(await run.result()).toMatchObject({ exitCode: 0, stdout: `one\n${run.id}\n`, stderr: 'two\n' })
  expect(await run.get()).toMatchObject({ definition: 'shell', queue: 'shell', state: 'completed' })
  const lines = await run.logs()
  expect(lines.map(({ level, message }) => `${level} ${message}`).sort()).toEqual([`info ${run.id}`, 'info one', 'warn two'])
})

test('a command that fails is tried again by the policy, and the run says why it failed', async () => {
  const retry = { attempts: 2, initial: 1 }
  const run = await node.client.start('shell', { command: 'echo attempt $MAINSPRING_ATTEMPT >&2; exit 9', shell: true }, { retry })
  const failed = await failureOf(run)
  expect(failed.failure).toMatchObject({ code: 'shell-exit', message: expect.stringMatching(/exit code 9[\s\S]*attempt 2/) })
})

test('an input that cannot be fails the run at once, with its place', async () => {
  const run = await node.client.start('shell', { command: 'ls' })
  const failed = await failureOf(run)
  expect(failed.failure).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('/command') })
  expect(await run.get()).toMatchObject({ attempt: 1, state: 'failed' })
})

test.each(['cancel', 'timeout'] as const)('%s ends a command that ignores SIGTERM', async how => {
  const input = { command: 'trap "" TERM; echo ready; while :; do sleep 0.05; done', shell: true, killAfter: 50 }
  const run = await node.client.start('shell', input, { retry: { attempts: 1 }, ...(how === 'timeout' && { timeout: '1s' }) })
  if (how === 'cancel') {
    for await (const event of run.events()) if (event.is === 'log') break
    await run.cancel()
    expect(await run.result().catch(error => error)).toBeInstanceOf(RunCancelled)
  } else expect(await run.result().catch(error => error.failure)).toMatchObject({ type: 'AttemptTimeout' })
})

test('a run of http is tried again when the target says so', async () => {
  answers = [{ status: 503, headers: { 'retry-after': '0' } }, { status: 201 }]
  const before = requests.length
  const run = await node.client.start('http', { url, body: { order: 17 } }, { retry: { attempts: 3, initial: '1h' } })
  expect(await run.result()).toMatchObject({ status: 201, body: { ok: true }, bodyIs: 'json' })
  expect(requests.slice(before).map(({ attempt }) => attempt)).toEqual(['1', '2'])
})

test('a run of http that the worker may not send fails at once', async () => {
  const run = await node.client.start('http', { url: 'http://169.254.169.254/latest/meta-data/' })
  const failed = await failureOf(run)
  expect(failed.failure).toMatchObject({ type: 'Abort', code: 'http-address-refused' })
  expect(failed.reason).toBe('aborted')
})

test('a run with a callback ends when the outcome is posted, also to a worker that was started later', async () => {
  answers = [{ status: 202 }]
  const before = requests.length
  const run = await node.client.start('http', { url, callback: {} })
  for await (const event of run.events())
    if (event.is === 'log' && event.lines.some(line => line.message.startsWith('waiting for the callback'))) break
  const token = requests[before]?.callback?.split('/').at(-1) as string
  await executors.stop()
  expect((await executors.callback(token, { ok: true })).status).toBe(503)

  executors = startExecutors({ client: node.client, http: { callbackBase: 'http://jobs.test' }, log: () => {} })
  await executors.ready
  let answer = await executors.callback(token, { ok: true, output: 'paid' })
  while (answer.status === 503) answer = await executors.callback(token, { ok: true, output: 'paid' }) // as a target does
  expect(answer.status).toBe(200)
  expect(await run.result()).toMatchObject({ status: 202, output: 'paid' })
  expect(requests).toHaveLength(before + 1)

  await executors.stop()
  executors = startExecutors({ client: node.client, log: () => {} })
  expect((await executors.callback(token, { ok: true, output: 'paid' })).status).toBe(410)
  expect((await executors.callback(`${'a'.repeat(32)}.${'0'.repeat(26)}`, { ok: true })).status).toBe(404)
})

test('without an allowance a command is refused, and the run says how to allow it', async () => {
  const run = await node.client.start('shell', { command: ['id'] })
  const failed = await failureOf(run)
  expect(failed.failure).toMatchObject({ code: 'shell-not-allowed', message: expect.stringContaining('--allow-shell') })
})
