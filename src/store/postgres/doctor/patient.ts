import type { Client } from 'pg'

/** What every look has. */
export interface Patient {
  client: Client
  schema: string
  /** A transaction that is open for longer is told of. */
  oldMs: number
  /** A replica's query that looks at rows of more transactions ago is told of. */
  behind: number
  /** Of this machine. */
  now(): number
  /** Between it and us stands a pooler: its sessions are not ours. */
  pooled: boolean
  /** It follows another, and takes no writes. */
  standby: boolean
}

/** This look is denied to us. */
export class Unseen extends Error {
  override readonly name = 'Unseen'
  readonly mend: string
  constructor(why: string, mend: string) {
    super(why)
    this.mend = mend
  }
}
