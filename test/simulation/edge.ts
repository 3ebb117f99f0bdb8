import { splitPayloads } from '../../src/api/raw.ts'
import { PAYLOAD_BYTES_MAX } from '../../src/core/bounds.ts'
import { UserError } from '../../src/core/errors.ts'
import type { Rng } from './rng.ts'
import type { World } from './world.ts'

/** A payload about as large as one may be: a byte less, as large, a byte more, or half of it. */
export function largePayload(rng: Rng): string {
  const bytes = rng.pick([PAYLOAD_BYTES_MAX - 1, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1, PAYLOAD_BYTES_MAX / 2])
  return `"${'x'.repeat(bytes - 2)}"`
}

/** Whether the API lets a call with these payloads through: what it refuses, no engine ever hears of. */
export function passesEdge(world: World, payloads: readonly (string | null | undefined)[]): boolean {
  const given = payloads.filter(payload => typeof payload === 'string')
  const fits = given.every(payload => payload.length <= PAYLOAD_BYTES_MAX)
  let code: string | null = null
  try {
    splitPayloads(`{"payloads":[${given.join(',')}]}`, { payloads: ['raw'] })
  } catch (error) {
    code = error instanceof UserError ? error.code : String(error)
  }
  world.expect(code === (fits ? null : 'payload-too-large'), 'the edge does not hold the bound of a payload', () => ({
    code,
    lengths: given.map(({ length }) => length),
  }))
  return fits
}
