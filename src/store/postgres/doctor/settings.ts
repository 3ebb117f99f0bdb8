import type { Finding } from '../../findings.ts'
import { reasonAgainst, type Server } from '../store.ts'
import type { Patient } from './patient.ts'

/** A limit below it may end what nodes do in earnest: they give an answer up after this time. */
const LIMIT_MS_MIN = 30_000

interface Setting {
  name: string
  setting: string
  /** Where its value comes from: `default`, `configuration file`, `database`, `user`, `database user`, `client`. */
  source: string
}

type Settings = ReadonlyMap<string, Setting>

interface Rule {
  name: string
  isWrong(setting: string, settings: Settings): boolean
  code: string
  why: string
  /** What it should be. */
  should: string
}

const isOff = (setting: string): boolean => setting === 'off'
const RULES: Rule[] = [
  {
    name: 'full_page_writes',
    isWrong: isOff,
    code: 'full-page-writes-off',
    why: 'A page that was half written when the machine stopped stays torn: what was acknowledged is damaged, and nobody is told.',
    should: 'on',
  },
  {
    name: 'synchronous_commit',
    isWrong: isOff,
    code: 'synchronous-commit-off',
    why: 'Nodes wait for the disk all the same; transactions of your own do not: a start that they wrote into the outbox may be lost in a crash.',
    should: 'on',
  },
  {
    name: 'synchronous_commit',
    isWrong: (setting, settings) => setting === 'local' && settings.get('synchronous_standby_names')?.setting !== '',
    code: 'synchronous-commit-local',
    why: 'There is a synchronous standby, and nobody waits for it: after a fail-over, acknowledged work is missing.',
    should: 'on',
  },
  {
    name: 'autovacuum',
    isWrong: isOff,
    code: 'autovacuum-off',
    why: 'Rows that are gone stay in the tables: they grow without end, everything slows down, and at last the server takes no writes (wraparound).',
    should: 'on',
  },
  {
    name: 'track_counts',
    isWrong: isOff,
    code: 'track-counts-off',
    why: 'Autovacuum knows of no dead rows without it, and does nothing.',
    should: 'on',
  },
  ...['statement_timeout', 'lock_timeout', 'transaction_timeout'].map(
    (name): Rule => ({
      name,
      isWrong: setting => Number(setting) > 0 && Number(setting) < LIMIT_MS_MIN,
      code: 'timeout-short',
      why: 'A commit or a takeover that waits for longer, behind a lock or a slow disk, is ended and sent again, and may never be done.',
      should: '0',
    }),
  ),
]

/** What a server is set to, for the user and the database of the nodes: whatever a role or a database has is seen by a session of theirs. */
export async function lookAtSettings({ client, now }: Patient): Promise<Finding[]> {
  const names = [...new Set([...RULES.map(({ name }) => name), 'synchronous_standby_names'])]
  const { rows } = await client.query<Setting>('select name, setting, source from pg_settings where name = any($1)', [names])
  const settings = new Map(rows.map(row => [row.name, row]))
  const [who] = (
    await client.query<{ role: string; database: string }>('select quote_ident(current_user) as role, quote_ident(current_database()) as database')
  ).rows
  const findings: Finding[] = []
  for (const { name, isWrong, code, why, should } of RULES) {
    const found = settings.get(name)
    if (found === undefined || !isWrong(found.setting, settings)) continue
    findings.push({
      code,
      where: name,
      what: `It is ${found.setting}${originText(found.source)}.`,
      why,
      mend: mendOf(found, should, who as { role: string; database: string }),
    })
  }
  return [...(await unfit(client)), ...findings, ...(await skewed(client, now))]
}

async function unfit(client: Patient['client']): Promise<Finding[]> {
  const { rows } = await client.query<Server>(
    `select current_setting('fsync') as fsync, current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
      pg_is_in_recovery() as standby`,
  )
  const reason = reasonAgainst(rows[0] as Server)
  if (reason === null) return []
  const [, what = reason, mend = 'name another'] = /^(.*?\.) (.*)$/s.exec(reason) ?? []
  return [{ code: 'server-unfit', where: 'the server', what, why: 'No node starts on it.', mend }]
}

const SKEW_MS_MAX = 1_000

/** What the question and its answer took is in doubt, and not counted. */
async function skewed(client: Patient['client'], now: () => number): Promise<Finding[]> {
  const asked = now()
  const { rows } = await client.query<{ at: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as at')
  const answered = now()
  const { at } = rows[0] as { at: number }
  const skewMs = at < asked ? at - asked : at > answered ? at - answered : 0
  if (Math.abs(skewMs) <= SKEW_MS_MAX) return []
  return [
    {
      code: 'clock-skew',
      where: 'the clock of this machine',
      what: `It is ${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs > 0 ? 'behind' : 'ahead of'} that of the database.`,
      why: 'Schedules and delays go by the database; times in logs, and those that clients and handlers take from this machine, do not fit them.',
      mend: 'timedatectl set-ntp true   (on both machines)',
    },
  ]
}

function originText(source: string): string {
  if (source === 'database') return ', set for the database'
  if (source === 'user') return ', set for the role'
  if (source === 'database user') return ', set for the role in this database'
  return source === 'client' ? ', set by the URL' : ''
}

function mendOf({ name, source }: Setting, should: string, { role, database }: { role: string; database: string }): string {
  if (source === 'client') return `take ${name} out of the URL's options, or out of PGOPTIONS`
  if (source === 'database') return `alter database ${database} set ${name} = ${should};`
  if (source === 'database user') return `alter role ${role} in database ${database} set ${name} = ${should};`
  if (source === 'user' || should === '0') return `alter role ${role} set ${name} = ${should};`
  return `alter system set ${name} = ${should}; select pg_reload_conf();`
}
