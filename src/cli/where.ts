import type { WireBulkFilter } from '@mainspring/sdk'
import { Refusal } from '../server/refusal.ts'

/** Names of `--where`, by the field of the filter that they fill. */
const LISTS = { state: 'state', name: 'definition', queue: 'queue', run: 'runs' } as const
const TEXTS = { reason: 'reason', error: 'error', batch: 'batch', 'created-after': 'createdAfter', 'created-before': 'createdBefore' } as const
export const WHERE_NAMES = [...Object.keys(LISTS), 'tag', ...Object.keys(TEXTS)]

/**
 * `state=queued,name=resize,tag=team:media`. What follows a comma is a condition of its own only when it begins with a name and `=`, so that texts may have commas.
 * Several of `state`, `name`, `queue` or `run` (whole ids): one of them; of `tag`: all of them.
 */
export function whereFilter(texts: readonly string[]): WireBulkFilter {
  const filter: WireBulkFilter = {}
  for (const condition of texts.flatMap(text => text.split(CONDITION))) {
    const equals = condition.indexOf('=')
    const [name, value] = [condition.slice(0, equals).trim(), condition.slice(equals + 1)]
    if (equals < 0 || value === '' || !WHERE_NAMES.includes(name))
      throw refused(condition, `Write name=value, with a name of ${WHERE_NAMES.join(', ')}: --where state=queued,name=resize,tag=team:media`)
    if (name in LISTS) {
      const field = LISTS[name as keyof typeof LISTS]
      filter[field] = [...(filter[field] ?? []), value] as never
    } else if (name === 'tag') {
      const colon = value.indexOf(':')
      if (colon <= 0) throw refused(condition, 'A tag is written tag=name:value.')
      filter.tags = { ...filter.tags, [value.slice(0, colon)]: value.slice(colon + 1) }
    } else filter[TEXTS[name as keyof typeof TEXTS]] = value
  }
  return filter
}

const CONDITION = new RegExp(`,(?=\\s*(?:${WHERE_NAMES.join('|')})=)`)

function refused(found: string, hint: string): Refusal {
  return new Refusal({ code: 'invalid-option', place: '--where', title: `Found ${JSON.stringify(found)}, which is no condition.`, hint })
}
