import { createWriteStream } from 'node:fs'
import { basename, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { WireRunDetail } from '@mainspring/sdk'
import type { Command } from 'commander'
import { Refusal } from '../server/refusal.ts'
import { textFlag } from './arguments.ts'
import { oneLine, table } from './output/table.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** What runs have stored. */
export function addFileVerbs(program: Command, terminal: Terminal): void {
  const files = program
    .command('files')
    .description('the files that a run has stored; with a name: writes that one down')
    .argument('<run>', 'id, or the end of one')
    .argument('[name]', 'of the file')
    .option('--out <file>', 'write it there; else here, under its own name')
  calling(files, terminal, 'mainspring files 7kq2m rows.csv --out rows.csv', showFiles)
}

async function showFiles(session: Session, [run = '', name]: readonly string[], flags: Flags): Promise<undefined> {
  const { id } = await session.client.call<WireRunDetail>('runs.get', { run })
  const handle = session.client.handle(id)
  const files = await handle.files()
  if (name === undefined) {
    session.show({ files }, () => {
      if (files.length === 0) return 'It has stored no file.'
      return table(
        [
          { title: 'file', value: file => oneLine(file.name), widthMax: 80 },
          { title: 'bytes', value: file => String(file.bytes), right: true },
          { title: 'type', value: file => oneLine(file.type), widthMax: 40 },
        ],
        files,
      )
    })
    return undefined
  }
  const file = files.find(one => one.name === name)
  if (file === undefined)
    throw new Refusal({
      code: 'file-not-found',
      title: `The run has stored no file "${name}".`,
      hint: `There are: ${files.map(one => one.name).join(', ') || 'none'}.`,
    })
  const out = textFlag(flags.out) ?? basename(file.name)
  await pipeline(Readable.from(handle.file(file)), createWriteStream(resolve(session.terminal.directory, out)))
  session.show({ ...file, out }, () => `${oneLine(out)} has its ${file.bytes} bytes.`)
  return undefined
}
