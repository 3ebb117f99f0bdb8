import { Client } from 'pg'
import type { Examination, Finding } from '../../findings.ts'
import { StoreRefused } from '../../store.ts'
import { codeOf, unavailable } from '../failures.ts'
import { locate } from '../locate.ts'
import { lookAtConnections } from './connections.ts'
import { type Patient, Unseen } from './patient.ts'
import { lookAtSchema } from './schema.ts'
import { lookAtSettings } from './settings.ts'
import { lookAtSnapshots } from './snapshots.ts'
import { lookAtVacuum } from './vacuum.ts'

export interface DoctorOptions {
  /** As of the store. */
  url: string
  /** A transaction that is open for longer is told of. */
  oldMs?: number
  /** A replica's query that looks at rows of more transactions ago is told of. */
  behind?: number
  /** Of this machine. */
  now?: () => number
}

type Look = (patient: Patient) => Promise<Finding[]>
const LOOKS: [what: string, look: Look][] = [
  ['the settings of the server', lookAtSettings],
  ['connections', lookAtConnections],
  ['tables, columns and indexes', lookAtSchema],
  ['what holds old rows', lookAtSnapshots],
  ['vacuum', lookAtVacuum],
]

const OLD_MS = 5 * 60_000
const BEHIND = 1_000_000
const CONNECT_MS = 5_000
/** Of a catalogue that is locked. */
const ANSWER_MS = 30_000
/** PgBouncer: "transaction blocks not allowed in statement pooling mode". */
const PROTOCOL_VIOLATION = '08P01'

/**
 * Looks a database over as its nodes use it, and changes nothing: each look is a transaction that is rolled back.
 * @throws StoreRefused nobody answers there.
 */
export async function examinePostgres({ url, oldMs = OLD_MS, behind = BEHIND, now = Date.now }: DoctorOptions): Promise<Examination> {
  const { connectionString, schema } = locate(url)
  const client = new Client({
    connectionString,
    fallback_application_name: 'mainspring doctor',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query(
      "select pg_backend_pid() as pid, current_setting('server_version') as version, pg_is_in_recovery() as standby",
    )
    const { pid, version, standby } = rows[0] as { pid: number; version: string; standby: boolean }
    const pooled = pid !== (client as unknown as { processID: number | null }).processID
    const examination: Examination = {
      database: `PostgreSQL ${version.split(' ')[0]}${pooled ? ', through a pooler' : ''}`,
      findings: [],
      unseen: [],
    }
    await lookAtAll({ client, schema, oldMs, behind, now, pooled, standby }, examination)
    return examination
  } catch (error) {
    throw error instanceof StoreRefused
      ? error
      : new StoreRefused(`The database cannot be looked at: ${unavailable(error).message}`, { cause: error })
  } finally {
    await client.end().catch(() => {})
  }
}

async function lookAtAll(patient: Patient, { findings, unseen }: Examination): Promise<void> {
  for (const [what, look] of LOOKS) {
    try {
      await patient.client.query(`begin isolation level read committed ${patient.standby ? 'read only' : 'read write'}`)
      findings.push(...(await look(patient)))
    } catch (error) {
      const code = codeOf(error)
      if (code === PROTOCOL_VIOLATION) {
        findings.push(STATEMENT_POOLING)
        return
      }
      if (code === null && !(error instanceof Unseen)) throw error
      unseen.push({ what, why: (error as Error).message, mend: error instanceof Unseen ? error.mend : AS_ANOTHER })
    } finally {
      await patient.client.query('rollback').catch(() => {})
    }
  }
}

const AS_ANOTHER = 'run it as the user of the nodes, or as a superuser, on the primary'

const STATEMENT_POOLING: Finding = {
  code: 'pooler-statement-mode',
  where: 'the pooler between',
  what: 'The pooler gives each statement another session, and refuses transactions.',
  why: 'No node can claim, commit or read anything through it.',
  mend: 'in pgbouncer.ini: pool_mode = transaction (or session), then RELOAD on its console',
}
