import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MessageReader, MessageWriter, UnstorableText } from './codec.ts'

const item = fc.oneof(
  fc.record({ is: fc.constant('text' as const), value: fc.option(fc.string({ unit: 'binary' })) }),
  fc.record({ is: fc.constant('word' as const), value: fc.string({ unit: 'grapheme', maxLength: 2 }) }),
  fc.record({ is: fc.constant('number' as const), value: fc.option(fc.double({ noNaN: true })) }),
  fc.record({ is: fc.constant('count' as const), value: fc.nat(0xfffffffe) }),
)

test('what is written is read, in the same order, whatever the buffer was at first', () => {
  fc.assert(
    fc.property(fc.array(item), fc.nat(64), (items, expectedBytes) => {
      const writer = new MessageWriter(expectedBytes)
      for (const { is, value } of items) (writer[is] as (value: unknown) => void)(value)
      const reader = new MessageReader(writer.finish())
      const read = items.map(({ is }) =>
        is === 'text' ? reader.textOrNull() : is === 'word' ? reader.word() : is === 'number' ? reader.numberOrNull() : reader.count(),
      )
      expect(read).toEqual(items.map(({ value }) => value))
    }),
  )
})

test('bytes that were read are written again as they were', () => {
  const writer = new MessageWriter(1)
  for (const text of ['', 'é😀\0', null]) writer.text(text)
  const reader = new MessageReader(writer.finish())
  const again = new MessageWriter(1)
  for (let count = 0; count < 3; count++) again.bytes(reader.bytesOrNull())
  const last = new MessageReader(again.finish())
  expect([last.textOrNull(), last.textOrNull(), last.textOrNull()]).toEqual(['', 'é😀\0', null])
})

test('half of a surrogate pair is no text', () => {
  expect(() => new MessageWriter().text('\udc00')).toThrow(UnstorableText)
})
