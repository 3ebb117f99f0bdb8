import type { WireEndpoint } from '@mainspring/sdk'
import type { Look } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { distanceText, spanText } from './words.ts'

/** `mainspring endpoints ls`. */
export function endpointsTable(endpoints: readonly WireEndpoint[], { now }: Look): string {
  if (endpoints.length === 0) return 'No endpoint is known: mainspring endpoints add URL'
  return table(
    [
      { title: 'endpoint', value: one => oneLine(one.name), widthMax: 40 },
      { title: 'health', value: one => healthText(one, now), widthMax: 24 },
      { title: 'slots', value: one => String(one.slots), right: true },
      { title: 'url', value: one => oneLine(one.url), widthMax: 80 },
      { title: 'trouble', value: one => oneLine(one.trouble ?? '-') },
    ],
    endpoints,
  )
}

/** `mainspring endpoints show`. */
export function endpointText(endpoint: WireEndpoint, { now }: Look): string {
  const { name, url, slots, timeout, trouble, serves } = endpoint
  return pairs([
    ['endpoint', oneLine(name)],
    ['url', oneLine(url)],
    ['health', healthText(endpoint, now)],
    ...(trouble === null ? [] : [['trouble', oneLine(trouble)] as const]),
    ['serves', serves.length === 0 ? 'not known yet' : serves.map(oneLine).join(', ')],
    ['slots', `${slots} requests at the same time`],
    ['timeout', `${spanText(timeout)} for a request`],
  ])
}

/** The one time that a secret is shown. */
export function secretText({ name, url, secret }: WireEndpoint): string {
  if (secret === undefined) return `endpoint "${oneLine(name)}" is changed: ${oneLine(url)}. Its secret stays.`
  return [
    `endpoint "${oneLine(name)}" is known: ${oneLine(url)}`,
    'Give the app its secret, which is shown this once:',
    '',
    `  MAINSPRING_ENDPOINT_SECRET=${secret}`,
    '',
    `It gets work as soon as it answers: mainspring endpoints show ${oneLine(name)}`,
  ].join('\n')
}

function healthText({ health, healthSince }: WireEndpoint, now: number): string {
  return healthSince === null ? 'not asked yet' : `${health} ${distanceText(healthSince, now)}`
}
