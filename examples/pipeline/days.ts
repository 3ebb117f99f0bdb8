import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Flight } from '../report/flights.ts'
import { parseCsv, readData } from '../support/data.ts'
import { OUTPUT } from '../support/output.ts'

export const PAGES = join(OUTPUT, 'pipeline')
const LATE_MINUTES = 15

export interface StateOfDay {
  state: string
  flights: number
  late: number
  meanDelay: number
}
export interface Day {
  day: string
  flights: number
  late: number
  states: StateOfDay[]
}

let byDay: Promise<Map<string, Flight[]>> | null = null
let stateOf: Promise<Map<string, string>> | null = null

/** Read once a process: all runs of a worker share it. */
export async function flightsOf(day: string): Promise<Flight[]> {
  byDay ??= readData('flights-20k.json').then(text => Map.groupBy(JSON.parse(text) as Flight[], ({ date }) => date.slice(0, 10).replaceAll('/', '-')))
  return (await byDay).get(day) ?? []
}

/** Where airports are, by their codes. */
export function airportStates(): Promise<Map<string, string>> {
  stateOf ??= readData('airports.csv').then(text => new Map(parseCsv(text).map(({ iata, state }) => [iata as string, state as string])))
  return stateOf
}

export function summaryOf(state: string, flights: readonly Flight[]): StateOfDay {
  const delay = flights.reduce((sum, { delay }) => sum + delay, 0)
  return { state, flights: flights.length, late: flights.filter(({ delay }) => delay > LATE_MINUTES).length, meanDelay: delay / flights.length }
}

/** Days that were aggregated, of one month. */
export async function daysOf(month: string): Promise<Day[]> {
  const files = (await readdir(join(PAGES, 'days'))).filter(file => file.startsWith(month) && file.endsWith('.json')).sort()
  return Promise.all(files.map(file => readJson<Day>(join('days', file))))
}

export async function readJson<Value>(file: string): Promise<Value> {
  return JSON.parse(await readFile(join(PAGES, file), 'utf8')) as Value
}

/** Whole or not at all: who repeats it writes the same again, and nobody reads a half. */
export async function write(file: string, text: string): Promise<string> {
  const path = join(PAGES, file)
  await mkdir(join(path, '..'), { recursive: true })
  const half = `${path}.${randomUUID()}`
  await writeFile(half, text)
  await rename(half, path)
  return file
}
