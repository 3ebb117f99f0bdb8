import type { Entry, Line } from './lines.ts'

/** A crontab of one user, or of the system, where the sixth word is the user as whom a command runs. */
export type CrontabForm = 'user' | 'system'

/** Accounts that systems have, and that nobody has given a program the name of. */
const ACCOUNTS = new Set(
  'root daemon nobody www-data apache nginx postgres mysql backup mail lp news uucp man games sync proxy list irc _apt ntp smmsp'.split(' '),
)

/** The form that a file's place tells; null: any. */
export function formOfPath(path: string): CrontabForm | null {
  if (/(^|\/)etc\/crontab$/.test(path) || /(^|\/)cron\.d\/[^/]+$/.test(path)) return 'system'
  return /(^|\/)cron\/(crontabs|tabs)\/[^/]+$/.test(path) ? 'user' : null
}

/** The form that the lines tell: `system` if a comment heads the column of users, or if every sixth word is an account that systems have. */
export function formOfLines(lines: readonly Line[]): CrontabForm {
  const headed = lines.some(line => line.is === 'comment' && /\bdow\s+user\b|\*\s+user-name\b/.test(line.text))
  const entries = lines.filter((line): line is Entry => line.is === 'entry')
  const named = entries.length > 0 && entries.every(({ rest }) => ACCOUNTS.has(rest.text.split(/[ \t]/)[0] as string) && /[ \t]\S/.test(rest.text))
  return headed || named ? 'system' : 'user'
}
