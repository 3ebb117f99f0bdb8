// The pictures of docs/console.md and README.md: the console in front of a day of demo work. `npm run pictures` makes them all again.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.ts'
import { buildConsole } from './console.ts'
import { ROOT } from './run.ts'

interface Picture {
  name: string
  path(ids: Ids): string
  /** Said on the page once it is complete. */
  shows: string | RegExp
  dark?: boolean
  phone?: boolean
}
/** Runs that are shown one by one. */
interface Ids {
  failed: string
  report: string
}

const FOLDER = join(ROOT, 'docs/pictures')
const PICTURES: readonly Picture[] = [
  { name: 'home', path: () => '/', shows: 'export-gdpr' },
  { name: 'home-dark', path: () => '/', shows: 'export-gdpr', dark: true },
  { name: 'home-phone', path: () => '/', shows: 'export-gdpr', phone: true },
  { name: 'runs', path: () => '/runs', shows: 'send-email' },
  { name: 'run', path: ({ failed }) => `/runs/${failed}`, shows: 'export-gdpr' },
  { name: 'run-logs-dark', path: ({ report }) => `/runs/${report}?tab=logs`, shows: 'Logs', dark: true },
  { name: 'schedules', path: () => '/schedules', shows: 'nightly-report' },
  { name: 'schedules-day', path: () => '/schedules?view=day', shows: 'nightly-report' },
  { name: 'limits', path: () => '/limits', shows: 'gateway-rate' },
  { name: 'workers', path: () => '/workers', shows: 'media-1' },
]

/** Stack traces name the folder of whoever makes the pictures: the demo's own stands in for it. */
const withoutFolder = `for (const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); texts.nextNode();) {
  const { nodeValue } = texts.currentNode
  if (nodeValue.includes(${JSON.stringify(ROOT)})) texts.currentNode.nodeValue = nodeValue.replaceAll(${JSON.stringify(ROOT)}, '/srv/shop')
}`

const demo = spawn(process.execPath, ['--conditions=development', 'src/cli/main.ts', 'dev', '--demo', '--port', '0'], {
  cwd: ROOT,
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  await buildConsole()
  mkdirSync(FOLDER, { recursive: true })
  const url = await said(demo, /console\s+(http\S+)/)
  const ids = await found(url)
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('no Chromium: apt-get install chromium, or name it in MAINSPRING_CHROMIUM')
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS, '--disable-gpu'] })
  for (const picture of PICTURES) await take(browser, url, picture, ids)
  await browser.close()
} finally {
  demo.kill('SIGINT')
}

async function take(browser: Browser, url: string, { name, path, shows, dark = false, phone = false }: Picture, ids: Ids): Promise<void> {
  const page = await browser.newPage({
    viewport: phone ? { width: 400, height: 860 } : { width: 1_440, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  await page.goto(`${url}${path(ids)}`)
  await page.locator('[data-connection="live"]').waitFor()
  await page.getByRole('main').getByText(shows).filter({ visible: true }).first().waitFor()
  await page.locator('main [data-loading]').first().waitFor({ state: 'detached' })
  await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {}) // the stream of events stays open
  await page.evaluate(withoutFolder)
  await page.screenshot({ path: join(FOLDER, `${name}.png`) })
  await page.close()
  console.log(`docs/pictures/${name}.png`)
}

async function found(url: string): Promise<Ids> {
  const newest = async (definition: string, state: string): Promise<string> => {
    const answer = await fetch(`${url}/v1/namespaces/default/runs?definition=${definition}&state=${state}&limit=1`)
    const { runs } = (await answer.json()) as { runs: { id: string }[] }
    return (runs[0] as { id: string }).id
  }
  return { failed: await newest('export-gdpr', 'failed'), report: await newest('nightly-report', 'completed') }
}

function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', part => {
      text += part
      const match = pattern.exec(text)?.[1]
      if (match !== undefined) resolve(match)
    })
    child.once('exit', () => reject(new Error(`the demo ended:\n${text}`)))
  })
}
