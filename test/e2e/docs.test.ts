import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../scripts/run.ts'
import { freshSchema } from '../../src/store/postgres/testing.ts'
import { escaped, looksLike, type Step, stepsOf } from './support/blocks.ts'
import { Place, type Running } from './support/place.ts'

/** Every page whose blocks do something is done from top to bottom, in a folder of a user who has just installed the packages. */
const PAGES = ['README.md', ...globSync('docs/*.md', { cwd: ROOT })]
  .map(file => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))
  // An empty schema, where a page speaks of a database of the user's.
  .map(({ file, text }) => ({ file, steps: stepsOf(text), environment: text.includes('$DATABASE_URL') ? { DATABASE_URL: freshSchema() } : {} }))
  .filter(({ steps }) => steps.length > 0)

describe('what the documentation shows', () => {
  test.each(PAGES)('works: $file', { timeout: 180_000 }, async ({ file, steps, environment }) => {
    await using place = await Place.open(environment)
    for (const step of steps) await soon(follow(step, place, `${file}:${step.line}`), `${file}:${step.line}`)
  })
})

const STEP_MS_MAX = 60_000

/** A step that hangs says where, which the test's own limit could not. */
async function soon(done: Promise<void>, at: string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${at} is not done after ${STEP_MS_MAX / 1000} s`)), STEP_MS_MAX)
  await Promise.race([done, promise]).finally(() => clearTimeout(timer))
}

/** The process that each place started last. */
const started = new WeakMap<Place, Running>()

async function follow(step: Step, place: Place, at: string): Promise<void> {
  if (step.do === 'write') return place.write(step.file, step.text)
  if (step.do === 'printed') return started.get(place)!.printed(step.prints, text => looksLike(`…${step.prints.trim()}…`, text))
  if (step.do === 'compare') {
    const running = place.start('bash', ['-c', step.command])
    const ended = await running.ended
    const same = ended === step.exit && looksLike(step.prints, running.text)
    expect.soft(same || running.text, `${at}: ${step.command} ended with ${ended}; the page shows\n${step.prints}`).toBe(true)
    return
  }
  const script = step.language === 'ts' ? `block-${step.line}.ts` : `block-${step.line}.sh`
  place.write(script, step.text)
  const running = step.language === 'ts' ? place.start('node', [script]) : place.start('bash', ['-euo', 'pipefail', script])
  if (step.background !== null) started.set(place, running)
  const done = step.background === null ? running.exits(0) : running.printed(new RegExp(escaped(step.background)))
  await done.catch(error => {
    throw new Error(`${at}: ${error.message}`)
  })
}
