import { readData } from '../support/data.ts'

export interface Route {
  origin: string
  destination: string
}
export interface Flight extends Route {
  /** Local time of departure, `2001/01/01 00:47`. */
  date: string
  /** Minutes; negative is early. */
  delay: number
  /** Miles. */
  distance: number
}
export interface RouteSummary extends Route {
  flights: number
  meanDelay: number
  /** Flights that were more than 15 minutes late, which is what the airlines' statistics call late. */
  late: number
  distance: number
  /** By hour of the week (0 is Monday, midnight): `[hour, flights, minutes of delay in all]`. */
  hours: [hour: number, flights: number, delay: number][]
}
const LATE_MINUTES = 15

/** The routes with the most flights; of equal ones the alphabet decides, so that every attempt finds the same. */
export async function busiestRoutes(count: number): Promise<Route[]> {
  return [...(await routes())]
    .sort(([a, flights], [b, others]) => others.length - flights.length || (a < b ? -1 : 1))
    .slice(0, count)
    .map(([, flights]) => ({ origin: flights[0]!.origin, destination: flights[0]!.destination }))
}

export async function flightsOf(route: Route): Promise<Flight[]> {
  return (await routes()).get(keyOf(route)) ?? []
}

export function summaryOf({ origin, destination }: Route, flights: Flight[]): RouteSummary {
  const hours = new Map<number, [hour: number, flights: number, delay: number]>()
  for (const { date, delay } of flights) {
    const hour = hourOfWeek(date)
    const [, count, sum] = hours.get(hour) ?? [hour, 0, 0]
    hours.set(hour, [hour, count + 1, sum + delay])
  }
  return {
    origin,
    destination,
    flights: flights.length,
    meanDelay: flights.reduce((sum, { delay }) => sum + delay, 0) / Math.max(1, flights.length),
    late: flights.filter(({ delay }) => delay > LATE_MINUTES).length,
    distance: flights[0]?.distance ?? 0,
    hours: [...hours.values()],
  }
}

/** Read and grouped once a process: the thousand jobs of a worker share it. */
let grouped: Promise<Map<string, Flight[]>> | null = null
function routes(): Promise<Map<string, Flight[]>> {
  grouped ??= readData('flights-20k.json').then(text => Map.groupBy(JSON.parse(text) as Flight[], keyOf))
  return grouped
}

function keyOf({ origin, destination }: Route): string {
  return `${origin}-${destination}`
}

function hourOfWeek(date: string): number {
  const [year, month, day, hour] = date.split(/[/ :]/).map(Number) as [number, number, number, number]
  const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7
  return weekday * 24 + hour
}
