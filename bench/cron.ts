/**
 * Nanoseconds per next time over a year of successive times in Europe/Berlin, five expressions: ours, and in the same run croner, cron-parser and robfig/cron.
 * Peers are installed in `peers/`; what is missing there (npm's registry, Go) is left out, and said.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseCron } from '../src/time/cron/cron.ts'

const EXPRESSIONS = {
  'every 15 minutes': '*/15 * * * *',
  hourly: '0 * * * *',
  daily: '30 2 * * *',
  weekdays: '0 9 * * 1-5',
  monthly: '0 6 1 * *',
}
const ZONE = 'Europe/Berlin'
const FROM = Date.UTC(2026, 0, 1)
const UNTIL = Date.UTC(2027, 0, 1)
const ROUNDS = 5
const CALLS_MIN = 100_000
/** Peers take up to 100 times as long. */
const PEER_CALLS_MIN = 2_000
const PEERS = join(import.meta.dirname, 'peers')

/** By peer and expression. */
export async function cronFigures(): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  const enter = (who: string, name: string, nanoseconds: number): void => {
    figures[`cron next, ${name}, ${who}, ns`] = nanoseconds
  }
  for (const [name, expression] of Object.entries(EXPRESSIONS)) {
    const cron = parseCron(expression, { timezone: ZONE })
    enter(
      'ours',
      name,
      best(CALLS_MIN, at => cron.next(at)),
    )
  }
  if (installed()) {
    const { Cron } = await peer<{ Cron: new (expression: string, options: object) => { nextRun(at: Date): Date | null } }>('croner')
    const { CronExpressionParser } = await peer<CronParser>('cron-parser')
    for (const [name, expression] of Object.entries(EXPRESSIONS)) {
      const croner = new Cron(expression, { timezone: ZONE, paused: true })
      enter(
        'croner',
        name,
        best(PEER_CALLS_MIN, at => croner.nextRun(new Date(at))?.getTime() ?? null),
      )
      // It goes on from its own last time.
      const parsed = CronExpressionParser.parse(expression, { tz: ZONE, currentDate: new Date(FROM) })
      enter(
        'cron-parser',
        name,
        best(PEER_CALLS_MIN, at => {
          if (at === FROM) parsed.reset(new Date(FROM))
          return parsed.next().getTime()
        }),
      )
    }
  }
  for (const [expression, nanoseconds] of Object.entries(robfig()))
    enter('robfig/cron', Object.entries(EXPRESSIONS).find(([, text]) => text === expression)?.[0] as string, nanoseconds)
  return figures
}

interface CronParser {
  CronExpressionParser: { parse(expression: string, options: object): { next(): { getTime(): number }; reset(to: Date): void } }
}

/** The least of several rounds: what else the machine does only adds. */
function best(callsMin: number, next: (at: number) => number | null): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    let calls = 0
    const begunAt = performance.now()
    while (calls < callsMin) for (let at: number | null = FROM; at !== null && at < UNTIL; at = next(at)) calls++
    least = Math.min(least, ((performance.now() - begunAt) * 1e6) / calls)
  }
  return least
}

function installed(): boolean {
  if (existsSync(join(PEERS, 'node_modules'))) return true
  try {
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: PEERS, stdio: 'ignore' })
    return true
  } catch {
    process.stderr.write('skipped: croner, cron-parser (npm ci failed in bench/peers)\n')
    return false
  }
}

async function peer<Module>(name: string): Promise<Module> {
  return (await import(pathToFileURL(createRequire(join(PEERS, 'package.json')).resolve(name)).href)) as Module
}

function robfig(): Record<string, number> {
  try {
    const text = execFileSync('go', ['run', '.', ...Object.values(EXPRESSIONS)], { cwd: join(PEERS, 'robfig'), stdio: ['ignore', 'pipe', 'ignore'] })
    return JSON.parse(text.toString()) as Record<string, number>
  } catch {
    process.stderr.write('skipped: robfig/cron (it needs Go)\n')
    return {}
  }
}

if (import.meta.main)
  for (const [name, value] of Object.entries(await cronFigures())) console.log(`${name.padEnd(48)} ${value.toFixed(0).padStart(8)}`)
