import type { Readable } from 'node:stream'

/** Node-to-node calls: POST, a line of JSON for what belongs to the operation, then its body as it came. Answers carry the header below. */
export const DISPATCH_PATH = '/cluster/v1/dispatch/'
export const STREAM_PATH = '/cluster/v1/stream/'
export const ANSWER_HEADER = 'x-mainspring-answer'

/** Lines of a stream of JSON texts, one a line. */
export async function* lines(stream: Readable): AsyncGenerator<string> {
  let rest = ''
  for await (const part of stream.setEncoding('utf8')) {
    const found = (rest + (part as string)).split('\n')
    rest = found.pop() as string
    yield* found
  }
}
