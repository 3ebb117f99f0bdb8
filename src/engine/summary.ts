import { type ArtifactKind, artifactOfStream } from '../core/artifact.ts'
import { fileOfStream } from '../core/file.ts'
import type { RunKind } from '../core/machine.ts'
import { isClosed, type Payload } from '../core/run.ts'
import { isOwn, type StreamHeads } from '../core/stream.ts'
import type { Row } from '../store/store.ts'
import { Actor } from './actor.ts'
import { decodeBody } from './codec.ts'
import type { ArtifactSummary, RunDetail, RunSummary, StreamSummary } from './face.ts'
import { workflowView } from './workflows/view.ts'

/** What a list shows of a run. */
export function summaryOf(actor: Actor): RunSummary {
  const view = actor.view
  return {
    id: actor.id,
    namespace: actor.namespace,
    kind: actor.kind as RunKind,
    definition: actor.name,
    queue: actor.queue,
    state: view.state,
    reason: view.reason,
    attempt: view.attempt,
    attempts: view.attempts,
    priority: view.options.priority ?? 0,
    createdAt: actor.createdAt,
    startedAt: view.startedAt,
    closedAt: actor.closed ? actor.closedAt : null,
    nextAt: view.nextAt,
    progress: view.progress,
    tags: actor.tags,
    trigger: view.trigger,
    failure: view.failure,
  }
}

/** `all`: artifacts and large results too, as the streams that they are kept in. */
export function streamsOf(row: Row, all = false): StreamSummary[] {
  return summariesOf(decodeBody(row.body).streams, all)
}

function summariesOf(streams: StreamHeads = {}, all = false): StreamSummary[] {
  return Object.entries(streams)
    .filter(([name]) => all || !isOwn(name))
    .map(([name, { chunks, bytes, closed = false }]) => ({ name, chunks, bytes, closed }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Whoever wrote last has its kind in its name (api/artifacts.ts). */
function artifactsOf(streams: StreamHeads): ArtifactSummary[] {
  return Object.entries(streams)
    .flatMap(([stream, { writers = [] }]) => {
      const name = artifactOfStream(stream)
      return name === null ? [] : [{ name, kind: writers.at(-1)?.[1].split(':')[0] as ArtifactKind }]
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function detailOf(row: Row): RunDetail {
  return detailFrom(Actor.load(row), isClosed(row.state) ? (row as { output: string | null }).output : null)
}

/** Of a run that has closed, as it was committed: what its row tells, without a read of it. */
export function closedDetailOf(actor: Actor): RunDetail {
  return detailFrom(actor, actor.outcome?.output ?? null)
}

function detailFrom(actor: Actor, output: Payload | null): RunDetail {
  const [streams, artifacts] = [summariesOf(actor.streams), artifactsOf(actor.streams ?? {})]
  const files = Object.keys(actor.streams ?? {}).flatMap(stream => fileOfStream(stream) ?? [])
  const { metadata, ...options } = actor.view.options
  const { outcome } = actor
  return {
    ...summaryOf(actor),
    input: actor.input,
    output,
    checkpoint: actor.view.checkpoint,
    metadata: metadata ?? null,
    worker: actor.view.worker,
    version: actor.view.version ?? null,
    outcome: outcome && { state: outcome.state, reason: outcome.reason },
    options,
    workflow: workflowView(actor),
    ...(streams.length > 0 && { streams }),
    ...(artifacts.length > 0 && { artifacts }),
    ...(files.length > 0 && { files: files.sort() }),
  }
}
