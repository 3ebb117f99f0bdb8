import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, connect } from '@mainspring/sdk'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/run.ts'
import { Place } from './support/place.ts'

/** Examples write into the place, and are as slow as the test wants them. */
function environmentOf(place: Place): Record<string, string> {
  return { MAINSPRING_EXAMPLES_OUTPUT: join(place.folder, 'output') }
}

async function inPlace(use: (place: Place, client: Client) => Promise<void>): Promise<void> {
  await using place = await Place.open()
  const client = connect({ url: place.url })
  try {
    await use(place, client)
  } finally {
    await client.close()
  }
}

describe('examples', () => {
  test('welcome sends its mail', () =>
    inPlace(async (place, client) => {
      await place.server()
      await place.worker(['welcome.ts'], environmentOf(place))
      const started = place.mainspring('start', 'welcome', '{"email":"ada@example.org"}', '--follow')
      expect(await started.exits()).toMatch(/sending.*ada@example.org[\s\S]*\{"sent":true\}/)
      const { runs } = await client.runs.list()
      expect(runs.map(({ definition, state }) => [definition, state])).toEqual([['welcome', 'completed']])
    }))

  test('the bird strikes go on after kill -9 where the checkpoint is', () =>
    inPlace(async (place, client) => {
      await place.server('--lease', '1s')
      const slowly = { ...environmentOf(place), MAINSPRING_EXAMPLES_SLICE_MS: '100' }
      const first = await place.worker(['checkpoints.ts'], slowly, 'first')
      const run = await client.start('bird-strikes')
      for await (const event of run.events()) if (event.is === 'log' && event.lines.some(({ message }) => message.startsWith('phase 2'))) break
      first.kill('SIGKILL')
      await first.ended
      await place.worker(['checkpoints.ts'], slowly, 'second')

      const output = (await run.result({ timeout: '1m' })) as { strikes: number; species: [string, number][] }
      expect(output.strikes).toBe(10_000)
      expect(output.species[0]).toEqual(['Unknown bird - small', 3572])
      const lines = (await run.logs()).map(({ message }) => message)
      expect(lines.filter(line => line.startsWith('phase 1 of 3'))).toHaveLength(1)
      expect(lines).toContain('attempt 2 goes on: species came from the checkpoint')
      expect((await run.get()).attempt).toBe(2)
    }))

  test('the flaky one attaches to its external job and never submits a second', () =>
    inPlace(async (place, client) => {
      await place.server()
      await place.worker(['flaky.ts'], { ...environmentOf(place), MAINSPRING_EXAMPLES_RENDER_MS: '1500' })
      const run = await client.start('render', { film: 'Metropolis' })
      expect(await run.result({ timeout: '1m' })).toEqual({ film: 'Metropolis', external: 'render-1', attempts: 3 })
      const book = readFileSync(join(place.folder, 'output', 'render-farm.jsonl'), 'utf8')
      expect(book.trim().split('\n')).toHaveLength(1)
      const { events } = (await client.call<{ events: { is: string }[] }>('runs.history', { run: run.id })) ?? { events: [] }
      expect(events.length).toBeGreaterThan(4)
    }))

  test('the report is made by 1,000 jobs, and looks like one', () =>
    inPlace(async (place, client) => {
      await place.server()
      await place.worker(['report.ts'], environmentOf(place))
      const run = await client.start('flight-report')
      expect(await run.result({ timeout: '90s' })).toEqual({ routes: 1000, flights: 13_566, files: ['flights.svg', 'flights.html'] })
      const svg = readFileSync(join(place.folder, 'output', 'flights.svg'), 'utf8')
      expect(svg.match(/<path d="M[^"]*Q/g)?.length).toBeGreaterThan(900)
      expect(svg).not.toMatch(/NaN|undefined/)
      expect(existsSync(join(place.folder, 'output', 'flights.html'))).toBe(true)
      const page = await client.runs.list({ job: 'flight-route', state: 'completed', limit: 1000 })
      expect(page.runs).toHaveLength(1000)
      expect(page.runs.every(({ trigger }) => trigger.is === 'job' && trigger.run === run.id)).toBe(true)
    }))

  test('the hourly schedule is filled back for a day, and the nightly report of that day has its hours', () =>
    inPlace(async (place, client) => {
      await place.server()
      await place.worker(['schedules.ts'], environmentOf(place))
      const { schedules } = client
      expect((await schedules.list()).schedules.map(({ name }) => name)).toEqual(['hourly-flights', 'nightly-report'])
      // New York is five hours behind on that day.
      await schedules.backfill('hourly-flights', { from: '2026-03-02T05:00:00Z', to: '2026-03-03T04:00:00Z', maxActive: 8 })
      for (let state = await schedules.get('hourly-flights'); state.backfills.length > 0; state = await schedules.get('hourly-flights'))
        await new Promise(resolve => setTimeout(resolve, 50))
      const { lines } = await schedules.ledger('hourly-flights', { limit: 100 })
      const filled = lines.filter(({ source }) => source === 'backfill')
      expect(filled.map(({ account, outcome }) => `${account} ${outcome?.state}`)).toEqual(Array.from({ length: 24 }, () => 'fired completed'))
      const report = await client.start('daily-report', { day: '2026-03-02' })
      expect(await report.result({ timeout: '30s' })).toEqual({ day: '2026-03-02', hours: 24, flights: 2952 })
      expect(readFileSync(join(place.folder, 'output', 'day-2026-03-02.svg'), 'utf8').match(/<rect/g)).toHaveLength(48)
    }))

  test('the pipeline is filled back for a month, and puts a day without flights aside', { timeout: 180_000 }, () =>
    inPlace(async (place, client) => {
      await place.server()
      await place.worker(['pipeline.ts'], environmentOf(place))
      const month = ['--from', '2001-01-02', '--to', '2001-02-01', '--max-active', '4']
      const started = await place.mainspring('backfill', 'start', 'flight-pages', ...month, '--json').exits()
      const { backfill } = JSON.parse(started) as { backfill: string }
      expect(await client.batches.handle(backfill).result({ timeout: '2m' })).toMatchObject({ total: 31, completed: 31, failed: 0 })
      const output = join(place.folder, 'output', 'pipeline')
      const days = readdirSync(join(output, 'days')).map(file => JSON.parse(readFileSync(join(output, 'days', file), 'utf8')) as { flights: number })
      // Counted in flights-20k.json with jq.
      expect([days.length, days.reduce((sum, { flights }) => sum + flights, 0)]).toEqual([31, 6937])
      const svg = readFileSync(join(output, '2001-01.svg'), 'utf8')
      expect(svg).toMatch(/^<svg/)
      expect(svg).not.toMatch(/NaN|undefined/)
      const page = readFileSync(join(output, '2001-01.html'), 'utf8')
      expect(page).toContain(svg)
      expect(page.match(/<tr><td>2001-01-\d\d/g)).toHaveLength(31)

      const today = await client.start('flight-pages')
      expect(await today.result({ timeout: '30s' })).toBeUndefined()
      expect(await place.mainspring('dag', 'tasks', today.id).exits()).toMatch(/quarantine +success[\s\S]*publish +skipped/)
    }),
  )

  test('the airports are imported in a batch, and its callback sums them up once all rows are in', () =>
    inPlace(async (place, client) => {
      await place.server()
      await place.worker(['batch-import.ts'], environmentOf(place))
      const run = await client.start('import-airports')
      const { batch, ...figures } = (await run.result({ timeout: '30s' })) as { batch: string; parts: number; rows: number }
      // The file has 3376 lines below its head, 3372 of them of the USA, in 57 states: counted with Python's csv module.
      expect(figures).toEqual({ parts: 34, rows: 3376 })
      expect(await client.batches.handle(batch).result({ timeout: '1m' })).toMatchObject({ name: 'airports', total: 34, completed: 34, failed: 0 })
      const [callback] = (await client.batches.get(batch)).jobs?.callbacks ?? []
      const summary = client.handle((callback as { run: string }).run)
      expect(await summary.result({ timeout: '30s' })).toEqual({ airports: 3372, states: 57 })
      const written = JSON.parse(readFileSync(join(place.folder, 'output', 'airports.json'), 'utf8'))
      expect(written).toMatchObject({ jobs: { total: 34, completed: 34, failed: 0 }, airports: 3372, missing: [] })
    }))

  test('an API that allows only so much refuses little, and costs no attempt', () =>
    inPlace(async (place, client) => {
      await place.server()
      await place.worker(['rate-limited-api.ts'], environmentOf(place))
      const run = await client.start('airport-names', null)
      const output = (await run.result({ timeout: '1m' })) as { refused: number }
      // 60 answers take 62 requests at least, and every 25th is refused.
      expect(output).toEqual({ airports: 60, first: 'Thigpen', attempts: 1, refused: expect.any(Number) })
      expect(output.refused).toBeGreaterThanOrEqual(2)
      expect((await client.limits.get('airports-api')).rate).toBe(20)
    }))

  test('who floods a queue waits for himself', () =>
    inPlace(async (place, client) => {
      await place.server()
      await place.worker(['fair-tenants.ts'], environmentOf(place))
      const run = await client.start('month-end', null)
      const { invoices, last } = (await run.result({ timeout: '1m' })) as { invoices: number; last: Record<string, number> }
      expect(invoices).toBe(320)
      // Five rounds of five tenants, and what the slots of a worker had begun before: without turns they would be from 305 on.
      for (const tenant of ['ada', 'grace', 'edsger', 'barbara']) expect(last[tenant], tenant).toBeLessThan(100)
      expect(last.big).toBe(320)
    }))

  test('a node in one process needs no server', () =>
    inPlace(async place => {
      const program = place.start('node', [join(ROOT, 'examples/embedded/main.ts'), 'embedded.db'])
      expect(await program.exits()).toBe('1 4 9 16 25\n')
    }))

  const curlAndJq = ['curl', 'jq'].every(tool => spawnSync(tool, ['--version']).status === 0)
  test.skipIf(!curlAndJq)('a worker in bash does its work, reports a failure, and drains', () =>
    inPlace(async (place, client) => {
      await place.server()
      const worker = place.start('bash', [join(ROOT, 'examples/workers/bash/worker.sh')], { HOSTNAME: 'here' })
      await worker.printed(/serves checksum/)
      const run = await client.start('checksum', { text: 'hello' })
      expect(await run.result({ timeout: '30s' })).toEqual({ sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' })
      const bad = await client.start('checksum', 'no object', { retry: { attempts: 1 } })
      await expect(bad.result({ timeout: '30s' })).rejects.toMatchObject({ code: 'run-failed' })
      worker.stop()
      expect(await worker.exits()).toMatch(/(completed: accepted\n){2}stopped\n$/)
    }),
  )
})
