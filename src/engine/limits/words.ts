import { durationText } from '../../core/duration-text.ts'
import { shortId } from '../../core/ids.ts'
import type { Limit } from '../../core/limits.ts'
import type { Reason } from '../face.ts'
import type { Gate } from '../queues/gates.ts'

const HOLDERS_SHOWN_MAX = 10

/** What a shut gate is to people: what it is, who holds it, when it opens, what they can do. */
export function limitReason(gate: Exclude<Gate, { is: 'paused' | 'unavailable' }>): Reason {
  switch (gate.is) {
    case 'limit': {
      const { limit, used, weight, holders, before } = gate
      const held = holders.slice(0, HOLDERS_SHOWN_MAX)
      const tooLarge = weight > limit.max ? `; one of weight ${weight} never fits` : ''
      const line = before === null ? '' : ` (in line before it: ${before})`
      return {
        code: 'limit',
        text: `limit "${limit.name}" is full: ${used} of ${limit.max}${keyText(gate)}${tooLarge}${sourceText(limit)}${line}`,
        runs: held.map(({ run }) => run),
        command: `mainspring limits show ${limit.name}`,
      }
    }
    case 'rate': {
      const { limit, used, freeAt } = gate
      const rate = `${limit.max} in ${durationText(limit.everyMs as number)}`
      if (freeAt === Number.POSITIVE_INFINITY)
        return { code: 'rate', text: `rate "${limit.name}" lets nothing pass: ${rate}`, command: setText(limit) }
      const slowed = used < limit.max ? 'its target asked for a pause' : `${used} of ${rate} are spent`
      return {
        code: 'rate',
        text: `rate "${limit.name}"${keyText(gate)}: ${slowed}; the next token comes at ${new Date(freeAt).toISOString()}${sourceText(limit)}`,
        until: Math.ceil(freeAt),
        command: `mainspring limits show ${limit.name}`,
      }
    }
    case 'sequence': {
      const { definition, key, holder, stopped } = gate
      if (holder === null) return { code: 'sequence', text: `its sequence "${key}" is being read` }
      return stopped
        ? {
            code: 'sequence',
            text: `its sequence "${key}" stopped when ${shortId(holder)} failed; to go on without it: mainspring sequence resume ${definition} ${key}`,
            runs: [holder],
            command: `mainspring retry ${shortId(holder)}`,
          }
        : { code: 'sequence', text: `it is the turn of ${shortId(holder)} in its sequence "${key}"`, runs: [holder] }
    }
    case 'gathering':
      return {
        code: 'gathering',
        text: `gathers a batch: ${gate.gathered} of ${gate.size}; what there is goes at ${new Date(gate.at).toISOString()}`,
        until: Math.ceil(gate.at),
      }
  }
}

function keyText({ per, key }: { per: string | null; key: string }): string {
  return per === null ? '' : ` for ${per}=${key === '' ? '(none)' : key}`
}

function sourceText({ set, declared }: Limit): string {
  if (set === null) return ''
  const who = `, set by ${set.by ?? 'an operator'}${set.since === null ? '' : ` at ${new Date(set.since).toISOString()}`}`
  return declared === null ? who : `${who} (the code says ${declared.max}${declared.everyMs === null ? '' : ` in ${durationText(declared.everyMs)}`})`
}

function setText({ name, everyMs }: Limit): string {
  return `mainspring limits set ${name} ${everyMs === null ? '--concurrency N' : '--rate N --every D'}`
}
