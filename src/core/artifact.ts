/**
 * What a run leaves behind to be looked at: a table, a text in Markdown, an image, an address. It is kept as a stream of the run under a name of the engine's own, so that
 * it is written by who has the task, in its commit, once, and goes with the run. Writing one again replaces it: of its stream only the last put counts.
 */
export const ARTIFACT_KINDS = ['table', 'markdown', 'image', 'link'] as const
export type ArtifactKind = (typeof ARTIFACT_KINDS)[number]

/** As JSON; of an image the bytes themselves. */
export const ARTIFACT_BYTES_MAX = 240_000
export const ARTIFACT_IMAGE_BYTES_MAX = 360_000
/** Chunks of a put, always: what it is, and the two halves of what it has. So the last put is read without the others. */
export const ARTIFACT_CHUNKS = 3
/** What browsers show as images, and nothing else: no SVG, which can hold scripts. */
export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const
export type ImageType = (typeof IMAGE_TYPES)[number]

const PREFIX = ':artifact:'

export function streamOfArtifact(name: string): string {
  return `${PREFIX}${name}`
}

/** Null: it is a stream of the user's own. */
export function artifactOfStream(stream: string): string | null {
  return stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : null
}
