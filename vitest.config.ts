import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

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
  maxWorkers: 2,
}

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias: shared.alias },
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'sdk/typescript/src/**/*.test.ts', 'ui/src/**/*.test.ts'],
          execArgv: shared.execArgv,
          maxWorkers: shared.maxWorkers,
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve: { alias: shared.alias },
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          // Once, before files run beside each other.
          globalSetup: './test/support/console-built.ts',
          execArgv: shared.execArgv,
          maxWorkers: shared.maxWorkers,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
