import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rooms } from '../../scripts/checks.ts'
import { capture, ROOT } from '../../scripts/run.ts'

/** A small tree that keeps the rules. */
const KEPT = {
  'src/core/ids.ts': 'export const id = 1\nexport type Id = number\n',
  'src/time/cron.ts': "import { id } from '../core/ids.ts'\nexport const cron = id\n",
  'src/machines/job/machine.ts': "import { id } from '../../core/ids.ts'\nexport const machine = id\n",
  'src/store/store.ts': "import type { Id } from '../core/ids.ts'\nexport type Store = Id\n",
  'src/store/sqlite/store.ts': "import 'node:sqlite'\nimport type { Store } from '../store.ts'\nexport const store: Store = 1\n",
  'src/engine/face.ts': "import type { Store } from '../store/store.ts'\nexport type Face = Store\n",
  'src/engine/lane.ts': "import { machine } from '../machines/job/machine.ts'\nexport const lane = machine\n",
  'src/api/app.ts': "import type { Face } from '../engine/face.ts'\nexport type App = Face\n",
  'src/observability/metrics.ts': "import type { Face } from '../engine/face.ts'\nexport type Metrics = Face\n",
  'src/server/node.ts':
    "import { store } from '../store/sqlite/store.ts'\nimport { lane } from '../engine/lane.ts'\nexport const node = [store, lane]\n",
  'src/cli/main.ts':
    "import { node } from '../server/node.ts'\nimport { job } from '../../sdk/typescript/src/job.ts'\nexport const main = [node, job]\n",
  'sdk/typescript/src/job.ts': "import 'node:http'\nexport const job = 1\n",
  'ui/src/format/time.ts': 'export const time = 1\n',
  'ui/src/parts/badge.tsx': "import { time } from '../format/time.ts'\nexport const badge = time\n",
  'ui/src/runs/route.ts': 'export const route = 1\n',
  'ui/src/home/page.tsx': "import { badge } from '../parts/badge.tsx'\nexport const page = badge\n",
  'ui/src/app/router.ts': "import { route } from '../runs/route.ts'\nexport const router = route\n",
} as const

/** Files that each break one: all at once, since a run costs seconds. */
const PLANTED = [
  ['core imports nothing of ours', 'src/core/time.ts', "import '../time/cron.ts'", 'room-core'],
  ['core touches no Node built-in', 'src/core/files.ts', "import 'node:fs'", 'pure'],
  ['time touches no Node built-in', 'src/time/clock.ts', "import { performance } from 'node:perf_hooks'\nperformance.now()", 'pure'],
  ['machines use no package', 'src/machines/job/package.ts', "import 'yaml'", 'pure-without-packages'],
  ['machines do not know the engine', 'src/machines/job/engine.ts', "import '../../engine/lane.ts'", 'room-machines'],
  ['pages of the console do not know each other', 'ui/src/home/neighbour.tsx', "import '../runs/route.ts'", 'console-page'],
  ['parts do not know the pages', 'ui/src/parts/paged.tsx', "import '../home/page.tsx'", 'console-parts'],
  ['the console is a client like any other', 'ui/src/format/id.ts', "import '../../../src/core/ids.ts'", 'room-console'],
  [
    'a store does not know the engine, not even a type of it',
    'src/store/sqlite/face.ts',
    "import type { Face } from '../../engine/face.ts'\nexport type F = Face",
    'room-store',
  ],
  ['the engine knows the port, not those who fill it', 'src/engine/sqlite.ts', "import '../store/sqlite/store.ts'", 'room-engine'],
  ['the API sees the engine by its face only', 'src/api/lane.ts', "import { lane } from '../engine/lane.ts'\nexport const l = lane", 'room-api'],
  ['metrics see the engine by its face only', 'src/observability/lane.ts', "import '../engine/lane.ts'", 'room-observability'],
  ['the command line does not reach past the server', 'src/cli/lane.ts', "import '../engine/lane.ts'", 'room-cli'],
  ['the SDK knows nothing of ours', 'sdk/typescript/src/id.ts', "import { id } from '../../../src/core/ids.ts'\nexport const i = id", 'room-sdk'],
  ['the SDK has no dependency', 'sdk/typescript/src/yaml.ts', "import 'yaml'", 'sdk-without-dependencies'],
  ['there are no cycles', 'src/core/back.ts', "import { there } from './there.ts'\nexport const back = there", 'no-cycle'],
  ['a new room needs its arrows', 'src/attic/box.ts', "import '../core/ids.ts'", 'new-room'],
] as const
const THERE = "import { back } from './back.ts'\nexport const there = back\n"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainspring-rooms-'))
  for (const [file, text] of Object.entries(KEPT)) put(file, text)
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function put(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}
const judge = (): Promise<string> =>
  capture(rooms('.'), folder).then(
    () => 'kept',
    error => String(error),
  )

describe('the dependency rule', () => {
  test('lets a tree pass that keeps to the arrows', async () => expect(await judge()).toBe('kept'))

  describe('refuses what does not', () => {
    let verdict: string
    beforeAll(async () => {
      for (const [, file, text] of PLANTED) put(file, `${text}\n`)
      put('src/core/there.ts', THERE)
      verdict = await judge()
    })

    test.each(PLANTED)('%s', (_, file, _text, rule) => expect(verdict).toMatch(new RegExp(`error ${rule}: ${file.replaceAll('.', '\\.')}\\s`)))
  })
})
