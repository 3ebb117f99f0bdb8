import { parseCsv, readData } from '../support/data.ts'

export type Point = [x: number, y: number]
export interface Geography {
  /** SVG paths of the 48 states and the District of Columbia. */
  states: string[]
  /** Where the airports are that lie within them. */
  airports: Map<string, Point>
}

/** The contiguous United States in a box of this size. */
export async function geography(width: number, height: number): Promise<Geography> {
  const place = (longitude: number, latitude: number): Point => {
    const [x, y] = albers(longitude, latitude)
    return [width * (0.5 + x / 0.86), height * (0.5 - (y - 0.005) / 0.52)]
  }
  return { states: await states(place), airports: await airports(place) }
}

/** Albers' equal-area conic projection with the usual parallels for this country. Radians of the unit sphere, 0 is the middle. */
function albers(longitude: number, latitude: number): Point {
  const radians = Math.PI / 180
  const n = (Math.sin(29.5 * radians) + Math.sin(45.5 * radians)) / 2
  const c = Math.cos(29.5 * radians) ** 2 + 2 * n * Math.sin(29.5 * radians)
  const rho = (phi: number): number => Math.sqrt(c - 2 * n * Math.sin(phi * radians)) / n
  const theta = n * (longitude + 96) * radians
  return [rho(latitude) * Math.sin(theta), rho(38) - rho(latitude) * Math.cos(theta)]
}

interface Topology {
  transform: { scale: Point; translate: Point }
  arcs: Point[][]
  objects: { states: { geometries: { type: 'Polygon' | 'MultiPolygon'; id: number; arcs: number[][] | number[][][] }[] } }
}
/** Alaska, Hawaii, Puerto Rico and the islands. */
const AWAY = new Set([2, 15, 60, 66, 69, 72, 78])

async function states(place: (longitude: number, latitude: number) => Point): Promise<string[]> {
  const { transform, arcs, objects } = JSON.parse(await readData('us-10m.json')) as Topology
  const lines = arcs.map(arc => {
    let [x, y] = [0, 0]
    return arc.map(([dx, dy]) => {
      x += dx
      y += dy
      return place(x * transform.scale[0] + transform.translate[0], y * transform.scale[1] + transform.translate[1])
    })
  })
  // A negative arc is the one's complement of its number, read backwards.
  const ring = (numbers: number[]): string => {
    const points = numbers.flatMap(number => (number < 0 ? lines[~number]!.toReversed() : lines[number]!))
    return `M${points
      .filter((point, index) => index === 0 || far(point, points[index - 1]!))
      .map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`)
      .join('L')}Z`
  }
  return objects.states.geometries
    .filter(({ id }) => !AWAY.has(id))
    .map(({ type, arcs }) => (type === 'Polygon' ? [arcs as number[][]] : (arcs as number[][][])).flatMap(polygon => polygon.map(ring)).join(''))
}

/** Nearer points cannot be told apart, and the file would be four times as long. */
function far([x, y]: Point, [a, b]: Point): boolean {
  return Math.abs(x - a) + Math.abs(y - b) > 0.6
}

async function airports(place: (longitude: number, latitude: number) => Point): Promise<Map<string, Point>> {
  const rows = parseCsv(await readData('airports.csv'))
  const within = rows.filter(
    ({ latitude, longitude }) => Number(latitude) > 24 && Number(latitude) < 50 && Number(longitude) > -125 && Number(longitude) < -66,
  )
  return new Map(within.map(({ iata, latitude, longitude }) => [iata!, place(Number(longitude), Number(latitude))]))
}
