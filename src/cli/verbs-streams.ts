import type { Client, WireChunk, WireChunks, WireRunDetail, WireStreams } from '@mainspring/sdk'
import type { Command } from 'commander'
import { integerArgument, textFlag } from './arguments.ts'
import { type Look, valueText } from './output/runs.ts'
import { oneLine, table } from './output/table.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** What runs write for those who follow them. */
export function addStreamVerbs(program: Command, terminal: Terminal): void {
  const stream = program
    .command('stream')
    .description('what a run has written to one of its streams; without a name: which streams it has')
    .argument('<run>', 'id, or the end of one')
    .argument('[name]', 'of the stream')
    .option('--from <number>', 'number of the first chunk wanted', '0')
    .option('--follow', 'go on until the stream or the run ends')
  calling(stream, terminal, 'mainspring stream 7kq2m answer --follow', showStream)
}

async function showStream(session: Session, [id = '', name]: readonly string[], flags: Flags): Promise<undefined> {
  const { client, look } = session
  const run = await client.call<WireRunDetail>('runs.get', { run: id })
  if (name === undefined) {
    const found = await client.call<WireStreams>('runs.streams', { run: run.id })
    session.show(found, ({ streams }) => streamsTable(streams))
    return undefined
  }
  const from = integerArgument(textFlag(flags.from) ?? '0', '--from', 0, Number.MAX_SAFE_INTEGER)
  const show = (chunk: WireChunk): void => session.showLine(chunk, chunkText(chunk, look))
  if (!flags.follow) for await (const chunk of allChunks(client, run.id, name, from)) show(chunk)
  else
    for await (const { at, restarted, ...chunk } of client.handle(run.id).stream(name, { from }))
      show({ ...chunk, at: at.toISOString(), ...(restarted && { restarted }) })
  return undefined
}

async function* allChunks(client: Client, run: string, name: string, from: number): AsyncGenerator<WireChunk> {
  for (let after: number | null = from - 1; after !== null; ) {
    const query: Record<string, string> = { limit: '1000', ...(after >= 0 && { after: String(after) }) }
    const page: WireChunks = await client.call<WireChunks>('runs.chunks', { run, name }, undefined, { query })
    yield* page.chunks
    after = page.next
  }
}

function streamsTable(streams: WireStreams['streams']): string {
  if (streams.length === 0) return 'It has written to no stream.'
  return table(
    [
      { title: 'stream', value: ({ name }) => oneLine(name), widthMax: 40 },
      { title: 'chunks', value: ({ chunks }) => String(chunks), right: true },
      { title: 'bytes', value: ({ bytes }) => String(bytes), right: true },
      { title: 'closed', value: ({ closed }) => (closed ? 'yes' : 'no') },
    ],
    streams,
  )
}

function chunkText({ n, step, attempt, restarted, value }: WireChunk, { paint }: Look): string {
  const writer = step === null ? '' : `${oneLine(step)} `
  const again = restarted ? paint.bad(`begins again, attempt ${attempt} `) : ''
  return `${paint.dim(`${n} ${writer}`)} ${again}${valueText(value)}`
}
