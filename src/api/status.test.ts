import { expect, test } from 'vitest'
import { createApi } from './api.ts'
import { FakeEngine, NOW } from './fake-engine.ts'

const engine = new FakeEngine()
const app = createApi(engine, { now: () => NOW }).http({ bind: '127.0.0.1' })
const call = (method: 'GET', url: string) => app.inject({ method, url, headers: { host: 'localhost' } })

test('pages escape all that they show, and allow nothing but their style', async () => {
  const hostile = '<script>alert(1)</script>'
  const run = engine.add({
    definition: hostile,
    output: JSON.stringify(hostile),
    failure: { type: 'E', message: hostile },
    state: 'failed',
    closedAt: NOW,
    reason: hostile,
  })
  engine.lines = [{ run: run.id, attempt: 1, delivery: 'd', n: 0, at: NOW, level: 'warn', message: hostile, fields: `{"a":"${hostile}"}` }]
  for (const url of ['/', `/runs/${run.id.slice(-6)}`, '/runs/zzzzz', `/?namespace=${encodeURIComponent(hostile)}`, '/?namespace=%20']) {
    const answer = await call('GET', url)
    expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(answer.body).not.toContain('<script')
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  }
  expect((await call('GET', '/runs/zzzzz')).statusCode).toBe(404)
})

test('the first page tells what stands still and why', async () => {
  engine.add({ state: 'paused', reason: 'stuck: a throw in the machine' })
  const { body } = await call('GET', '/')
  for (const text of [
    'queue <b>images</b> is paused by ana',
    'CDN &lt;incident&gt;',
    '<h2>Stuck</h2>',
    'http-equiv="refresh" content="5"',
    'web-1:42',
  ])
    expect(body).toContain(text)
})

test('a page of a closed run does not refresh itself; that of an open one says why it waits', async () => {
  const closed = engine.add({ state: 'completed', closedAt: NOW, output: '{"a":1e400}' })
  const open = engine.add({ state: 'queued' })
  expect((await call('GET', `/runs/${closed.id}`)).body).not.toContain('http-equiv="refresh"')
  expect((await call('GET', `/runs/${closed.id}`)).body).toContain('{&quot;a&quot;:1e400}')
  expect((await call('GET', `/runs/${open.id}`)).body).toContain('mainspring queue resume default')
})
