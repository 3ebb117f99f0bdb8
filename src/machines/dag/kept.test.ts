import { expect, test } from 'vitest'
import { Driven } from '../../../test/support/dag-run.ts'

/** As the SDK writes it (its kept.ts). */
const KEPT = { $type: 'Kept', value: { stream: ':result.x', chunks: 50, length: 2_000_000, run: 'r' } }
const LOOKED_INTO = /^invalid-template: What "big" gives has 2000000 characters, and is kept beside the run that gave it/

test('what is kept beside a run is handed on whole, and who looks into it fails before it begins, and says why', () => {
  const run = new Driven({
    tasks: {
      big: { job: 'big' },
      whole: { job: 'take', input: '{{output.big}}' },
      within: { job: 'take', input: { rows: ['{{output.big}}'] } },
      part: { job: 'take', input: '{{output.big:rows}}' },
      text: { job: 'take', input: { text: 'rows: {{output.big}}' } },
      filtered: { job: 'take', input: '{{output.big | length}}' },
      mapped: { job: 'take', map: { over: '{{output.big}}' } },
    },
  })
  run.end('big', 'completed', KEPT)
  expect(run.states).toEqual({ big: 'success', whole: 'r', within: 'r', part: 'failed', text: 'failed', filtered: 'failed', mapped: 'failed' })
  expect([run.inputOf('whole'), run.inputOf('within')]).toEqual([KEPT, { rows: [KEPT] }])
  const failed = run.events.flatMap(event => (event as { failed?: { n: number; reason?: string }[] }).failed ?? [])
  const reasons = Object.fromEntries(failed.map(({ n, reason }) => [n, reason]))
  expect(Object.values(reasons)).toHaveLength(4)
  expect(Object.values(reasons).filter(reason => LOOKED_INTO.test(reason as string))).toHaveLength(3)
  expect(Object.values(reasons)).toContainEqual(expect.stringMatching(/^map-too-large: what is mapped over has 2000000 characters/))
})

test('the output of a run may be one, and not a part of one', () => {
  const of = (output: string) => {
    const run = new Driven({ tasks: { big: { job: 'big' } }, output })
    run.end('big', 'completed', KEPT)
    return run.outcome
  }
  expect(of('{{output.big}}')).toMatchObject({ state: 'completed', output: JSON.stringify(KEPT) })
  expect(of('{{output.big:rows}}')).toMatchObject({
    state: 'failed',
    failure: { code: 'invalid-template', message: expect.stringMatching(LOOKED_INTO) },
  })
})
