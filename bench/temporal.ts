// Temporal's development server, its rows in a file of SQLite: `npm run temporal` in `peers/`.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { answers, type Place, treeUs } from './places.ts'
import { stopped } from './processes.ts'

const BINARY = join(import.meta.dirname, 'peers', '.built', 'temporal', 'bin', 'temporal')
export const TEMPORAL_IS_BUILT = existsSync(BINARY)

/** What it would refuse in a second is out of the way (https://docs.temporal.io/references/dynamic-configuration). */
const LIMITS = ['frontend.rps', 'frontend.namespaceRPS', 'history.rps', 'matching.rps']
const STORES = ['frontend', 'history', 'matching'].map(service => `${service}.persistenceMaxQPS`)
const UNLIMITED = 1_000_000

/** Each transaction is flushed before it is answered. */
const DURABLE = ['journal_mode=wal', 'synchronous=full']

export async function temporalPlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-bench-temporal-'))
  const port = await freePort()
  const flags = [
    ...[
      '--port',
      String(port),
      '--http-port',
      String(await freePort()),
      '--headless',
      '--log-level',
      'never',
      '--db-filename',
      join(folder, 'bench.db'),
    ],
    ...DURABLE.flatMap(pragma => ['--sqlite-pragma', pragma]),
    ...[...LIMITS, ...STORES].flatMap(limit => ['--dynamic-config-value', `${limit}=${UNLIMITED}`]),
  ]
  const server = spawn(BINARY, ['server', 'start-dev', ...flags], { stdio: ['ignore', 'ignore', 'inherit'] })
  await answers(port, server)
  return {
    url: `127.0.0.1:${port}`,
    costs: async () => ({ 'server CPU µs': treeUs(server.pid as number) }),
    async end() {
      await stopped(server)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
