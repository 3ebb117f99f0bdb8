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
      { title: 'version', value: ({ version }) => (HASH.test(version) ? version.slice(0, HASH_SHOWN) : oneLine(version)), widthMax: 40 },
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
    ...(unbegun > 0 ? [`${countText(unbegun, 'open run')} that nobody has begun.`] : []),
    ...(more ? ['There are more open runs than were counted.'] : []),
  ]
  return `${rows}\n\n${notes.join('\n')}`
}
