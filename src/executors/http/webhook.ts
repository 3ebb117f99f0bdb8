import { createHmac } from 'node:crypto'
import { type Clock, type Job, type JobContext, job } from '@mainspring/sdk'
import { refusal } from '../attempt.ts'
import { ask } from './ask.ts'
import type { Wire } from './exchange.ts'

/** What a failure hook tells (src/engine/failure-hook.ts). */
export interface WebhookInput {
  event: 'failed' | 'parked' | 'recovered'
  run: string
  definition: string
  at: string
  [fact: string]: unknown
}

/** Where a definition's failures are told now, and what its requests are signed with; null: nowhere. */
export type WebhookOf = (definition: string) => { url: string; secret?: string } | null

/**
 * Sends failure hooks as requests after the Standard Webhooks specification 1.0: `webhook-id` is the same in every attempt, `webhook-signature` is over
 * id, timestamp and body. Address and secret are asked for at the time: neither is in a run.
 */
export function webhookJob(webhookOf: WebhookOf, wire: Wire, clock: Clock): Job<WebhookInput, { status: number }> {
  return job('mainspring.webhook', { queue: 'http', version: '1' }, async (input: WebhookInput, ctx: JobContext) => {
    const hook = webhookOf(input.definition)
    if (hook === null) throw refusal('webhook-gone', `"${input.definition}" names no address for its failures any more.`)
    const { event, at, ...data } = input
    const body = JSON.stringify({ type: `run.${event}`, timestamp: at, data: { event, at, ...data } })
    const timestamp = Math.floor(clock.now() / 1_000)
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'webhook-id': ctx.run,
      'webhook-timestamp': String(timestamp),
      ...(hook.secret !== undefined && { 'webhook-signature': signature(hook.secret, ctx.run, timestamp, body) }),
    }
    // Whatever is no success is tried again, save 410, with which the specification lets a target say that it wants no more.
    const asked = {
      url: hook.url,
      method: 'POST',
      headers,
      body,
      redirects: 'refuse' as const,
      retryOn: ['300-409', '411-599'],
      responseLimit: 1_024,
    }
    const { status } = await ask(asked, ctx, { wire, clock, signal: ctx.signal, callback: null })
    return { status }
  })
}

const SECRET_PREFIX = 'whsec_'

/** `secret`: `whsec_` and base64, or any text, whose bytes are the key. */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  const key = secret.startsWith(SECRET_PREFIX) ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64') : Buffer.from(secret)
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
