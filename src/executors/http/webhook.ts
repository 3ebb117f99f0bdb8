import { type Clock, type Job, type JobContext, job } from '@mainspring/sdk'
import { signature } from '@mainspring/sdk/serve'
import { refusal } from '../attempt.ts'
import { type NotificationInput, notificationText, type RecipientOf } from '../notification.ts'
import { ask } from './ask.ts'
import type { Wire } from './exchange.ts'

/**
 * Sends notifications as requests: after the Standard Webhooks specification 1.0 (`webhook-id` is the same in every attempt, `webhook-signature` is over id,
 * timestamp and body), or as a message of Slack's incoming webhooks. Address and secret are asked for at the time: neither is in a run.
 */
export function webhookJob(
  recipientOf: RecipientOf,
  console: () => string | undefined,
  wire: Wire,
  clock: Clock,
): Job<NotificationInput, { status: number }> {
  return job('mainspring.webhook', { queue: 'http', version: '2' }, async (input: NotificationInput, ctx: JobContext) => {
    const to = recipientOf(input)
    if (to === null || 'email' in to) throw refusal('webhook-gone', `"${input.definition}" names no address for this any more.`)
    const sent =
      'slack' in to ? { url: to.slack, ...slackMessage(input, console()) } : { url: to.url, ...standardWebhook(input, ctx, to.secret, clock) }
    // Whatever is no success is tried again, save 410, with which the specification lets a target say that it wants no more.
    const asked = { ...sent, method: 'POST', redirects: 'refuse' as const, retryOn: ['300-409', '411-599'], responseLimit: 1_024 }
    const hidden = 'slack' in to ? { shown: 'the Slack webhook' } : {}
    const { status } = await ask(asked, ctx, { wire, clock, signal: ctx.signal, callback: null, ...hidden })
    return { status }
  })
}

function standardWebhook({ notification: _, ...input }: NotificationInput, ctx: JobContext, secret: string | undefined, clock: Clock) {
  const { event, at, ...data } = input
  const body = JSON.stringify({ type: `run.${event}`, timestamp: at, data: { event, at, ...data } })
  const timestamp = Math.floor(clock.now() / 1_000)
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'webhook-id': ctx.run,
    'webhook-timestamp': String(timestamp),
    ...(secret !== undefined && { 'webhook-signature': signature(secret, ctx.run, timestamp, body) }),
  }
  return { headers, body }
}

/** `text` is what its notifications show; `&`, `<` and `>` are the characters that mean something to it. */
function slackMessage(input: NotificationInput, console: string | undefined) {
  const { headline, facts } = notificationText(input, console)
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: [`*${escaped(headline)}*`, ...facts.map(escaped)].join('\n') }),
  }
}
