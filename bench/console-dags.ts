// `node --conditions=development bench/console-dags.ts`: how smooth the console is with large DAGs: the grid of 365 runs of 500 tasks, the graph and the Gantt chart of
// 10,000 tasks. A real server and a real Chromium; what the server would say is made up (test/e2e/support/large-dags.ts). Says frames, what kept the page busy,
// what its thread worked for a frame, and elements. `--only grid`: those whose names begin so.
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connect } from '@mainspring/sdk'
import { type CDPSession, chromium, type Page } from 'playwright-core'
import { CHROMIUM_ARGUMENTS, findChromium } from '../scripts/chromium.ts'
import { buildConsole } from '../scripts/console.ts'
import { type Large, serveLarge } from '../test/e2e/support/large-dags.ts'
import { BenchServer, stopped } from './processes.ts'

const { values: flags } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const executablePath = findChromium()
if (executablePath === null) throw new Error('no Chromium: apt-get install chromium, or name it in MAINSPRING_CHROMIUM')
await buildConsole()
const folder = mkdtempSync(join(tmpdir(), 'mainspring-bench-dags-'))
const server = await BenchServer.start(join(folder, 'dags.db'))
try {
  const client = connect({ url: server.url })
  const dag = { tasks: { one: { job: 'quick' } } }
  await client.call('definitions.register', {}, { definitions: [{ kind: 'dag', name: 'large', version: 'v1', options: {}, dag }] })
  const run = await client.start('large')
  await client.close()
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS })
  const looked: readonly [name: string, path: string, there: string, tasks: number, moves: (page: Page) => Promise<void>][] = [
    ['grid of 365 runs × 500 tasks', '/definitions/large?tab=grid', '[role=gridcell]', 500, scrolled],
    ['graph of 10,000 tasks', '/definitions/large?tab=graph', '.react-flow__node', 10_000, dragged],
    ['graph of a run of 10,000 tasks', `/runs/${run.id}?view=graph`, '.react-flow__node', 10_000, dragged],
    ['Gantt of 10,000 tasks', `/runs/${run.id}?view=gantt`, '[role=treegrid] [role=row]', 10_000, scrolled],
    ['table of 10,000 tasks', `/runs/${run.id}`, '[data-row]', 10_000, scrolled],
  ]
  for (const [name, path, there, tasks, moves] of looked) {
    if (!name.startsWith(flags.only)) continue
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } })
    const large: Large = { definition: 'large', tasks, runs: 365, begin: Date.now() - 60_000 }
    await serveLarge(page, large)
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    await page.addInitScript(`
      window.tasks = []
      new PerformanceObserver(list => list.getEntries().forEach(entry => window.tasks.push(entry.duration))).observe({ type: 'longtask', buffered: true })`)
    const before = performance.now()
    await page.goto(`${server.url}${path}`)
    await page.locator(there).first().waitFor()
    const readyMs = performance.now() - before
    await page.waitForTimeout(3_000)
    const first = await taken(page)
    await page.evaluate(`
      window.frames = []
      const frame = before => requestAnimationFrame(now => { window.frames.push(now - before); frame(now) })
      requestAnimationFrame(frame)`)
    const idle = await worked(session)
    await moves(page)
    const after = await worked(session)
    const moved = await taken(page)
    const frames = (await page.evaluate<number[]>('window.frames')).sort((a, b) => a - b)
    const at = (part: number): string => (frames[Math.floor(frames.length * part)] ?? 0).toFixed(1)
    console.log(
      `${name}: there after ${Math.round(readyMs)} ms, ${blocked(first)}; moved: ${frames.length} frames, p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} ms, ` +
        `${blocked(moved)}; a frame took ${perFrame(idle, after, frames.length)}; ${await page.evaluate<number>('document.querySelectorAll("*").length')} elements`,
    )
    await page.close()
  }
  await browser.close()
  console.log(`node ${process.version}, ${availableParallelism()} CPUs, load ${loadavg()[0]?.toFixed(1)}`)
} finally {
  await stopped(server.child)
  rmSync(folder, { recursive: true, force: true })
}

/** Seconds of CPU of the page's thread, by what for. */
async function worked(session: CDPSession): Promise<Map<string, number>> {
  const { metrics } = await session.send('Performance.getMetrics')
  return new Map(metrics.map(({ name, value }) => [name, value]))
}

function perFrame(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, frames: number): string {
  const ms = (name: string): string => ((1_000 * ((after.get(name) ?? 0) - (before.get(name) ?? 0))) / frames).toFixed(1)
  return `${ms('TaskDuration')} ms of CPU (script ${ms('ScriptDuration')}, style ${ms('RecalcStyleDuration')}, layout ${ms('LayoutDuration')})`
}

/** Tasks of the main thread above 50 ms since they were last asked for. */
function taken(page: Page): Promise<number[]> {
  return page.evaluate<number[]>('window.tasks.splice(0)')
}

function blocked(tasks: readonly number[]): string {
  return `${tasks.length} tasks above 50 ms, the longest ${Math.round(Math.max(0, ...tasks))} ms`
}

/** Through the list and across it, by the wheel. */
async function scrolled(page: Page): Promise<void> {
  await page.mouse.move(800, 600)
  for (let step = 0; step < 60; step++) await page.mouse.wheel(step % 3 === 0 ? 240 : 0, step % 3 === 0 ? 0 : 240)
}

async function dragged(page: Page): Promise<void> {
  for (let turn = 0; turn < 6; turn++) {
    await page.mouse.move(1_300, 640)
    await page.mouse.down()
    await page.mouse.move(500, 420, { steps: 20 })
    await page.mouse.up()
  }
}
