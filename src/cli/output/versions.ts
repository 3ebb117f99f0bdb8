import type { WireVersions } from '@mainspring/sdk'
import type { Look } from './runs.ts'
import { oneLine, table } from './table.ts'
import { countText, distanceText, sourceText } from './words.ts'

const HASH = /^[0-9a-f]{64}$/
const HASH_SHOWN = 12

/** `mainspring versions NAME`. */
export function versionsText({ versions, unbegun, more, set }: WireVersions, { now }: Look): string {
  const rows = table(
    [
      { title: 'version', value: ({ version }) => named(version), widthMax: 40 },
      { title: 'state', value: ({ state }) => state },
      { title: 'share', value: ({ percent }) => (percent === null ? '-' : `${percent}%`), right: true },
      { title: 'open runs', value: ({ open }) => String(open), right: true },
      { title: 'registered', value: ({ registeredAt }) => distanceText(registeredAt, now), right: true },
      { title: 'workers', value: ({ workers }) => workers.map(({ name }) => oneLine(name)).join(' ') || '-', widthMax: 60 },
    ],
    versions,
  )
  const notes = [
    set === null ? 'Any version that a worker serves gets new work.' : `Shares were set by ${sourceText(set, now)}.`,
    ...versions.filter(({ open, workers }) => open > 0 && workers.length === 0).map(unserved),
    ...(unbegun > 0 ? [`${countText(unbegun, 'open run')} that nobody has begun.`] : []),
    ...(more ? ['There are more open runs than were counted.'] : []),
  ]
  return `${rows}\n\n${notes.join('\n')}`
}

function unserved({ version, open }: WireVersions['versions'][number]): string {
  return `No live worker serves ${named(version)}, which took ${countText(open, 'open run')} as far as they are: what fits no other version waits.`
}

function named(version: string): string {
  return HASH.test(version) ? version.slice(0, HASH_SHOWN) : oneLine(version)
}
