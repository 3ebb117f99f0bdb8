import { expect, test } from 'vitest'
import { ansiParts, stripAnsi } from './ansi.ts'

const ESC = '\u001b'

test.each([
  ['plain', [['plain', '']]],
  [
    `${ESC}[31mred${ESC}[0m rest`,
    [
      ['red', 'ansi-31'],
      [' rest', ''],
    ],
  ],
  [
    `${ESC}[1;32mok${ESC}[22m still green`,
    [
      ['ok', 'ansi-32 font-semibold'],
      [' still green', 'ansi-32'],
    ],
  ],
  [`${ESC}[2mdim${ESC}[m`, [['dim', 'text-soft']]],
  [`${ESC}[91mbright`, [['bright', 'ansi-31']]],
  [`${ESC}[38;5;196mof 256`, [['of 256', 'ansi-31']]],
  [`${ESC}[38;2;20;200;30mof all`, [['of all', 'ansi-32']]],
  [`${ESC}[48;5;4mno ground`, [['no ground', '']]],
  [`${ESC}[2K\rprogress`, [['progress', '']]],
  [`${ESC}]8;;https://example.org\u0007link${ESC}]8;;\u0007`, [['link', '']]],
])('%j', (text, parts) => {
  expect(ansiParts(text).map(({ text: part, className }) => [part, className])).toEqual(parts)
  expect(stripAnsi(text)).toBe(parts.map(([part]) => part).join(''))
})
