/** A line of a crontab that cannot be one. */
export class CrontabError extends Error {
  override readonly name = 'CrontabError'
  /** Documented in docs/errors.md. */
  readonly code = 'invalid-crontab'
  /** Both from 1, in UTF-16 units. */
  readonly line: number
  readonly column: number
  readonly title: string
  /** A way out. */
  readonly hint: string
  constructor(place: { line: number; column: number }, title: string, hint: string) {
    super(`${place.line}:${place.column}: ${title} ${hint}`)
    this.line = place.line
    this.column = place.column
    this.title = title
    this.hint = hint
  }
}

const SHOWN_MAX = 40

/** Foreign text in a sentence: in quotes, control characters escaped, cut where it is long. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text)
}
