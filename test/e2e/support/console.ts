import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { type Client, connect, job } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { test } from 'vitest'
import { CHROMIUM_ARGUMENTS, findChromium } from '../../../scripts/chromium.ts'
import { ROOT } from '../../../scripts/run.ts'
import { Place, type Running } from './place.ts'

/** Where Chromium is: MAINSPRING_CHROMIUM, else in PATH. Null: nowhere. */
export const CHROMIUM = findChromium()

/**
 * A test in a real browser. Without one it is skipped by its name; where CI says that all must run, it fails instead.
 */
export const browserTest = CHROMIUM === null && !process.env.CI ? test.skip : test
if (CHROMIUM === null)
  console.log('skipped: tests of the console need Chromium. Install it (apt-get install chromium) or name it in MAINSPRING_CHROMIUM.')

interface Parts {
  place: Place
  flags: readonly string[]
  server: Running
  client: Client
  apiKey: string | undefined
  worker: Worker
  browser: Browser
  gates: Gates
  basePath: string
}

/** A node, a worker in this process whose jobs the test lets go, and a browser. All of it ends with the test. */
export class Console implements AsyncDisposable {
  readonly place: Place
  readonly client: Client
  /** Where the server asks for one. */
  readonly apiKey: string | undefined
  /** What the page told its console as an error, its policy's refusals among them. A test expects none. */
  readonly errors: string[] = []
  #server: Running
  readonly #flags: readonly string[]
  readonly #worker: Worker
  readonly #browser: Browser
  readonly #gates: Gates
  readonly #basePath: string
  readonly #contexts: BrowserContext[] = []

  private constructor(parts: Parts) {
    this.place = parts.place
    this.client = parts.client
    this.apiKey = parts.apiKey
    this.#flags = parts.flags
    this.#server = parts.server
    this.#worker = parts.worker
    this.#browser = parts.browser
    this.#gates = parts.gates
    this.#basePath = parts.basePath
  }

  static async open({
    flags = [],
    basePath = '',
    withKey = false,
    before,
  }: {
    flags?: string[]
    basePath?: string
    withKey?: boolean
    /** Before the server starts, whose database is `mainspring.db` of the place. */
    before?: (place: Place) => Promise<void>
  } = {}): Promise<Console> {
    if (CHROMIUM === null) throw new Error('no Chromium: apt-get install chromium, or name it in MAINSPRING_CHROMIUM')
    const place = await Place.open()
    await before?.(place)
    const apiKey = withKey ? await makeKey(place) : undefined
    const allFlags = [...flags, ...(basePath === '' ? [] : ['--base-path', basePath])]
    const server = await place.server(...allFlags)
    const client = connect({ url: `${place.url}${basePath}`, ...(apiKey !== undefined && { apiKey }) })
    const gates = new Gates()
    const worker = startWorker({ jobs: gates.jobs, client, name: 'tests', log: () => {} })
    await worker.ready
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS, '--disable-gpu'] })
    return new Console({ place, flags: allFlags, server, client, apiKey, worker, browser, gates, basePath })
  }

  /** A page of the console, once it is live. */
  async page(path = '/', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.blankPage(options)
    await page.goto(`${this.place.url}${this.#basePath}${path}`)
    await isLive(page)
    return page
  }

  async blankPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1_440, height: 900 }, ...options })
    this.#contexts.push(context)
    const page = await context.newPage()
    page.on('console', message => {
      // What an answer's status is, and a lost connection, the page tells its reader.
      if (message.type() === 'error' && !/^Failed to load resource/.test(message.text())) this.errors.push(message.text())
    })
    page.on('pageerror', error => this.errors.push(String(error)))
    return page
  }

  /** Types in an editor of code, in the place of what it has; what the browser itself puts there has the look of what it takes away, as inline style. */
  async edit(page: Page, editor: Locator, text: string): Promise<void> {
    await editor.focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Backspace')
    await page.keyboard.insertText(text)
  }

  /** Closes the pages of a test, which would go on following what the next one does. Answers the errors that they have told. */
  async closePages(): Promise<string[]> {
    await Promise.all(this.#contexts.splice(0).map(context => context.close()))
    return this.errors.splice(0)
  }

  /** Lets those who wait in `gate` go on, once there are so many: a page shows a run as running before its handler has begun. */
  async release(count = 0): Promise<void> {
    await this.#gates.release(count)
  }

  async stopServer(): Promise<void> {
    this.#server.stop()
    await this.#server.ended
  }

  async startServer(): Promise<void> {
    this.#server = await this.place.server(...this.#flags)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
    await this.#browser.close()
    await this.#worker.drain(0).catch(() => undefined)
    await this.client.close()
    await this.place[Symbol.asyncDispose]()
  }
}

export async function isLive(page: Page): Promise<void> {
  await page.locator('[data-connection="live"]').waitFor()
}

/** Makes a key in the place's database, before its server holds it. */
async function makeKey(place: Place): Promise<string> {
  const command = [join(ROOT, 'bin/mainspring.js'), 'key', 'create', 'tests', '--database', 'mainspring.db']
  // Without the address of a server, which is not there yet.
  const printed = await place
    .start(process.execPath, ['--disable-warning=ExperimentalWarning', ...command], { MAINSPRING_URL: '', MAINSPRING_PORT: '' })
    .exits()
  const [key] = /msk_[\w-]+/.exec(printed) ?? []
  if (key === undefined) throw new Error(`no key was printed:\n${printed}`)
  return key
}

/** Jobs of the tests. `gate` waits until it is released, or asked to stop. */
class Gates {
  readonly #waiting = new Set<() => void>()
  readonly #begun = new EventEmitter()
  readonly jobs = [
    job('gate', (_: unknown, { signal }) => {
      return new Promise<string>((resolve, reject) => {
        const release = (): void => resolve('released')
        this.#waiting.add(release)
        this.#begun.emit('one')
        signal.addEventListener('abort', () => {
          this.#waiting.delete(release)
          reject(signal.reason)
        })
      })
    }),
    job('quick', async (input: unknown) => ({ echoed: input })),
    job('breaks', { retry: { attempts: 1 } }, async () => {
      throw new TypeError('the printer is on fire')
    }),
  ]

  async release(count: number): Promise<void> {
    while (this.#waiting.size < count) await once(this.#begun, 'one')
    for (const release of this.#waiting) release()
    this.#waiting.clear()
  }
}
