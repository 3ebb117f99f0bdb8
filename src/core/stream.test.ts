import { describe, expect, test } from 'vitest'
import { RESULTS_KEPT_PER_RUN_MAX, STREAM_WRITERS_MAX, STREAMS_PER_RUN_MAX } from './bounds.ts'
import { appendTo, closeStream, type StreamHeads, type StreamWrite } from './stream.ts'

const write = (changes: Partial<StreamWrite> = {}): StreamWrite => ({
  stream: 's',
  step: { key: '0.1', name: 'think' },
  attempt: 1,
  writer: 'w1',
  from: 0,
  chunks: ['"a"', '"é"'],
  ...changes,
})

/** After each of the writes: how many chunks there are, and what came of it. */
function play(...writes: StreamWrite[]) {
  let heads: StreamHeads = {}
  return writes.map(one => {
    const done = appendTo(heads, one)
    if (typeof done === 'string') return done
    heads = done.heads
    return [heads[one.stream]?.chunks, done.added && [done.added.last, done.added.chunks, done.added.restarted]]
  })
}

describe('what an attempt writes to a stream', () => {
  test('is numbered behind what is there, and a repeat of it adds nothing, in whole or in part', () => {
    expect(play(write(), write(), write({ chunks: ['"a"', '"é"', '3'] }), write({ from: 3, chunks: ['4'] }))).toEqual([
      [2, [1, ['"a"', '"é"'], false]],
      [2, null],
      [3, [2, ['3'], false]],
      [4, [3, ['4'], false]],
    ])
  })

  test('is lost where what came before it is not there', () => {
    expect(play(write({ from: 1 }), write(), write({ from: 3 }))).toEqual(['lost', [2, [1, ['"a"', '"é"'], false]], 'lost'])
  })

  test('begins its part again where an attempt of the same step has written before, and there alone', () => {
    const again = write({ writer: 'w2', attempt: 2, chunks: ['1'] })
    const other = write({ step: { key: '0.2', name: 'think' }, writer: 'w3', chunks: ['2'] })
    const code = write({ step: null, writer: null, chunks: ['3'] })
    const restarts = play(write(), again, { ...again, from: 1 }, other, code).map(done => (done[1] as [number, string[], boolean])[2])
    expect(restarts).toEqual([false, true, false, false, false])
    expect(play(write(), again, write({ from: 2 }))[2]).toBe('lost')
  })

  test('is written each time that the code of a workflow asks for it: its history tells it once', () => {
    const code = write({ step: null, writer: null, chunks: ['1'] })
    expect(play(code, code).map(([chunks]) => chunks)).toEqual([1, 2])
  })

  test('goes on for so many steps at a time', () => {
    const of = (n: number, from = 0) => write({ step: { key: `0.${n}`, name: 'think' }, writer: `w${n}`, from, chunks: ['1'] })
    const all = Array.from({ length: STREAM_WRITERS_MAX + 1 }, (_, n) => of(n))
    expect(play(...all, of(1, 1), of(0, 1)).slice(-2)).toEqual([[STREAM_WRITERS_MAX + 2, [STREAM_WRITERS_MAX + 1, ['1'], false]], 'lost'])
  })
})

test('a stream that is closed takes nothing more, but knows what is there; a close is repeatable', () => {
  const written = appendTo({}, write()) as { heads: StreamHeads }
  const closed = closeStream(written.heads, 's') as StreamHeads
  expect(closeStream(closed, 's')).toBe(closed)
  expect(appendTo(closed, write({ from: 2, chunks: ['1'] }))).toBe('closed')
  expect(appendTo(closed, write())).toEqual({ heads: closed, added: null })
})

test.each([
  ['streams', Object.fromEntries(Array.from({ length: STREAMS_PER_RUN_MAX }, (_, n) => [`s${n}`, { chunks: 1, bytes: 1 }])), 'another', 's1'],
  ['results', Object.fromEntries(Array.from({ length: RESULTS_KEPT_PER_RUN_MAX }, (_, n) => [`:${n}`, { chunks: 1, bytes: 1 }])), ':another', ':1'],
  ['chunks', { s1: { chunks: 1_000_000, bytes: 1 } }, 's1', null],
  ['bytes', { s1: { chunks: 1, bytes: 64 * 1024 * 1024 - 3 }, s2: { chunks: 1, bytes: 1 } }, 's2', null],
])('over its bound of %s a run takes nothing', (_, heads, over, within) => {
  expect(appendTo(heads, write({ stream: over, chunks: ['"é"'] }))).toBe('full')
  if (over === 'another') expect(appendTo(heads, write({ stream: ':1' }))).toMatchObject({ added: { last: 1 } }) // results are counted apart
  if (within !== null) expect(appendTo(heads, write({ stream: within }))).toMatchObject({ added: { last: 2 } })
})
