/** What is not as it should be with a database, found by looking alone. */
export interface Finding {
  /** Stable, kebab case; documented in docs/doctor.md. */
  code: string
  /** A table, an index, a setting, a session, a file. */
  where: string
  /** What was found, a sentence. */
  what: string
  /** What comes of it, a sentence. */
  why: string
  /** The command that mends it: SQL, or one of a shell. */
  mend: string
}

export interface Examination {
  /** What it is, with its version. */
  database: string
  findings: Finding[]
  /** What could not be looked at; it may be well or not. */
  unseen: { what: string; why: string; mend: string }[]
}
