import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { ROOT } from '../../../scripts/run.ts'
import { expectAccessible } from '../support/accessible.ts'
import { Console, isLive, browserTest as test } from '../support/console.ts'

test('works below a path, as does the API', async () => {
  await using shown = await Console.open({ basePath: '/jobs/mainspring' })
  const page = await shown.page('/runs')
  const run = await shown.client.start('quick')
  await page.getByRole('link', { name: run.id.slice(-5) }).click()
  await page.waitForURL(`**/jobs/mainspring/runs/${run.id}`)
  await page.reload()
  await isLive(page)
  expect((await fetch(`${shown.place.url}/v1/namespaces/default/runs`)).status).toBe(404)
  expect(shown.errors).toEqual([])
})

test('asks for a key where the server does, refuses a wrong one, and keeps the right one for the tab', async () => {
  await using shown = await Console.open({ flags: ['--host', '0.0.0.0'], withKey: true })
  const page = await shown.blankPage()
  await page.goto(`${shown.place.url}/runs`)
  await page.getByLabel('API key').fill('msk_wrong')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('does not know this key').waitFor()
  await page.getByLabel('API key').fill(shown.apiKey as string)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await isLive(page)
  await page.reload()
  await isLive(page)
  expect(shown.errors).toEqual([])
})

test('asks for the list once, before the code that shows it, and for the counts after it', async () => {
  await using shown = await Console.open({})
  const page = await shown.blankPage()
  const asked: string[] = []
  page.on('request', request => asked.push(request.url().slice(shown.place.url.length)))
  await page.goto(`${shown.place.url}/runs?state=failed&last=2h`)
  await page.getByText('No run fits this filter').waitFor()
  await isLive(page)
  const at = (part: RegExp): number[] => asked.flatMap((url, index) => (part.test(url) ? [index] : []))
  const [list = -1] = at(/\/runs\?state=failed&createdAfter=[^&]+&limit=100$/)
  const [code = -1] = at(/\/assets\/shared-/)
  const [counts = -1] = at(/\/runs\/histogram\?/)
  expect(list, asked.join('\n')).toBeGreaterThan(0)
  expect(code).toBeGreaterThan(list)
  expect(at(/\/v1\/.*\/runs\?/).filter(index => index < counts)).toEqual([list])
  expect(shown.errors).toEqual([])
})

test('shows what happened after the list was read and before it was live', async () => {
  await using shown = await Console.open({})
  const page = await shown.blankPage()
  const meanwhile = Promise.withResolvers<void>()
  await page.route('**/events', async route => {
    await meanwhile.promise
    await route.continue()
  })
  await page.goto(`${shown.place.url}/runs`)
  await page.getByText('No run yet').waitFor()
  const run = await shown.client.start('quick')
  await run.result()
  meanwhile.resolve()
  await page
    .getByRole('row', { name: run.id.slice(-5) })
    .getByText('completed')
    .waitFor()
})

test('loads less than 200 KB of JavaScript first', async () => {
  const dist = join(ROOT, 'ui/dist')
  const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    { file: string; imports?: string[]; isEntry?: boolean }
  >
  const needed = new Set<string>()
  const need = (name: string): void => {
    const chunk = manifest[name]
    if (chunk === undefined || needed.has(chunk.file)) return
    needed.add(chunk.file)
    chunk.imports?.forEach(need)
  }
  for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry || name === 'src/runs/page.tsx') need(name)
  expect(needed.size).toBeGreaterThan(1)
  const bytes = [...needed].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0)
  expect(bytes).toBeLessThan(200_000)
  expect([...needed].every(file => existsSync(join(dist, `${file}.br`)))).toBe(true)
})
