import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signature } from '@mainspring/sdk/serve'
import { expect, test } from 'vitest'
import { mailServer } from '../executors/email/test-server.ts'
import { loadConfig } from './config.ts'
import { openNode } from './node.ts'

const configOf = (flags: Parameters<typeof loadConfig>[0] & object) =>
  loadConfig({ directory: '/', flags: { database: 'memory:', port: '0', logLevel: 'silent', ...flags } })

test('a webhook of a definition is told of its failures by the server, signed, with no secret in the run', async () => {
  const node = await openNode(configOf({ allowHttp: '127.0.0.1/32' } as never))
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const target = createServer(async (request, answer) => {
    let body = ''
    for await (const chunk of request) body += chunk
    answer.end()
    target.emit('told', request.headers, body)
  }).listen(0, '127.0.0.1')
  await once(target, 'listening')
  try {
    const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/hook`
    const told = once(target, 'told') as Promise<[IncomingMessage['headers'], string]>
    const options = { onFailure: { url, secret }, expiresMs: 0 }
    await node.engine.definitions.register('default', [{ kind: 'job', name: 'mail', version: '1', options, schema: null }])
    const start = { definition: 'mail', input: null, options: {}, trigger: { is: 'call' as const } }
    await node.engine.runs.start('default', { callKey: null, by: null, starts: [start] })
    const [headers, body] = await told
    const id = headers['webhook-id'] as string
    expect(headers['webhook-signature']).toBe(signature(secret, id, Number(headers['webhook-timestamp']), body))
    expect(JSON.parse(body)).toMatchObject({ type: 'run.failed', data: { definition: 'mail', state: 'timed_out', reason: 'expired' } })
    const run = await node.engine.runs.wait('default', id, 10_000)
    expect(run).toMatchObject({ definition: 'mainspring.webhook', state: 'completed', output: '{"status":200}' })
    expect(JSON.stringify([run, await node.engine.runs.history('default', id)])).not.toContain(secret)
  } finally {
    target.close()
    await node.stop()
  }
})

test('people are told by e-mail and in Slack, by the server that has a mail server, at the addresses that the definition has by then', async () => {
  const mail = await mailServer()
  const node = await openNode(configOf({ smtp: mail.smtp, emailFrom: 'jobs@example.org', allowHttp: '127.0.0.1/32' } as never))
  const target = createServer(async (request, answer) => {
    let body = ''
    for await (const chunk of request) body += chunk
    answer.end('ok')
    target.emit('told', request.url, body)
  }).listen(0, '127.0.0.1')
  await once(target, 'listening')
  try {
    const told = once(target, 'told') as Promise<[string, string]>
    const slack = `http://127.0.0.1:${(target.address() as AddressInfo).port}/services/T0/B0/secret`
    const options = {
      notify: [
        { on: ['failed' as const], email: ['ana@example.org'] },
        { on: ['failed' as const], slack },
      ],
      expiresMs: 0,
    }
    await node.engine.definitions.register('default', [{ kind: 'job', name: 'mail', version: '1', options, schema: null }])
    const start = { definition: 'mail', input: null, options: {}, trigger: { is: 'call' as const } }
    await node.engine.runs.start('default', { callKey: null, by: null, starts: [start] })
    const [path, body] = await told
    expect([path, JSON.parse(body).text]).toEqual(['/services/T0/B0/secret', expect.stringMatching(/^\*mail .{5} timed out\*\nreason: expired/)])
    const { rows } = await node.engine.runs.list({ namespace: 'default', names: ['mainspring.email', 'mainspring.webhook'] } as never, {
      after: null,
      limit: 9,
    })
    const runs = await Promise.all(rows.map(({ id }) => node.engine.runs.wait('default', id, 10_000)))
    expect(runs.map(({ state }) => state)).toEqual(['completed', 'completed'])
    expect(mail.said).toEqual(
      expect.arrayContaining(['From: jobs@example.org', 'To: ana@example.org', expect.stringMatching(/^Subject: mail .{5} timed out$/)]),
    )
    const histories = await Promise.all(rows.map(({ id }) => node.engine.runs.history('default', id)))
    expect(JSON.stringify([runs, histories])).not.toMatch(/secret|ana@/)
  } finally {
    mail.close()
    target.close()
    await node.stop()
  }
})

test('a target of the http executor answers later, at the address that the server gave it, and needs no other key', async () => {
  const node = await openNode(configOf({ allowHttp: '127.0.0.1/32' } as never))
  const target = createServer((_, answer) => void answer.writeHead(202).end()).listen(0, '127.0.0.1')
  await once(target, 'listening')
  const runs = `${node.url}/v1/namespaces/default/runs`
  const post = async (url: string, body: unknown) => {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  try {
    const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/pay`
    const asked = once(target, 'request') as Promise<[IncomingMessage]>
    const { body: started } = await post(runs, { definition: 'http', input: { url, body: { order: 17 }, callback: { timeout: '1m' } } })
    const [{ headers }] = await asked
    const callback = headers['mainspring-callback'] as string
    expect(callback.startsWith(`${node.url}/v1/callbacks/`)).toBe(true)
    expect(await post(callback, 'what is this')).toMatchObject({ status: 400 })
    expect(await post(callback, { ok: true, output: { charged: 17 } })).toEqual({ status: 200, body: { is: 'accepted' } })
    const ended = (await (await fetch(`${runs}/${started.run}?wait=10s`)).json()) as object
    expect(ended).toMatchObject({ state: 'completed', output: { status: 202, output: { charged: 17 } } })
    expect(await post(`${node.url}/v1/callbacks/nobody`, { ok: true })).toMatchObject({ status: 404 })
  } finally {
    target.close()
    await node.stop()
  }
})
