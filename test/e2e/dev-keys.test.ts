import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/run.ts'
import { Place } from './support/place.ts'

/** A terminal of util-linux. */
const hasTerminal = spawnSync('script', ['--version']).status === 0

/** What each prints of a step that was under way when its worker was killed, and of its end. */
const CASES: { file: string; once: string; again: string; step: number; ends: string; signal?: [name: string, payload: string] }[] = [
  {
    file: 'order-saga',
    once: 'reserving',
    again: 'charging',
    step: 2,
    ends: 'order completed',
    signal: ['approval', '{"approved":true,"by":"ana"}'],
  },
  { file: 'subscription', once: 'month 1 is paid', again: 'charging month 2', step: 3, ends: 'subscription completed', signal: ['plan', '"none"'] },
  { file: 'agent', once: 'Let me see', again: 'I look up Seattle', step: 6, ends: 'agent completed' },
]

describe.skipIf(!hasTerminal)('k in a terminal of mainspring dev', () => {
  test.each(CASES)('kills the worker of $file, which goes on where it was', async ({ file, once, again, step, ends, signal }) => {
    await using place = await Place.open()
    place.write('jobs/example.ts', `import '@mainspring/sdk'\nexport * from '${join(ROOT, 'examples', `${file}.ts`)}'\n`)
    const environment = {
      MAINSPRING_EXAMPLES_OUTPUT: join(place.folder, 'output'),
      MAINSPRING_EXAMPLES_STEP_MS: '1000',
      MAINSPRING_EXAMPLES_WORD_MS: '150',
    }
    const dev = place.inTerminal(environment, 'dev')
    await dev.printed(/worker +1 workflow · watching jobs\/[\s\S]*all keys/)
    dev.type('r')
    await dev.printed(new RegExp(again))
    dev.type('k')
    await dev.printed(new RegExp(`the worker is gone \\(SIGKILL\\)[\\s\\S]*recovered in [\\d.]+ m?s · step ${step} on attempt 2 · nothing lost`))
    if (signal !== undefined) {
      await dev.printed(/waiting · signal(?![\s\S]*running)/)
      const run = /started [\w-]+ (\w{5})/.exec(dev.text)?.[1] as string
      await place.mainspring('signal', run, ...signal).exits()
    }
    await dev.printed(new RegExp(ends))
    dev.type('q')
    expect(await dev.ended).toBe(0)
    expect(dev.text.match(new RegExp(once, 'g'))).toHaveLength(1)
  })
})
