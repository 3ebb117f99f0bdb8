import { type Job, type JobContext, job } from '@mainspring/sdk'
import type { Transporter } from 'nodemailer'
import { AttemptFailed, refusal } from '../attempt.ts'
import { type NotificationInput, notificationText, type RecipientOf } from '../notification.ts'

export interface EmailOptions {
  /** The mail server: `smtps://user:password@mail.example.org`, `smtp://mail.example.org:587`. */
  smtp: string
  /** The sender. Default: the user of `smtp` where that is an address, else `mainspring@` its host. */
  from?: string
  recipientOf: RecipientOf
  /** Where pages of the console begin. */
  console: () => string | undefined
}

const CONNECT_MS = 15_000
const SILENCE_MS = 30_000

/** Sends notifications by e-mail, as runs of `mainspring.email`. The library that speaks SMTP is loaded with the first of them. */
export function emailJob({ smtp, from, recipientOf, console }: EmailOptions): Job<NotificationInput, { accepted: number }> {
  let opened: Promise<Transporter> | null = null
  const sender = from ?? senderOf(smtp)
  return job('mainspring.email', { queue: 'email', version: '1' }, async (input: NotificationInput, ctx: JobContext) => {
    const to = recipientOf(input)
    if (to === null || !('email' in to)) throw refusal('email-gone', `"${input.definition}" names no e-mail address for this any more.`)
    opened ??= open(smtp)
    const { headline, facts } = notificationText(input, console())
    const mail = {
      from: sender,
      to: [...to.email],
      subject: headline,
      text: `${[headline, '', ...facts].join('\n')}\n`,
      // The same in every attempt: a mail server that got it twice can tell.
      messageId: `<${ctx.run}@mainspring>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'Mainspring-Run': ctx.run },
    }
    try {
      const { accepted = [] } = await (await opened).sendMail(mail)
      ctx.log.info(`${accepted.length} of ${to.email.length} recipients were accepted`)
      return { accepted: accepted.length }
    } catch (error) {
      throw notSent(error as SmtpError)
    }
  })
}

type SmtpError = Error & { code?: string; responseCode?: number; response?: string }

/** What the mail server refuses for good (RFC 5321: 5xx) is not tried again, save that it does not know us: whoever runs it may mend that. */
function notSent({ code, responseCode, response, message }: SmtpError): Error {
  const why = response ?? message
  if (responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH') return refusal('email-refused', `The mail server refused it: ${why}.`)
  return new AttemptFailed('EmailFailed', 'email-not-sent', `The mail server did not take it: ${why}.`)
}

async function open(smtp: string): Promise<Transporter> {
  const { createTransport } = await import('nodemailer')
  return createTransport({
    url: smtp,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
  } as object) as Transporter
}

function senderOf(smtp: string): string {
  const { username, hostname } = new URL(smtp)
  const user = decodeURIComponent(username)
  return user.includes('@') ? user : `mainspring@${hostname}`
}
