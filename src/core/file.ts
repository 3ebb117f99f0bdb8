/** Files that a run has stored are streams of it, under names of the engine's own: pieces in base64, and behind them what the file is, without which it is none. */
const PREFIX = ':file:'

export function streamOfFile(name: string): string {
  return `${PREFIX}${name}`
}

/** Null: it is another stream. */
export function fileOfStream(stream: string): string | null {
  return stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : null
}
