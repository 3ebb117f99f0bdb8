import type { Finding } from '../../findings.ts'
import { CONNECTIONS_MAX } from '../database.ts'
import type { Patient } from './patient.ts'

interface Found {
  most: number
  /** -1: no limit. */
  ofDatabase: number
  ofRole: number
  others: number
  role: string
  database: string
}

/** Room for the nodes that there are and one more, which takes over or replaces one of them. */
export async function lookAtConnections({ client, schema, pooled }: Patient): Promise<Finding[]> {
  if (pooled) return []
  const { rows } = await client.query<Found>(
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most,
      (select datconnlimit from pg_database where datname = current_database()) as "ofDatabase",
      (select rolconnlimit from pg_roles where rolname = current_user) as "ofRole",
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend' and application_name not like 'mainspring%') as others,
      quote_ident(current_user) as role, quote_ident(current_database()) as database`,
  )
  const { most, ofDatabase, ofRole, others, role, database } = rows[0] as Found
  const nodes = await nodesOf(client, schema)
  const needed = (nodes + 1) * CONNECTIONS_MAX
  const why = `A node opens up to ${CONNECTIONS_MAX} when it is busy, and its calls wait for one that it does not get; nodes now: ${nodes}, and one more must find room.`
  const findings: Finding[] = []
  const few = (where: string, what: string, mend: string): void => void findings.push({ code: 'connections-few', where, what, why, mend })
  if (most - others < needed)
    few(
      'max_connections',
      `The server takes ${most} connections, of which others hold ${others}; ${needed} may be needed.`,
      `alter system set max_connections = ${Math.ceil((needed + others + 10) / 50) * 50};   (and restart the server), or put PgBouncer between`,
    )
  if (ofDatabase >= 0 && ofDatabase < needed)
    few(`database ${database}`, `It takes ${ofDatabase} connections; ${needed} may be needed.`, `alter database ${database} connection limit -1;`)
  if (ofRole >= 0 && ofRole < needed)
    few(`role ${role}`, `It may hold ${ofRole} connections; ${needed} may be needed.`, `alter role ${role} connection limit -1;`)
  return findings
}

async function nodesOf(client: Patient['client'], schema: string): Promise<number> {
  const { rows: there } = await client.query('select to_regclass($1) as found', [`"${schema}".lane_claim`])
  if (there[0].found === null) return 0
  const { rows } = await client.query(`select count(distinct node)::int as count from "${schema}".lane_claim where stands`)
  return rows[0].count
}
