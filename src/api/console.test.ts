import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi } from './api.ts'
import type { HttpOptions } from './app.ts'
import { FakeEngine, NOW } from './fake-engine.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainspring-console-'))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><head><base href="/" /></head>')
  writeFileSync(join(folder, 'favicon.svg'), '<svg/>')
  writeFileSync(join(folder, 'assets/a-1.js'), 'plain')
  writeFileSync(join(folder, 'assets/a-1.js.br'), 'small')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const HTML = { host: 'localhost', accept: 'text/html,*/*' }
function server(options: Partial<HttpOptions> = {}) {
  const app = createApi(new FakeEngine(), { now: () => NOW }).http({ bind: '127.0.0.1', consoleFolder: folder, ...options })
  return (url: string, headers: Record<string, string> = HTML, method: 'GET' | 'POST' = 'GET') => app.inject({ method, url, headers })
}

test('any address that is not of the API is the console’s page, which may load nothing but our own files', async () => {
  const get = server()
  for (const url of ['/', '/runs/abcde?namespace=teams', '/schedules/a%2Fb']) {
    const { statusCode, headers, body } = await get(url)
    expect([statusCode, body]).toEqual([200, '<!doctype html><head><base href="/" /></head>'])
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';.* frame-ancestors 'none'$/)
    expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
  }
})

test.each([
  ['an unknown address of the API', '/v1/nothing', HTML],
  ['what does not ask for a page', '/nothing', { host: 'localhost', accept: '*/*' }],
  ['a file that is not there', '/assets/gone-2.js', HTML],
])('%s is not found', async (_, url, headers) => expect((await server()(url, headers)).json()).toMatchObject({ status: 404, code: 'not-found' }))

test('hashed files are kept for ever, and sent as they were compressed', async () => {
  const get = server()
  const { headers, body } = await get('/assets/a-1.js', { host: 'localhost', 'accept-encoding': 'br' })
  expect(body).toBe('small')
  expect(headers).toMatchObject({ 'content-encoding': 'br', 'cache-control': 'public, max-age=31536000, immutable' })
  expect((await get('/assets/a-1.js', { host: 'localhost' })).body).toBe('plain')
})

test('the page is asked for anew, and costs nothing when it is the same', async () => {
  const get = server()
  const { etag } = (await get('/')).headers
  expect((await get('/', { ...HTML, 'if-none-match': etag as string })).statusCode).toBe(304)
})

test.each([
  ['', '/jobs', '/jobs/'],
  ['/inner', '/outer/', '/outer/inner/'],
  ['', '//evil.example', '/'],
  ['', '/"><script>', '/'],
])('below %j a proxy that says %j makes the base %j', async (basePath, forwarded, base) => {
  const { body } = await server({ basePath })(`${basePath}/`, { ...HTML, 'x-forwarded-prefix': forwarded })
  expect(body).toContain(`<base href="${base}" />`)
})

test('with a base path nothing is answered outside of it', async () => {
  const get = server({ basePath: '/jobs' })
  expect((await get('/jobs')).statusCode).toBe(200)
  expect((await get('/jobs/v1/namespaces/default/runs')).statusCode).toBe(200)
  for (const url of ['/', '/v1/namespaces/default/runs', '/jobsite', '/healthz']) expect((await get(url)).json()).toMatchObject({ code: 'not-found' })
})

test('beyond loopback the console needs no key, and what it asks does', async () => {
  const get = server({ bind: '0.0.0.0' })
  for (const url of ['/', '/runs/abcde', '/assets/a-1.js', '/favicon.svg']) expect([url, (await get(url)).statusCode]).toEqual([url, 200])
  for (const url of ['/v1/namespaces/default/runs', '/openapi.json', '/metrics']) expect([url, (await get(url)).statusCode]).toEqual([url, 401])
  expect((await get('/runs/abcde', HTML, 'POST')).statusCode).toBe(401)
})

test('pages of others cannot reach it on loopback', async () => {
  expect((await server()('/', { host: 'evil.example' })).statusCode).toBe(403)
})

test('a console that is not built says what to run', async () => {
  const { statusCode, body } = await server({ consoleFolder: join(folder, 'none') })('/')
  expect(statusCode).toBe(404)
  expect(body).toContain('npm run build')
})
