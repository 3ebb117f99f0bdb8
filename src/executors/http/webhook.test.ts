import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { testContext } from '../test-context.ts'
import { httpExecutor } from './index.ts'
import { signature, type WebhookInput } from './webhook.ts'

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function target(...statuses: number[]) {
  const requests: { headers: Record<string, unknown>; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push({ headers: request.headers, body })
    response.writeHead(statuses[requests.length - 1] ?? 200, { location: '/elsewhere' }).end()
  })
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}
const INPUT: WebhookInput = { event: 'failed', run: 'r1', definition: 'mail', at: '2026-03-01T09:00:00.000Z', failure: { type: 'E', message: 'ü' } }

function send(hook: { url: string; secret?: string } | null, ctx = testContext({ run: 'hook-run' })) {
  const { webhook } = httpExecutor({ allow: ['127.0.0.1/32'], webhookOf: name => (name === 'mail' ? hook : null) })
  return webhook?.handler(INPUT, ctx) as Promise<{ status: number }>
}

test('a signature is that of the Standard Webhooks specification: its own example', () => {
  const signed = signature('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')
  expect(signed).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test.each(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'any text'])(
  'a request carries id, time and the signature of its body under the secret %j',
  async secret => {
    const { requests, url } = await target()
    const ctx = testContext({ run: 'hook-run' })
    expect(await send({ url, secret }, ctx)).toEqual({ status: 200 })
    const [{ headers, body }] = requests as [(typeof requests)[number]]
    expect(JSON.parse(body)).toEqual({
      type: 'run.failed',
      timestamp: '2026-03-01T09:00:00.000Z',
      data: { event: 'failed', at: '2026-03-01T09:00:00.000Z', run: 'r1', definition: 'mail', failure: { type: 'E', message: 'ü' } },
    })
    const timestamp = Number(headers['webhook-timestamp'])
    expect(Math.abs(timestamp - Date.now() / 1_000)).toBeLessThan(60)
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'hook-run',
      'webhook-signature': signature(secret, 'hook-run', timestamp, body),
    })
    expect(JSON.stringify(ctx.lines)).not.toContain(secret)
    expect(JSON.stringify(ctx.lines)).not.toContain(headers['webhook-signature'])
  },
)

test('without a secret it is not signed', async () => {
  const { requests, url } = await target()
  await send({ url })
  expect(requests[0]?.headers).not.toHaveProperty('webhook-signature')
})

test.each([
  [500, true],
  [404, true],
  [302, true],
  [410, false],
])('status %i is tried again: %s', async (status, again) => {
  const { requests, url } = await target(status)
  const error = await send({ url }).catch(error => error)
  expect([error.code, error.name === 'Abort']).toEqual(['http-status', !again])
  expect(requests).toHaveLength(1)
})

test('an address that the definition has no longer fails it for good', async () => {
  expect(await send(null).catch(error => [error.name, error.code])).toEqual(['Abort', 'webhook-gone'])
})
