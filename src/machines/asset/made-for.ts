import type { Message } from '../../core/machine.ts'
import type { Trigger } from '../../core/run.ts'
import type { AssetInput, MadeFor } from './types.ts'

/** What a run that makes an asset says of itself: what is named goes before what triggered it, and that before the interval that it is for. */
export function madeForOf(trigger: Trigger | undefined, named?: string): MadeFor {
  if (trigger === undefined) return named === undefined ? {} : { partition: named }
  const partition = named ?? ('partition' in trigger ? trigger.partition : undefined)
  if (partition !== undefined) return { partition }
  const [start, end] = 'intervalStart' in trigger ? [trigger.intervalStart, trigger.nominalAt] : []
  return start === undefined || end === undefined || start >= end ? {} : { interval: { start, end } }
}

/** To an asset, which comes into being if it is not there yet. */
export function tellMade(to: string, name: string, input: AssetInput): Message & { is: 'tell' } {
  return { is: 'tell', to, input, creates: { kind: 'asset', name } }
}
