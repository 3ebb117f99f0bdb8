import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// For all processes that tests start: hundreds of them read the same sources, and half a second of each was stripping their types.
process.env.NODE_COMPILE_CACHE ??= source('./node_modules/.cache/compiled')

// Tests that wait for an event have no deadline of their own: these are the limits after which something hangs.
const shared = {
  // As package.json exports them; Vite does not know a package's own name.
  alias: [
    { find: /^mainspring\/testing$/, replacement: source('./src/server/testing.ts') },
    { find: /^mainspring$/, replacement: source('./src/server/index.ts') },
  ],
  execArgv: ['--disable-warning=ExperimentalWarning'],
}
/** Of the machine that all of it must be done on in a quarter of an hour. */
const CORES = 2

/** Those of a minute and more begin first: at the end one of them would run alone. By itself the runner knows that only from a run before. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = ({ project, moduleId }: TestSpecification): number =>
      2 * (project.config.sequence.groupOrder ?? 0) + (LONGEST.test(moduleId) ? 0 : 1)
    return (await super.sort(files)).sort((a, b) => order(a) - order(b))
  }
}
const LONGEST = /\/test\/.*\/(kill|simulation|schedules|batches|docs|examples|pages|overload|dev-keys|chaos|build)\.test\.ts$/

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        resolve: { alias: shared.alias },
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'sdk/typescript/src/**/*.test.ts', 'ui/src/**/*.test.ts', 'examples/**/*.test.ts'],
          globalSetup: './test/support/postgres.ts',
          execArgv: shared.execArgv,
          maxWorkers: CORES,
          // A process for all files of a worker: most of a file's time was to load again what the one before had loaded.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve: { alias: shared.alias },
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          // Once, before files run beside each other.
          globalSetup: ['./test/support/console-built.ts', './test/support/postgres.ts'],
          execArgv: shared.execArgv,
          // One more than there are cores: they wait for leases, restarts and replicas for half of their time.
          maxWorkers: CORES + 1,
          maxConcurrency: CORES + 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
