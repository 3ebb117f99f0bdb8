import { type Static, Type } from 'typebox'
import { EMAIL_ADDRESSES_MAX, NOTIFICATIONS_PER_DEFINITION_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { Notification } from '../core/options.ts'
import { HOOK_EVENTS } from '../core/run.ts'
import { foundText } from './check.ts'
import { closed, Key, list, Name, SECRET_MASK } from './schemas.ts'

/** Whom a definition tells of its runs: read from checked bodies, and written back. The SDK checks the same (wire-rules.ts). */

export const Address = Type.String({
  pattern: '^(?=.{1,2000}$)https?://[^\\s\\p{Cc}\\p{Cs}]+$',
  description: 'an address such as "https://example.org/hook"',
})
export const Secret = { ...Key, description: 'what requests are signed with; it is never given back, *** stands for it' }
const EMAIL = '[^\\s\\p{Cc}\\p{Cs}@,;<>"]+'
const EmailAddress = Type.String({ pattern: `^(?=.{1,320}$)${EMAIL}@${EMAIL}$`, description: 'an address such as "ana@example.org"' })

const NotificationBody = closed(
  {
    on: { ...list(Type.Enum([...HOOK_EVENTS]), HOOK_EVENTS.length), minItems: 1, description: 'what it is told of' },
    job: Type.Optional({ ...Name, description: 'a definition, of which a run is started' }),
    url: Type.Optional(Address),
    secret: Type.Optional(Secret),
    slack: Type.Optional({
      ...Address,
      description: 'an incoming webhook of Slack, such as "https://hooks.slack.com/services/…"; its path is never given back',
    }),
    email: Type.Optional({ ...list(EmailAddress, EMAIL_ADDRESSES_MAX), minItems: 1 }),
  },
  { title: 'Notification', description: 'one of job, url, slack and email, and what it is told of' },
)
export const Notify = {
  ...list(NotificationBody, NOTIFICATIONS_PER_DEFINITION_MAX),
  minItems: 1,
  description: `who is told of what becomes of its runs, at most ${NOTIFICATIONS_PER_DEFINITION_MAX}`,
}
type NotifyBody = Static<typeof NotificationBody>[]

/** `before`: what is in force, whose secrets masks stand for. @throws UserError at the field. */
export function notifyOf(bodies: NotifyBody, at: string, before: readonly Notification[] = []): Notification[] {
  return bodies.map((body, n) => notificationOf(body, `${at}/${n}`, before, n))
}

function notificationOf(
  { on, job, url, secret, slack, email }: NotifyBody[number],
  at: string,
  before: readonly Notification[],
  n: number,
): Notification {
  const given = { job, url, slack, email }
  const [one, other] = (['job', 'url', 'slack', 'email'] as const).filter(name => given[name] !== undefined)
  if (one === undefined) throw refused(at, given, 'one of job, url, slack and email is needed')
  if (other !== undefined) throw refused(`${at}/${other}`, given[other], `${one} and ${other} are two notifications: write two of them`)
  if (secret !== undefined && one !== 'url') throw refused(`${at}/secret`, SECRET_MASK, 'only requests to a url are signed')
  if (job !== undefined) return { on, job }
  if (email !== undefined) return { on, email }
  if (slack !== undefined) return { on, slack: slackOf(slack, `${at}/slack`, before) }
  return { on, url: url as string, ...(secret !== undefined && { secret: secretOf(secret, url as string, `${at}/secret`, before, n) }) }
}

/** Of the same address, else of what stood in its place. */
function secretOf(secret: string, url: string, at: string, before: readonly Notification[], n: number): string {
  if (secret !== SECRET_MASK) return secret
  const signed = before.filter(one => 'url' in one && one.secret !== undefined) as { url: string; secret: string }[]
  const kept = signed.find(one => one.url === url) ?? signed.find(one => one === (before[n] as unknown))
  if (kept === undefined) throw noneKept(at, SECRET_MASK)
  return kept.secret
}

function slackOf(slack: string, at: string, before: readonly Notification[]): string {
  if (!slack.includes(SECRET_MASK)) return slack
  const kept = before.find(one => 'slack' in one && slackMask(one.slack) === slack) as { slack: string } | undefined
  if (kept === undefined) throw noneKept(at, slack)
  return kept.slack
}

/** As a client writes them: secrets are masked, and of Slack's addresses the paths, which are one. */
export function notifyJson(notify: readonly Notification[]): object[] {
  return notify.map(one => {
    if ('slack' in one) return { ...one, slack: slackMask(one.slack) }
    return 'url' in one && one.secret !== undefined ? { ...one, secret: SECRET_MASK } : one
  })
}

/** The end tells one from another. */
function slackMask(address: string): string {
  return `${new URL(address).origin}/${SECRET_MASK}${address.slice(-4)}`
}

export function noneKept(at: string, found: string): UserError {
  return refused(at, found, 'it stands for a secret that is kept, and none is')
}

function refused(at: string, found: unknown, hint: string): UserError {
  return new UserError('invalid-option', { at, found: foundText(found), hint })
}
