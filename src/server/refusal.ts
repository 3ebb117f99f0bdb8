/** What a person is told when something of theirs cannot be done: place, what was found, what is meant, a way out, a stable code. */
export interface RefusalFacts {
  /** Stable, kebab case; documented in docs/errors.md. */
  code: string
  /** What was wrong, in a sentence. */
  title: string
  /** Where: a file with line and column, a flag, a variable, an argument. */
  place?: string
  /** A way out: what to type or to change. */
  hint?: string
}

/** Something outside the engine is refused: a configuration, a flag, a file, an address. The CLI prints it without a stack and exits with `exit`. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly facts: RefusalFacts
  /** Exit code of the CLI: 2 refused (the user's input), 3 not reachable, 4 not allowed. */
  readonly exit: 2 | 3 | 4
  constructor(facts: RefusalFacts, exit: 2 | 3 | 4 = 2) {
    super(`${facts.place ? `${facts.place}: ` : ''}${facts.title}${facts.hint ? ` ${facts.hint}` : ''} [${facts.code}]`)
    this.facts = facts
    this.exit = exit
  }
}
