// The console's build: `ui/dist`, from `ui/` and the API's description. Made only when what it is made of has changed.
//
//     scripts/console.ts           builds when needed
//     scripts/console.ts --types   checks its types
//     scripts/console.ts --dev     a development server in front of a running node (MAINSPRING_URL)
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { createApi } from '../src/api/api.ts'
import { typesOf } from '../ui/types-of.ts'
import { capture, ROOT, show } from './run.ts'

const UI = join(ROOT, 'ui')
const DIST = join(UI, 'dist')
const STAMP = join(DIST, '.made-of')
const GENERATED = join(UI, 'src/api/generated.ts')
const VITE = [process.execPath, join(ROOT, 'node_modules/vite/bin/vite.js')] as const

/** Builds `ui/dist` unless it is there already and made of the same. Answers whether it built. */
export async function buildConsole(): Promise<boolean> {
  await generateTypes()
  const stamp = stampOf()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return false
  await capture([...VITE, 'build', '--config', join(UI, 'vite.config.ts'), '--logLevel', 'warn'])
  await compressAll()
  writeFileSync(STAMP, stamp)
  return true
}

/** The client's types, from the operations as they are served. */
async function generateTypes(): Promise<void> {
  // A description needs no engine: nothing is called.
  const description = createApi({} as never).openApi()
  const text = `// Made by scripts/console.ts of the API's description.\n${await typesOf(description)}`
  if (existsSync(GENERATED) && readFileSync(GENERATED, 'utf8') === text) return
  mkdirSync(join(UI, 'src/api'), { recursive: true })
  writeFileSync(GENERATED, text)
}

function stampOf(): string {
  const hash = createHash('sha256')
  const files = [
    'package-lock.json',
    'scripts/console.ts',
    ...globSync('ui/{src,public}/**/*', { cwd: ROOT }),
    ...globSync('ui/*.{ts,json,html}', { cwd: ROOT }),
  ]
  for (const file of files.sort()) {
    if (!/\.\w+$/.test(file)) continue
    hash.update(`${file}\n`).update(readFileSync(join(ROOT, file)))
  }
  return hash.digest('hex')
}

const COMPRESSED = /\.(js|css|html|svg|json)$/
/** Once, here, and as small as it gets: the server sends these as they are. */
async function compressAll(): Promise<void> {
  const brotli = promisify(brotliCompress)
  const zip = promisify(gzip)
  for (const entry of globSync('**/*', { cwd: DIST, withFileTypes: true })) {
    if (!entry.isFile() || !COMPRESSED.test(entry.name) || entry.name === 'index.html') continue
    const file = join(entry.parentPath, entry.name)
    const bytes = readFileSync(file)
    writeFileSync(`${file}.br`, await brotli(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }))
    writeFileSync(`${file}.gz`, await zip(bytes, { level: 9 }))
  }
}

async function checkTypes(): Promise<number> {
  await generateTypes()
  return show([process.execPath, 'node_modules/typescript/bin/tsc', '--noEmit', '--project', 'ui'])
}

async function serveForDevelopment(): Promise<number> {
  await generateTypes()
  return show([...VITE, '--config', join(UI, 'vite.config.ts')])
}

if (import.meta.main) {
  if (process.argv.includes('--types')) process.exitCode = await checkTypes()
  else if (process.argv.includes('--dev')) process.exitCode = await serveForDevelopment()
  else if (await buildConsole()) console.error('built the console')
}
