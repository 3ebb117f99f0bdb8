// `node --conditions=development bench/console.ts`: how the console does with a million closed runs: what a first visit loads, how soon the list can be used,
// and whether 500 events a second drop frames. Real server, real worker, real Chromium; the browser's own observers measure. `--runs 100000` for fewer.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type Client, connect } from '@mainspring/sdk'
import { chromium, type Page } from 'playwright-core'
import { CHROMIUM_ARGUMENTS, findChromium } from '../scripts/chromium.ts'
import { buildConsole } from '../scripts/console.ts'
import { newId } from '../src/core/ids.ts'
import { INPUT, noop } from './jobs.ts'
import { BenchServer, said, started, stopped } from './processes.ts'
import { paced, startAll } from './starts.ts'

const { values: flags } = parseArgs({ options: { runs: { type: 'string' }, seconds: { type: 'string' }, rounds: { type: 'string' } } })
const RUNS = Number(flags.runs ?? 1_000_000)
const SECONDS = Number(flags.seconds ?? 20)
const ROUNDS = Number(flags.rounds ?? 9)
/** Each run that is started tells of itself some three times: that it is there, that it runs, that it has ended. */
const EVENTS_PER_RUN = 3
const EVENTS_PER_SECOND = 500
/** Real runs, of which the others are copies at other times. */
const ORIGINALS = 1_000
const DAYS_MS = 6 * 86_400_000

const executablePath = findChromium()
if (executablePath === null) throw new Error('no Chromium: apt-get install chromium, or name it in MAINSPRING_CHROMIUM')
await buildConsole()
const folder = mkdtempSync(join(tmpdir(), 'mainspring-bench-console-'))
try {
  console.log(`first load, JavaScript: ${(firstLoadBytes() / 1_000).toFixed(1)} KB gzip (at most 200)`)
  const file = join(folder, 'console.db')
  await fill(file)
  await served(file, async (server, client) => {
    const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS })
    try {
      for (const path of ['/runs', '/runs?state=failed', '/runs?definition=noop&last=24h']) {
        const visits: Visit[] = []
        for (let round = 0; round < ROUNDS; round++) {
          const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } })
          visits.push(await visit(await context.newPage(), `${server.url}${path}`))
          await context.close()
        }
        const times = visits.map(({ ms }) => ms)
        console.log(
          `${path}: rows there and the page free after ${median(times)} ms (at most 500; median of ${ROUNDS} first visits, ${Math.min(...times)} to ${Math.max(...times)}), ` +
            `of which ${median(visits.map(({ cpuMs }) => cpuMs))} ms are the page's own CPU`,
        )
      }
      for (const path of ['/runs', '/'])
        await live(await browser.newPage({ viewport: { width: 1_440, height: 900 } }), `${server.url}${path}`, client, path)
    } finally {
      await browser.close()
    }
  })
  console.log(`node ${process.version}, ${availableParallelism()} CPUs, load ${loadavg()[0]?.toFixed(1)}, ${RUNS.toLocaleString('en')} closed runs`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** With a server on the file, a worker and a client, which end with it, however it ends. */
async function served(file: string, use: (server: BenchServer, client: Client) => Promise<void>): Promise<void> {
  const server = await BenchServer.start(file)
  const worker = started('worker.ts', [server.url, '50'])
  const client = connect({ url: server.url, namespace: 'default' })
  try {
    await said(worker)
    await use(server, client)
  } finally {
    await client.close()
    await stopped(worker)
    await stopped(server.child)
  }
}

/** What the entry and the list of runs need, each file once. */
function firstLoadBytes(): number {
  const dist = join(import.meta.dirname, '../ui/dist')
  const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    { file: string; imports?: string[]; isEntry?: boolean }
  >
  const files = new Set<string>()
  const need = (name: string): void => {
    const chunk = manifest[name]
    if (chunk === undefined || files.has(chunk.file)) return
    files.add(chunk.file)
    chunk.imports?.forEach(need)
  }
  for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry || name === 'src/runs/page.tsx') need(name)
  return [...files].reduce((sum, name) => sum + gzipSync(readFileSync(join(dist, name)), { level: 9 }).length, 0)
}

/** Real runs by a real server; then copies of their rows, with ids and times of their own, up to the number. */
async function fill(file: string): Promise<void> {
  await served(file, async (_, client) => {
    await startAll(client, noop, INPUT, ORIGINALS, 500, 1)
    for (let closed = 0; closed < ORIGINALS; ) {
      await new Promise(resolve => setTimeout(resolve, 200))
      const { counts } = await client.call<{ counts: Record<string, number> }>('runs.histogram', {})
      closed = counts.completed ?? 0
    }
  })
  const database = new DatabaseSync(file)
  database.function('copied_id', { deterministic: false }, at => newId(Number(at), Math.random))
  // Nothing else has it open: indexes are made at the end, all at once, and a crash costs the bench alone.
  const indexes = database.prepare("select name, sql from sqlite_schema where type = 'index' and tbl_name = 'run_closed' and sql is not null").all()
  database.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -400000; begin')
  for (const { name } of indexes) database.exec(`drop index ${name}`)
  const now = Date.now()
  // One in fifty has failed.
  const copies = database.prepare(`with copy as materialized (
      select value * :step as back, run_closed.rowid as original from json_each(:numbers), run_closed where run_closed.rowid = 1 + value % ${ORIGINALS})
    insert into run_closed select copied_id(:now - back), namespace, kind, name, queue, case when back % 50 = 0 then 'failed' else state end,
      :now - back, :now - back + 5, :now - back + 40, purge_at, tags, input, output, body from copy, run_closed where run_closed.rowid = original`)
  const step = Math.max(1, Math.floor(DAYS_MS / RUNS))
  const page = 20_000
  for (let from = 0; from < RUNS; from += page) {
    const numbers = Array.from({ length: Math.min(page, RUNS - from) }, (_, n) => from + n)
    copies.run({ now, step, numbers: JSON.stringify(numbers) })
    process.stderr.write(`\r${(from + page).toLocaleString('en')} runs written`)
  }
  process.stderr.write('\n')
  for (const { sql } of indexes) database.exec(String(sql))
  database.exec('commit; pragma journal_mode = wal; pragma optimize')
  database.close()
}

interface Visit {
  ms: number
  cpuMs: number
}

/** From the navigation's start until rows are drawn and the page has an idle moment; and what of that its main thread has worked, whoever else was busy. */
async function visit(page: Page, url: string): Promise<Visit> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  await page.addInitScript(`
    window.interactive = new Promise(resolve => {
      const look = () => document.querySelector('[data-row]') ? requestIdleCallback(() => resolve(performance.now())) : requestAnimationFrame(look)
      requestAnimationFrame(look)
    })`)
  await page.goto(url, { waitUntil: 'commit' })
  const ms = Math.round(await page.evaluate<number>('window.interactive'))
  const { metrics } = await session.send('Performance.getMetrics')
  return { ms, cpuMs: Math.round((metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000) }
}

/** Frames while 500 events a second come in. */
async function live(page: Page, url: string, client: Client, path: string): Promise<void> {
  await page.goto(url)
  await page.locator('[data-connection="live"]').waitFor()
  await page.waitForTimeout(2_000)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busy = async (): Promise<number> =>
    (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0
  const busyBefore = await busy()
  await page.evaluate(`
    window.measured = { frames: [], tasks: [], since: performance.now() }
    new PerformanceObserver(list => list.getEntries().forEach(entry => window.measured.tasks.push(entry.duration))).observe({ type: 'longtask' })
    const frame = before => requestAnimationFrame(now => { window.measured.frames.push(now - before); frame(now) })
    requestAnimationFrame(frame)`)
  const perSecond = EVENTS_PER_SECOND / EVENTS_PER_RUN
  const begunAt = performance.now()
  // In tens: a call for each would measure the caller.
  await paced((SECONDS * perSecond) / 10, perSecond / 10, () =>
    client.startMany(
      noop,
      Array.from({ length: 10 }, () => ({ input: INPUT })),
    ),
  )
  const seconds = (performance.now() - begunAt) / 1_000
  const cpu = ((await busy()) - busyBefore) / seconds
  const { frames, tasks } = await page.evaluate<{ frames: number[]; tasks: number[] }>('window.measured')
  const dropped = frames.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / 16.67) - 1), 0)
  const sorted = [...frames].sort((a, b) => a - b)
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1)
  console.log(
    `${path} live, ${Math.round(((SECONDS * perSecond) / seconds) * EVENTS_PER_RUN)} events/s for ${seconds.toFixed(0)} s: ${frames.length} frames, ` +
      `p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} ms; ${dropped} dropped (${((100 * dropped) / (dropped + frames.length)).toFixed(1)} %); ` +
      `${tasks.length} tasks above 50 ms, the longest ${Math.round(Math.max(0, ...tasks))} ms; the main thread is busy ${(cpu * 100).toFixed(0)} % of the time`,
  )
  await page.close()
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}
