import { call, client } from '../../api/client.ts'
import { countText } from '../../format/number.ts'
import { blobAt, Download } from './download.tsx'

/** What stands in the place of a result over 1 MiB, which is kept in a stream of its run: of `run`, or of the one whose history says it. */
export interface Kept {
  stream: string
  chunks: number
  length: number
  run?: string
}

/** Null: the output is itself. */
export function keptIn(output: unknown): Kept | null {
  const { $type, value } = (output ?? {}) as { $type?: unknown; value?: Partial<Kept> | null }
  return $type === 'Kept' && typeof value?.stream === 'string' && typeof value.length === 'number' ? (value as Kept) : null
}

/** The result of a whole run. */
export function LargeResult({ namespace, run, name, kept }: { namespace: string; run: string; name: string; kept: Kept }) {
  return (
    <p className="flex flex-wrap items-center gap-3">
      Its {countText(kept.length)} characters are kept beside the run.
      <Download name={name} read={() => blobAt(namespace, `runs/${run}/result`)} />
    </p>
  )
}

/** What a step of a run, or a child, gave. */
export function LargeStep({ namespace, run, name, kept }: { namespace: string; run: string; name: string; kept: Kept }) {
  return (
    <span className="flex flex-wrap items-center gap-3 py-0.5 text-soft">
      {countText(kept.length)} characters, kept beside the run
      <Download name={name} read={() => piecesOf(namespace, kept.run ?? run, kept)} />
    </span>
  )
}

async function piecesOf(namespace: string, run: string, { stream, chunks, length }: Kept): Promise<Blob> {
  const path = { namespace, run, name: stream }
  let pieces: string[] = []
  for (let after: number | null | undefined; after !== null; ) {
    const query = after === undefined ? {} : { after }
    const page = await call(client.GET('/v1/namespaces/{namespace}/runs/{run}/streams/{name}', { params: { path, query } }))
    for (const { value, restarted } of page.chunks) {
      // By a worker that died before it was told of.
      if (restarted) pieces = []
      pieces.push(value as string)
    }
    after = page.next
  }
  if (pieces.length !== chunks || pieces.reduce((sum, piece) => sum + piece.length, 0) !== length) throw new Error('It is not there any more.')
  return new Blob(pieces, { type: 'application/json' })
}
