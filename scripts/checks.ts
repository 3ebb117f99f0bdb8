import { type CommandLine, capture, ROOT } from './run.ts'

const SOURCES = ['src', 'sdk/typescript/src', 'ui/src'] as const

/** What must hold besides the tests. `npm run check` runs these, `npm test` counts each as a test. */
export const CHECKS: readonly { name: string; command: CommandLine }[] = [
  { name: 'format and lint', command: ['node_modules/.bin/biome', 'check', '.'] },
  { name: 'types', command: [process.execPath, 'node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'types of the console', command: [process.execPath, 'scripts/console.ts', '--types'] },
  { name: 'rooms', command: rooms('.') },
  { name: 'plants', command: [process.execPath, 'test/simulation/plants-stand.ts'] },
]

/** The dependency rule over the tree in `folder`. */
export function rooms(folder: string): CommandLine {
  return [
    process.execPath,
    ...['--import', `${ROOT}/scripts/rooms/typescript-6.mjs`, `${ROOT}/node_modules/dependency-cruiser/bin/dependency-cruise.mjs`],
    ...['--config', '.dependency-cruiser.cjs', ...SOURCES.map(path => `${folder}/${path}`)],
  ]
}

/** Runs all checks beside each other, whatever fails. Answers how many held. */
export async function runChecks(): Promise<{ passed: number; failed: number }> {
  const held = await Promise.all(
    CHECKS.map(({ name, command }) =>
      capture(command)
        .then(
          () => true,
          ({ message }: Error) => {
            console.log(message)
            return false
          },
        )
        .then(held => {
          console.log(`${held ? '✓' : '✗'} ${name}`)
          return held
        }),
    ),
  )
  const passed = held.filter(Boolean).length
  return { passed, failed: CHECKS.length - passed }
}

if (import.meta.main) process.exitCode = (await runChecks()).failed === 0 ? 0 : 1
