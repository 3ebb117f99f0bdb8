import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ArrayWriter, arrayOf, type Column, Unstorable } from './arrays.ts'
import { connected } from './testing.ts'

test('PostgreSQL reads what was written, whatever the buffer was at first', async () => {
  const wellFormed = fc.string({ unit: 'binary' }).map(text => text.toWellFormed())
  const row = fc.record({
    text: fc.option(wellFormed.map(text => text.replaceAll('\0', ''))),
    bytes: fc.option(wellFormed),
    whole: fc.option(fc.maxSafeInteger()),
    small: fc.nat(255),
    real: fc.option(fc.double({ noNaN: true })),
    flag: fc.boolean(),
  })
  type Row = typeof row extends fc.Arbitrary<infer T> ? T : never
  const columns: Column<Row>[] = [
    { type: 'text', of: row => row.text },
    { type: 'bytea', of: row => row.bytes },
    { type: 'int8', of: row => row.whole },
    { type: 'int2', of: row => row.small },
    { type: 'float8', of: row => row.real },
    { type: 'bool', of: row => row.flag },
  ]
  await connected(client =>
    fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), fc.nat(64), async (rows, expectedBytes) => {
        const writer = new ArrayWriter(expectedBytes)
        const found = await client.query(
          `select text, bytes, whole, small, real, flag
          from unnest($1::text[], $2::bytea[], $3::int8[], $4::int2[], $5::float8[], $6::bool[]) u(text, bytes, whole, small, real, flag)`,
          columns.map(column => writer.column(rows, column)),
        )
        const read = found.rows.map(({ bytes, whole, ...row }) => ({
          ...row,
          bytes: bytes?.toString() ?? null,
          whole: whole === null ? null : Number(whole),
        }))
        expect(read).toEqual(rows)
      }),
      { numRuns: 50 },
    ),
  )
})

test.each<[string, () => Buffer]>([
  ['half of a surrogate pair', () => arrayOf('bytea', ['\ud800'])],
  ['NUL in a text', () => arrayOf('text', ['a\0'])],
  ['a fraction among whole numbers', () => arrayOf('int8', [0.5])],
  ['a number beyond the safe ones', () => arrayOf('int8', [2 ** 53])],
  ['NaN', () => arrayOf('float8', [Number.NaN])],
])('%s is refused', (_, write) => expect(write).toThrow(Unstorable))
