import type { Readable } from 'node:stream'

/** Node-to-node calls: POST, the arguments as a JSON array. Answers are JSON, nothing or a problem, and carry the header below; streams are a JSON text a line. */
export const ASK_PATH = '/cluster/v1/ask/'
export const FOLLOW_PATH = '/cluster/v1/follow'
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

export async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
