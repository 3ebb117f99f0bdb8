import type { Payload } from './run.ts'

/** What one is has fewer characters: what is longer need not be read. */
const REFERENCE_LENGTH_MAX = 500

/** Where a large value is kept: beside which run, in which of its streams, how many pieces that are texts, and of how many characters together. */
export interface Kept {
  run: string
  stream: string
  chunks: number
  length: number
}

/** What a value says that is kept elsewhere, being large (the SDK's kept.ts): whoever runs a task reads that, and nobody else can look into it. Null: it is itself. */
export function keptIn(payload: Payload | undefined): Kept | null {
  if (payload === undefined || payload.length > REFERENCE_LENGTH_MAX || !payload.includes('"Kept"')) return null
  const { $type, value } = (JSON.parse(payload) ?? {}) as { $type?: unknown; value?: Partial<Kept> | null }
  const { run, stream, chunks, length } = value ?? {}
  const isOne =
    $type === 'Kept' && typeof run === 'string' && typeof stream === 'string' && Number.isSafeInteger(chunks) && Number.isSafeInteger(length)
  return isOne ? (value as Kept) : null
}

/** Whether it, or something in it, may be kept beside a run: as long as that, and no longer. */
export function refersToKept(payload: Payload): boolean {
  return payload.includes('"$type":"Kept"')
}
