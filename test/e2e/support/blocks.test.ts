import { describe, expect, test } from 'vitest'
import { looksLike, stepsOf } from './blocks.ts'

describe('a page', () => {
  test('is read by its fences', () =>
    expect(
      stepsOf(
        '# Page\n```ts file=a.ts\nlet a\n```\n```sh start="is ready"\nserve\n```\n```console\n$ one\nprinted\n$ two\n[exit 1]\n```\n```text printed\nready\n```\n```json\n{}\n```\n',
      ),
    ).toEqual([
      { do: 'write', line: 2, file: 'a.ts', text: 'let a\n' },
      { do: 'run', line: 5, language: 'sh', text: 'serve\n', background: 'is ready' },
      { do: 'compare', line: 9, command: 'one', prints: 'printed\n', exit: 0 },
      { do: 'compare', line: 11, command: 'two', prints: '', exit: 1 },
      { do: 'printed', line: 14, prints: 'ready\n' },
    ]))

  test.each([
    ['started 7kq2m', 'started zz90x', true],
    ['started 7kq2m', 'started abcde', true],
    ['started 7kq2m', 'stopped zz90x', false],
    ['completed in 3m 02s', 'completed in 12 ms', true],
    ['10:02:33  hello', '23:59:01.123 hello', true],
    ['http://127.0.0.1:7575', 'http://127.0.0.1:40123', true],
    ['a\n…\nz', 'a\nb\nc\nz', true],
    ['a\n…\nz', 'a\nz', true],
    ['a … z', 'a b c z', true],
    ['3 of 3', '3 of 4', false],
    ['NAME   STATE', 'NAME STATE', true],
  ])('that shows %j accepts %j: %s', (shown, printed, accepted) => expect(looksLike(shown, printed)).toBe(accepted))
})
