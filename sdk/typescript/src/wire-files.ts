/** Part of the table of wire.ts. */
export const FILE_OPERATIONS = {
  'runs.files': ['GET', '/v1/namespaces/{namespace}/runs/{run}/files'],
} as const satisfies Record<string, readonly ['GET', string]>
/** Bytes, over HTTP alone: a file of a run, and what a run gave as JSON, however large. */
export const DOWNLOADS = {
  'runs.file': '/v1/namespaces/{namespace}/runs/{run}/files/{name}',
  'runs.result': '/v1/namespaces/{namespace}/runs/{run}/result',
} as const

/** `sha256`: in hex. `type`: as whoever stored it says. */
export interface WireFile {
  name: string
  bytes: number
  sha256: string
  type: string
}
/** GET runs/{run}/files: those that are whole. `from`, `chunks`: where the pieces are, base64, in the stream `:file:NAME`. */
export interface WireFiles {
  files: (WireFile & { from: number; chunks: number })[]
}
