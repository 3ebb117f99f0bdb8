import type { WireRef } from './wire.ts'
import type { WireStreamStep } from './wire-streams.ts'

/** Part of the table of wire.ts. */
export const ARTIFACT_OPERATIONS = {
  'runs.artifacts': ['GET', '/v1/namespaces/{namespace}/runs/{run}/artifacts'],
  'runs.artifact': ['GET', '/v1/namespaces/{namespace}/runs/{run}/artifacts/{name}'],
  'tasks.artifact': ['POST', '/v1/namespaces/{namespace}/tasks/artifact'],
} as const satisfies Record<string, readonly ['GET' | 'POST', string]>

export type WireArtifactKind = 'table' | 'markdown' | 'image' | 'link'
/** Of a table `{ columns, rows }`, of an image base64, of a link its address. */
export interface WireArtifactPut {
  name: string
  kind: WireArtifactKind
  title?: string
  /** Of an image. */
  type?: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
  value: unknown
}
/** POST tasks/artifact. `put`: a name of this call alone, so that a repeat adds nothing. */
export interface WireArtifactWrite extends WireRef, WireArtifactPut {
  worker: string
  step?: WireStreamStep
  put: string
}
export interface WireArtifactKept {
  is: 'kept' | 'full' | 'lost'
}
export interface WireArtifacts {
  artifacts: { name: string; kind: WireArtifactKind }[]
}
export interface WireArtifact {
  name: string
  kind: WireArtifactKind
  title: string | null
  type: string | null
  at: string
  attempt: number
  step: string | null
  value: unknown
}
