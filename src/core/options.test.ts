import { describe, expect, test } from 'vitest'
import { mergeOptions, type RunOptions } from './options.ts'

describe("a start's options over the definition's", () => {
  test.each<[string, RunOptions, RunOptions, RunOptions]>([
    ['nothing over nothing is nothing', {}, {}, {}],
    ["the definition's stand where the start says nothing", { queue: 'mail', priority: 5 }, {}, { queue: 'mail', priority: 5 }],
    ['whole options replace', { queue: 'mail', priority: 5 }, { priority: 0 }, { queue: 'mail', priority: 0 }],
    [
      '`retry` merges field by field',
      { retry: { attempts: 3, initialMs: 10 } },
      { retry: { attempts: 1 } },
      { retry: { attempts: 1, initialMs: 10 } },
    ],
    ['`timeout` merges field by field', { timeout: { attempt: 1, total: 2 } }, { timeout: { total: 3 } }, { timeout: { attempt: 1, total: 3 } }],
    ['tags add up, and those of the start win', { tags: { team: 'a', tier: '1' } }, { tags: { team: 'b' } }, { tags: { team: 'b', tier: '1' } }],
    ['labels replace as a whole', { labels: { gpu: 'a100' } }, { labels: { zone: 'eu' } }, { labels: { zone: 'eu' } }],
    ['metadata replaces as a whole', { metadata: '{"a":1}' }, { metadata: '{"b":2}' }, { metadata: '{"b":2}' }],
    ["`retry` of one side stands as it is, the start's", {}, { retry: { attempts: 2 } }, { retry: { attempts: 2 } }],
    ["`retry` of one side stands as it is, the definition's", { retry: { attempts: 2 } }, {}, { retry: { attempts: 2 } }],
  ])('%s', (_, definition, start, merged) => {
    const before = structuredClone([definition, start])
    expect(mergeOptions(definition, start)).toEqual(merged)
    expect([definition, start]).toEqual(before) // neither side is changed
  })
})
