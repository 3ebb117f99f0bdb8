import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { WireArtifact, WireArtifacts } from '@mainspring/sdk'
import type { Command } from 'commander'
import { textFlag } from './arguments.ts'
import { oneLine, table } from './output/table.ts'
import { calling, type Flags, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** What runs leave behind to be looked at. */
export function addArtifactVerbs(program: Command, terminal: Terminal): void {
  const artifacts = program
    .command('artifacts')
    .description('what a run has left to be looked at; with a name: that one')
    .argument('<run>', 'id, or the end of one')
    .argument('[name]', 'of the artifact')
    .option('--out <file>', 'write it there: an image its bytes, a table as JSON')
  calling(artifacts, terminal, 'mainspring artifacts 7kq2m rows', showArtifacts)
}

async function showArtifacts(session: Session, [run = '', name]: readonly string[], flags: Flags): Promise<undefined> {
  if (name === undefined) {
    session.show(await session.client.call<WireArtifacts>('runs.artifacts', { run }), ({ artifacts }) => {
      if (artifacts.length === 0) return 'It has left nothing to be looked at.'
      return table(
        [
          { title: 'artifact', value: one => oneLine(one.name), widthMax: 80 },
          { title: 'is', value: one => one.kind },
        ],
        artifacts,
      )
    })
    return undefined
  }
  const artifact = await session.client.call<WireArtifact>('runs.artifact', { run, name })
  const out = textFlag(flags.out)
  if (out !== undefined) writeFileSync(resolve(session.terminal.directory, out), contentOf(artifact))
  session.show(artifact, one => (out === undefined ? artifactText(one) : `${oneLine(out)} has the ${one.kind} "${oneLine(one.name)}".`))
  return undefined
}

function contentOf({ kind, value }: WireArtifact): string | Buffer {
  if (kind === 'image') return Buffer.from(value as string, 'base64')
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

function artifactText({ kind, type, value }: WireArtifact): string {
  if (kind === 'image') return `${type}, ${Buffer.byteLength(value as string, 'base64')} bytes: --out FILE writes it.`
  if (kind !== 'table') return String(value)
  const { columns, rows } = value as { columns: string[]; rows: unknown[][] }
  return table(
    columns.map((title, at) => ({ title, value: (row: unknown[]) => oneLine(cellText(row[at])), widthMax: 60 })),
    rows,
  )
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
