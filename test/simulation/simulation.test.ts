import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { PLANTS } from './plants.ts'

/**
 * Simulations run in processes of their own: on both cores, and, for a plant, with its patches applied to what they import. The seeds are fixed, so that
 * a change is judged by itself; look for new ones with `npm run simulate -- --seeds 10000 --from 1000`.
 */
const SEEDS = 35
const FROM = [1, 81]
const SEEDS_MS = 900_000
const PLANT_MS = 600_000

describe.concurrent('nodes that share the shards keep what they promise, whatever breaks', () => {
  test.each(FROM)(
    `%i and the ${SEEDS - 1} seeds after it`,
    async from => {
      const { code, output } = await simulated('--seeds', String(SEEDS), '--from', String(from))
      expect(code, output).toBe(0)
    },
    SEEDS_MS,
  )
})

describe.concurrent('the checker catches what it is there for', () => {
  test.each(Object.entries(PLANTS))(
    'the planted bug %s is caught',
    async (name, { what, seeds, from = 1, caught }) => {
      const { code, output } = await simulated('--plant', name, '--seeds', String(seeds), '--from', String(from), '--trace', '1')
      expect(code, `"${what}" was not caught in ${seeds} seeds\n${output}`).toBe(1)
      expect(/^seed \d+ broke a rule: (.*)$/m.exec(output)?.[1]).toMatch(caught)
    },
    PLANT_MS,
  )

  test('there is a plant for each rule that lanes on the memory store can break', () => {
    const rules = new Set(Object.values(PLANTS).map(({ rule }) => rule))
    expect([...rules].sort()).toEqual([
      'E1',
      'E10',
      'E11',
      'E12',
      'E13',
      'E14',
      'E15',
      'E16',
      'E17',
      'E18',
      'E19',
      'E2',
      'E20',
      'E21',
      'E22',
      'E24',
      'E25',
      'E3',
      'E4',
      'E5',
      'E7',
      'E9',
      'asset',
      'dag',
      'sequence',
      'workflow',
    ])
  })

  test(
    'a seed replays exactly',
    async () => {
      const [once, again] = await Promise.all([
        simulated('--from', '7', '--seeds', '1', '--echo'),
        simulated('--from', '7', '--seeds', '1', '--echo'),
      ])
      expect(lines(again.output)).toEqual(lines(once.output))
    },
    PLANT_MS,
  )
})

/** Without the last line, which tells how long it took. */
function lines(output: string): string[] {
  return output.trimEnd().split('\n').slice(0, -1)
}

function simulated(...options: string[]): Promise<{ code: number; output: string }> {
  const program = fileURLToPath(new URL('simulate.ts', import.meta.url))
  return new Promise(resolve => {
    execFile(process.execPath, [program, ...options], { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: `${out}${err}` })
    })
  })
}
