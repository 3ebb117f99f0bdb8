import { expect, test } from 'vitest'
import { FILE_BYTES_MAX } from './bounds.ts'
import { putFile } from './files.ts'
import type { Chunks } from './worker/streams.ts'

function taking(): { chunks: Chunks; taken: unknown[] } {
  const taken: unknown[] = []
  const write = async (chunk: unknown): Promise<void> => void taken.push(chunk)
  return { chunks: { kept: () => ({ write }), flushed: () => null } as unknown as Chunks, taken }
}

test('a file over 32 MiB is refused where it becomes that, and is no file', async () => {
  const { chunks, taken } = taking()
  const piece = new Uint8Array(1024 * 1024)
  let pieces = 0
  const endless = (function* () {
    for (;;) {
      pieces++
      yield piece
    }
  })()
  await expect(putFile('r', 'much', endless, 'a/b', chunks)).rejects.toMatchObject({
    code: 'unserialisable',
    message: `The file "much" has more than ${FILE_BYTES_MAX} bytes. Keep it elsewhere (a bucket) and pass its address.`,
  })
  expect(pieces).toBe(33)
  expect(taken.every(chunk => typeof chunk === 'string')).toBe(true)
})

test('what it is follows its pieces, each of which fits a chunk', async () => {
  const { chunks, taken } = taking()
  const bytes = Buffer.from('é'.repeat(100_000))
  // NIST FIPS 180-4; the sum of these bytes by coreutils' sha256sum.
  const file = await putFile('r', 'one', bytes, 'text/plain', chunks)
  const pieces = taken.slice(0, -1) as string[]
  expect(pieces.map(piece => piece.length <= 256 * 1024)).toEqual([true, true, true])
  expect(Buffer.concat(pieces.map(piece => Buffer.from(piece, 'base64'))).equals(bytes)).toBe(true)
  expect(taken.at(-1)).toEqual({ name: 'one', bytes: 200_000, sha256: file.sha256, type: 'text/plain', chunks: 3 })
  expect(file.sha256).toBe('a5e9d89256f66adf101c4a92bf240ff33594e8c32a289edfd51c9f16a330db19')
})
