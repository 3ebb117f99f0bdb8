import { type Chance, now, work } from '../pace.ts'
import { GatewayTimeout } from './errors.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** The gateway's bad half hour, UTC: every day, so that the last one is always within the day that is played. */
export const OUTAGE = { from: (9 * 60 + 10) * MINUTE_MS, until: (9 * 60 + 35) * MINUTE_MS } as const
const TIMEOUT_MS = 8_000

/** One request to the payment gateway. */
export async function ask(path: string, chance: Chance, ctx: { signal: AbortSignal }): Promise<void> {
  const ofDay = now() % DAY_MS
  if (ofDay >= OUTAGE.from && ofDay < OUTAGE.until && chance.in(0.92)) {
    await work(TIMEOUT_MS, ctx)
    throw new GatewayTimeout(`POST https://api.paygate.example${path} did not answer within ${TIMEOUT_MS} ms`, {
      cause: Object.assign(new Error('read ETIMEDOUT 203.0.113.44:443'), { code: 'ETIMEDOUT' }),
    })
  }
  await work(chance.tail(180, 2_600), ctx)
}
