// `npm run build`: JavaScript and declarations for both packages, packed, then installed from their packages in an empty folder and tried there.
//
//     dist/sdk/         the package @mainspring/sdk
//     dist/mainspring/  the package mainspring, with the console in ui/dist
//     dist/*.tgz        both, packed
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildConsole } from './console.ts'
import { capture, ROOT } from './run.ts'

const DIST = join(ROOT, 'dist')
const TSC = [process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc')] as const

/** What a user of both packages may write. */
const TRIED = `import { type JobContext, job } from '@mainspring/sdk'
import { startNode } from 'mainspring'
import { testEnvironment } from 'mainspring/testing'

const hello = job('hello', { retry: { initial: 10 } }, async (name: string, ctx: JobContext) => {
  if (ctx.attempt === 1) throw new Error('once')
  return \`hello from \${name}, \${ctx.attempt} attempts\`
})
const node = await startNode({ database: 'tried.db', work: [hello] })
const text: string = await (await hello.start('the package')).result({ timeout: '30s' })
console.log(text)
await node.stop()
const t = await testEnvironment([hello])
await (await hello.start('a test', { delay: '30d' })).result()
await t.stop()
`

interface Manifest {
  name: string
  version: string
  exports: Record<string, string>
  [field: string]: unknown
}

interface Recipe {
  name: string
  from: string
  /** Where the compiler finds the declarations of our other packages. */
  paths: Record<string, string[]>
  /** What the published package needs and the workspace has by itself. */
  dependencies?: Record<string, string>
}

/** Compiles a package's `src` into its folder under dist, with everything beside it that is not TypeScript. Answers the folder. */
async function build({ name, from, paths, dependencies }: Recipe): Promise<string> {
  const folder = join(DIST, name)
  const source = join(ROOT, from, 'src')
  mkdirSync(folder, { recursive: true })
  const config = join(DIST, `tsconfig.${name}.json`)
  const compilerOptions = { noEmit: false, declaration: true, rootDir: source, outDir: join(folder, 'dist'), paths, composite: false }
  writeFileSync(
    config,
    JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: [`${source}/**/*.ts`], exclude: [`${source}/**/*.test.ts`] }),
  )
  await capture([...TSC, '--project', config])
  for (const file of globSync('**/*', { cwd: source, withFileTypes: true }))
    if (file.isFile() && !file.name.endsWith('.ts'))
      copy(join(file.parentPath, file.name), join(folder, 'dist', file.parentPath.slice(source.length), file.name))
  for (const file of ['LICENSE', 'bin', 'README.md', 'CHANGELOG.md']) copyIfThere(join(ROOT, from, file), join(folder, file))
  if (from !== '.') copyIfThere(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published(manifestOf(from), dependencies), null, 2)}\n`)
  return folder
}

/** The manifest as it is published: the sources' exports become the compiled ones, and what only the repository needs is left out. */
function published(manifest: Manifest, more: Record<string, string> = {}): Record<string, unknown> {
  const {
    devDependencies: _,
    optionalDependencies: __,
    workspaces: ___,
    scripts: ____,
    allowScripts: _____,
    private: ______,
    exports,
    ...rest
  } = manifest
  const compiled = Object.entries(exports).map(([name, target]) => {
    const file = target.replace(/^\.\/src\/(.*)\.ts$/, './dist/$1')
    return [name, file === target ? target : { types: `${file}.d.ts`, default: `${file}.js` }]
  })
  const dependencies = { ...(rest.dependencies as object | undefined), ...more }
  return { ...rest, exports: Object.fromEntries(compiled), ...(Object.keys(dependencies).length > 0 && { dependencies }) }
}

/** Where the compiler finds the declarations of a built package, by the names that it exports. */
function declarationsOf(name: string): Record<string, string[]> {
  const manifest = JSON.parse(readFileSync(join(DIST, name, 'package.json'), 'utf8')) as {
    name: string
    exports: Record<string, string | { types: string }>
  }
  return Object.fromEntries(
    Object.entries(manifest.exports).flatMap(([path, target]) =>
      typeof target === 'string' ? [] : [[join(manifest.name, path), [`./${join(name, target.types)}`]]],
    ),
  )
}

async function pack(folder: string): Promise<string> {
  const [packed] = JSON.parse(await capture(['npm', 'pack', '--json', '--pack-destination', DIST], folder)) as { filename: string }[]
  return join(DIST, packed!.filename.replace('@', '').replace('/', '-'))
}

/** Installs the packages as a user would, runs a small job in a node of its own, types against the declarations, and asks the command for its version. */
async function tryOut(packages: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-build-'))
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'tried', private: true, type: 'module' }))
    await capture(['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', ...packages], folder)
    writeFileSync(join(folder, 'tried.ts'), TRIED)
    const printed = await capture([process.execPath, '--disable-warning=ExperimentalWarning', 'tried.ts'], folder)
    if (!printed.includes('hello from the package, 2 attempts')) throw new Error(`the installed package ran otherwise than expected:\n${printed}`)
    const types = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--typeRoots',
      join(ROOT, 'node_modules/@types'),
      '--types',
      'node',
    ]
    await capture([...TSC, ...types, 'tried.ts'], folder)
    if (!existsSync(join(folder, 'node_modules/mainspring/ui/dist/index.html'))) throw new Error('the installed package has no console')
    const version = await capture([process.execPath, 'node_modules/mainspring/bin/mainspring.js', '--version'], folder)
    if (version.trim() !== versionOf('.')) throw new Error(`mainspring --version printed ${version}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function manifestOf(from: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, from, 'package.json'), 'utf8')) as Manifest
}
function versionOf(from: string): string {
  return manifestOf(from).version
}
function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { recursive: true })
}
function copyIfThere(from: string, to: string): void {
  try {
    copy(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

rmSync(DIST, { recursive: true, force: true })
const sdk = await build({ name: 'sdk', from: 'sdk/typescript', paths: {} })
const main = await build({
  name: 'mainspring',
  from: '.',
  paths: declarationsOf('sdk'),
  dependencies: { '@mainspring/sdk': versionOf('sdk/typescript') },
})
await buildConsole()
cpSync(join(ROOT, 'ui/dist'), join(main, 'ui/dist'), { recursive: true, filter: file => !file.endsWith('.made-of') && !file.endsWith('.vite') })
cpSync(join(ROOT, 'sdk/python'), join(main, 'sdk/python'), { recursive: true, filter: file => !file.includes('__pycache__') })
const packed = [await pack(sdk), await pack(main)]
await tryOut(packed)
console.log(`built ${packed.map(file => file.slice(ROOT.length + 1)).join(' and ')}; installed and run from there`)
