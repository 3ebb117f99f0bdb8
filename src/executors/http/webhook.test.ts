import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signature } from '@mainspring/sdk/serve'
import { afterEach, expect, test } from 'vitest'
import type { NotificationInput, Recipient } from '../notification.ts'
import { testContext } from '../test-context.ts'
import { httpExecutor } from './index.ts'

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
const INPUT: NotificationInput = {
  event: 'failed',
  run: 'r1',
  definition: 'mail',
  at: '2026-03-01T09:00:00.000Z',
  failure: { type: 'E', message: 'ü' },
}

function send(hook: Recipient | null, ctx = testContext({ run: 'hook-run' })) {
  const { webhook } = httpExecutor({ allow: ['127.0.0.1/32'], recipientOf: ({ definition }) => (definition === 'mail' ? hook : null) })
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

// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: a JSON body with `text`; https://docs.slack.dev/messaging/formatting-message-text: & < > are escaped
test('Slack gets a text for people, in which nothing is markup that is not ours', async () => {
  const { requests, url } = await target()
  const input = {
    ...INPUT,
    run: '01k7x9v2q7n3mfd8r2t5w1z6ab',
    reason: 'aborted',
    failure: { type: 'E', message: '<!channel> & co' },
    notification: 0,
  }
  const { webhook } = httpExecutor({ allow: ['127.0.0.1/32'], recipientOf: () => ({ slack: url }), console: () => 'https://jobs.example.org' })
  await webhook?.handler(input, testContext())
  expect(requests[0]?.headers).not.toHaveProperty('webhook-id')
  expect(JSON.parse(requests[0]?.body as string)).toEqual({
    text: [
      '*mail 1z6ab failed*',
      'E: &lt;!channel&gt; &amp; co',
      'reason: aborted',
      'at: 2026-03-01T09:00:00.000Z',
      'see it: https://jobs.example.org/runs/01k7x9v2q7n3mfd8r2t5w1z6ab',
    ].join('\n'),
  })
})

test("Slack's address, which is a key to it, is in no line and no failure", async () => {
  const { url } = await target(500)
  for (const slack of [url.replace('hook', 'T0/B0/secret'), 'http://127.0.0.1:1/T0/B0/secret']) {
    const ctx = testContext()
    const error = await send({ slack }, ctx).catch(error => error)
    expect(error.message).toContain('the Slack webhook')
    expect(JSON.stringify([error.message, error.stack, ctx.lines])).not.toContain('secret')
  }
})
