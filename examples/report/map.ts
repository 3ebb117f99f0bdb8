import type { RouteSummary } from './flights.ts'
import { type Geography, geography, type Point } from './geography.ts'

const WIDTH = 1200
const HEIGHT = 1010
const MAP = { top: 96, width: WIDTH, height: 640 }
const INK = '#22262b'
const SOFT = '#7b818a'
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** The whole report as one picture: the routes on a map, how late they were, and when in the week. */
export async function drawReport(routes: readonly RouteSummary[]): Promise<string> {
  const place = await geography(MAP.width, MAP.height)
  const flights = routes.reduce((sum, route) => sum + route.flights, 0)
  const late = routes.reduce((sum, route) => sum + route.late, 0)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" fill="${INK}">
<title>Delays on the ${routes.length} busiest flight routes</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fcfbf9"/>
<text x="40" y="52" font-size="27" font-weight="650" letter-spacing="-.4">Where flights run late</text>
<text x="40" y="78" font-size="14" fill="${SOFT}">${routes.length.toLocaleString('en')} busiest routes of the United States, ${flights.toLocaleString('en')} flights from January to March 2001, ${percent(late / flights)} more than 15 minutes late</text>
${legend(WIDTH - 300, 44)}
<g transform="translate(0 ${MAP.top})">
${place.states.map(path => `<path d="${path}" fill="#efede7" stroke="#fcfbf9" stroke-width="1.1"/>`).join('\n')}
${arcs(routes, place)}
${airports(routes, place)}
</g>
<g transform="translate(40 776)">${histogram(routes, 460, 170)}</g>
<g transform="translate(560 776)">${week(routes, 600, 170)}</g>
</svg>
`
}

/** Minutes of mean delay to a colour: calm blue-green on time, amber, then red. */
export function colourOf(minutes: number): string {
  const at = Math.min(1, Math.max(0, (minutes + 5) / 35)) * (SCALE.length - 1)
  const low = Math.min(SCALE.length - 2, Math.floor(at))
  const mixed = [0, 1, 2].map(channel => Math.round(SCALE[low]![channel]! + (SCALE[low + 1]![channel]! - SCALE[low]![channel]!) * (at - low)))
  return `rgb(${mixed.join(' ')})`
}
const SCALE = [
  [61, 139, 149],
  [124, 176, 160],
  [221, 196, 128],
  [226, 138, 74],
  [196, 63, 56],
  [128, 25, 60],
]

function legend(x: number, y: number): string {
  const steps = Array.from(
    { length: 26 },
    (_, step) => `<rect x="${step * 10}" width="10.5" height="9" fill="${colourOf(-5 + (step * 35) / 25)}"/>`,
  ).join('')
  const words = [
    [0, 'early'],
    [93, '+8'],
    [186, '+20'],
    [260, '+30 min'],
  ].map(([at, word]) => `<text x="${at}" y="25" text-anchor="${at === 0 ? 'start' : at === 260 ? 'end' : 'middle'}">${word}</text>`)
  return `<g transform="translate(${x} ${y})" font-size="11" fill="${SOFT}"><text y="-7">mean delay of a route</text>${steps}${words.join('')}</g>`
}

/** The latest on top, the busiest widest. */
function arcs(routes: readonly RouteSummary[], { airports }: Geography): string {
  return routes
    .toSorted((a, b) => a.meanDelay - b.meanDelay)
    .flatMap(route => {
      const [from, to] = [airports.get(route.origin), airports.get(route.destination)]
      if (!from || !to) return []
      const width = 0.5 + Math.sqrt(route.flights) / 5
      const words = `${route.origin} to ${route.destination}: ${route.flights} flights, ${minutes(route.meanDelay)}`
      return [
        `<path d="${bow(from, to)}" fill="none" stroke="${colourOf(route.meanDelay)}" stroke-width="${width.toFixed(2)}" stroke-opacity=".5" stroke-linecap="round"><title>${words}</title></path>`,
      ]
    })
    .join('\n')
}

/** There and back bend to different sides. */
function bow([ax, ay]: Point, [bx, by]: Point): string {
  const bend = 0.16
  const [x, y] = [(ax + bx) / 2 + (by - ay) * bend, (ay + by) / 2 - (bx - ax) * bend]
  return `M${ax.toFixed(1)} ${ay.toFixed(1)}Q${x.toFixed(1)} ${y.toFixed(1)} ${bx.toFixed(1)} ${by.toFixed(1)}`
}

const NAMED = 16

function airports(routes: readonly RouteSummary[], { airports }: Geography): string {
  const flights = new Map<string, number>()
  for (const route of routes) for (const end of [route.origin, route.destination]) flights.set(end, (flights.get(end) ?? 0) + route.flights)
  const placed = [...flights].filter(([name]) => airports.has(name)).sort(([, a], [, b]) => b - a)
  const dots = placed.map(([name, count]) => {
    const [x, y] = airports.get(name)!
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${(1.4 + Math.sqrt(count) / 9).toFixed(1)}" fill="#fff" stroke="${INK}" stroke-width="1.2"><title>${name}: ${count} flights</title></circle>`
  })
  const named: Point[] = []
  const names = placed.slice(0, NAMED).flatMap(([name, count]) => {
    const [x, y] = airports.get(name)!
    if (named.some(([a, b]) => Math.abs(a - x) < 40 && Math.abs(b - y) < 16)) return [] // names would lie on each other
    named.push([x, y])
    return [`<text x="${(x + 4 + Math.sqrt(count) / 9).toFixed(1)}" y="${(y - 5).toFixed(1)}">${name}</text>`]
  })
  return `${dots.join('\n')}\n<g font-size="12" font-weight="650" paint-order="stroke" stroke="#fcfbf9" stroke-width="3.5" stroke-linejoin="round">${names.join('')}</g>`
}

const BIN_MINUTES = 2.5
const BINS = { from: -15, to: 45 }

function histogram(routes: readonly RouteSummary[], width: number, height: number): string {
  const bins = Array.from({ length: (BINS.to - BINS.from) / BIN_MINUTES }, () => 0)
  for (const { meanDelay } of routes) bins[Math.min(bins.length - 1, Math.max(0, Math.floor((meanDelay - BINS.from) / BIN_MINUTES)))]!++
  const most = Math.max(...bins)
  const step = width / bins.length
  const bars = bins.map((count, index) => {
    const tall = (count / most) * height
    return `<rect x="${(index * step + 0.75).toFixed(1)}" y="${(height - tall).toFixed(1)}" width="${(step - 1.5).toFixed(1)}" height="${tall.toFixed(1)}" rx="1.5" fill="${colourOf(BINS.from + (index + 0.5) * BIN_MINUTES)}"/>`
  })
  const ticks = [-15, 0, 15, 30, 45].map(
    tick => `<text x="${((tick - BINS.from) / BIN_MINUTES) * step}" y="${height + 18}" text-anchor="middle">${tick}</text>`,
  )
  return `<text y="-16" font-size="15" font-weight="650">Routes by mean delay</text>${bars.join('')}<line x2="${width}" y1="${height}" y2="${height}" stroke="${INK}" stroke-width=".8"/><g font-size="11" fill="${SOFT}">${ticks.join('')}<text x="${width}" y="${height + 34}" text-anchor="end">minutes; the last bar holds all that is later</text></g>`
}

function week(routes: readonly RouteSummary[], width: number, height: number): string {
  const cells = Array.from({ length: 7 * 24 }, () => ({ flights: 0, delay: 0 }))
  for (const { hours } of routes)
    for (const [hour, flights, delay] of hours) {
      cells[hour]!.flights += flights
      cells[hour]!.delay += delay
    }
  const [left, across, down] = [34, (width - 34) / 24, height / 7]
  const squares = cells.map(({ flights, delay }, hour) => {
    const fill = flights < 3 ? '#f1efea' : colourOf(delay / flights)
    const [x, y] = [left + (hour % 24) * across, Math.floor(hour / 24) * down]
    return `<rect x="${(x + 1).toFixed(1)}" y="${(y + 1).toFixed(1)}" width="${(across - 2).toFixed(1)}" height="${(down - 2).toFixed(1)}" rx="2" fill="${fill}"><title>${DAYS[Math.floor(hour / 24)]} ${hour % 24}:00, ${flights} flights${flights ? `, ${minutes(delay / flights)}` : ''}</title></rect>`
  })
  const days = DAYS.map((day, index) => `<text x="26" y="${(index + 0.5) * down + 4}" text-anchor="end">${day}</text>`)
  const hours = [0, 6, 12, 18].map(hour => `<text x="${left + (hour + 0.5) * across}" y="${height + 18}" text-anchor="middle">${hour}:00</text>`)
  return `<text y="-16" font-size="15" font-weight="650">Mean delay by hour of departure</text>${squares.join('')}<g font-size="11" fill="${SOFT}">${days.join('')}${hours.join('')}</g>`
}

export function minutes(delay: number): string {
  const rounded = Math.round(Math.abs(delay))
  return rounded === 0 ? 'on time' : `${rounded} min ${delay > 0 ? 'late' : 'early'}`
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}
