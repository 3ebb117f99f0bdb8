import type { IncomingHttpHeaders } from 'node:http'
import { encode } from '@mainspring/sdk'
import type { Answer } from './exchange.ts'
import type { HttpOutput } from './input.ts'

const HEADERS_MAX = 64
const HEADER_LENGTH_MAX = 1_024
const RETRY_AFTER_MS_MAX = 3_600_000

/** An answer as a run's output: never more than a payload holds. */
export function outputOf(answer: Answer, durationMs: number): HttpOutput {
  const headers = keptHeaders(answer.headers)
  const { status, truncated } = answer
  const whole: HttpOutput = { status, headers, ...bodyOf(answer), truncated, durationMs }
  if (fits(whole)) return whole
  // Nested deeper than a value may be, or control characters that grow sixfold in JSON.
  const text = textOf(answer) ?? answer.body.toString('base64')
  const bodyIs = textOf(answer) === null ? 'base64' : 'text'
  const asText: HttpOutput = { ...whole, body: text, bodyIs }
  if (fits(asText)) return asText
  const quarter = Math.floor(text.length / 16) * 4
  return { ...asText, body: text.slice(0, quarter), truncated: true }
}

/** The first characters of an answer, for a failure; '' where it is no text. */
export function snippet(answer: Answer): string {
  const text = textOf(answer) ?? ''
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}

/** Milliseconds that `Retry-After` asks to wait, in seconds or as a date (RFC 9110), an hour at most; undefined where it asks nothing. */
export function retryAfterMs(headers: IncomingHttpHeaders, now: number): number | undefined {
  const said = headers['retry-after']?.trim()
  if (said === undefined || said === '') return undefined
  const ms = /^\d+$/.test(said) ? Number(said) * 1_000 : /^[A-Za-z]/.test(said) ? Date.parse(said) - now : Number.NaN
  return Number.isNaN(ms) ? undefined : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, ms))
}

function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => name !== 'set-cookie' && name !== 'set-cookie2')
  return Object.fromEntries(
    entries.slice(0, HEADERS_MAX).map(([name, value]) => {
      const text = Array.isArray(value) ? value.join(', ') : (value ?? '')
      return [name, text.length > HEADER_LENGTH_MAX ? `${text.slice(0, HEADER_LENGTH_MAX)}…` : text]
    }),
  )
}

function bodyOf(answer: Answer): Pick<HttpOutput, 'body' | 'bodyIs'> {
  if (answer.body.length === 0) return { body: null, bodyIs: 'none' }
  const text = textOf(answer)
  if (text === null) return { body: answer.body.toString('base64'), bodyIs: 'base64' }
  if (!answer.truncated && /^application\/([\w.-]+\+)?json\b/i.test(answer.headers['content-type'] ?? '')) {
    try {
      return { body: JSON.parse(text), bodyIs: 'json' }
    } catch {
      // It says that it is JSON and is not.
    }
  }
  return { body: text, bodyIs: 'text' }
}

function textOf({ body, headers, truncated }: Answer): string | null {
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') return null
  const charset = /;\s*charset="?([\w.:-]+)"?/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body, { stream: truncated }) // a cut may have split a character
  } catch {
    return null
  }
}

function fits(output: HttpOutput): boolean {
  try {
    encode(output)
    return true
  } catch {
    return false
  }
}
