import { createHmac, timingSafeEqual } from 'node:crypto'

/** How much older or newer than this clock a message may be, as the Standard Webhooks specification advises. */
export const TOLERANCE_S = 300
const SECRET_PREFIX = 'whsec_'

/**
 * A signature after the Standard Webhooks specification 1.0, over id, timestamp and body. `secret`: `whsec_` and base64, or any text, whose bytes are the key.
 */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  return `v1,${macOf(secret, id, String(timestamp), body).toString('base64')}`
}

export interface SignedHeaders {
  id: string | null
  timestamp: string | null
  signature: string | null
}

/** Null: it is from whoever has one of the secrets, and of now. Else why it is refused. */
export function signatureProblem(
  secrets: readonly string[],
  { id, timestamp, signature: given }: SignedHeaders,
  body: string,
  nowMs: number,
): string | null {
  if (id === null || timestamp === null || given === null) return 'it is not signed'
  if (!/^\d{1,12}$/.test(timestamp) || id === '' || id.length > 200) return 'its signature has not the form of Standard Webhooks'
  const offS = Math.abs(nowMs / 1_000 - Number(timestamp))
  // Several: a secret that is being replaced signs beside its successor.
  const macs = given.split(' ').flatMap(one => (one.startsWith('v1,') ? [Buffer.from(one.slice('v1,'.length), 'base64')] : []))
  const fits = secrets.some(secret => {
    const own = macOf(secret, id, timestamp, body)
    return macs.some(mac => mac.length === own.length && timingSafeEqual(mac, own))
  })
  if (!fits) return 'its signature does not fit the secret'
  return offS > TOLERANCE_S ? `it was signed ${Math.round(offS)} s away from this clock, and ${TOLERANCE_S} s are allowed` : null
}

function macOf(secret: string, id: string, timestamp: string, body: string): Buffer {
  const key = secret.startsWith(SECRET_PREFIX) ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64') : Buffer.from(secret)
  return createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
}
