/** An iCalendar text that cannot be read: on which line (from 1, as in an editor), and why. */
export class IcsError extends Error {
  override readonly name = 'IcsError'
  readonly line: number
  readonly found: string
  readonly hint: string
  constructor(line: number, found: string, hint: string) {
    super(`line ${line}: ${hint}`)
    this.line = line
    this.found = found
    this.hint = hint
  }
}
