/**
 * Nanoseconds per `next` over one year of successive times in Europe/Berlin, five expressions, best of several rounds.
 * Run: `node_modules/.bin/node bench/cron.ts`.
 */
import { performance } from 'node:perf_hooks'
import { parseCron } from '../src/time/cron/cron.ts'

const EXPRESSIONS = {
  'every 15 minutes': '*/15 * * * *',
  hourly: '0 * * * *',
  daily: '30 2 * * *',
  weekdays: '0 9 * * MON-FRI',
  monthly: '0 6 1 * *',
}
const FROM = Date.UTC(2026, 0, 1)
const UNTIL = Date.UTC(2027, 0, 1)
const CALLS_MIN = 200_000
const ROUNDS = 5

for (const [name, expression] of Object.entries(EXPRESSIONS)) {
  let best = Number.POSITIVE_INFINITY
  let fires = 0
  for (let round = 0; round < ROUNDS; round++) {
    const cron = parseCron(expression, { timezone: 'Europe/Berlin' })
    let calls = 0
    const start = performance.now()
    while (calls < CALLS_MIN) {
      fires = 0
      for (let at = cron.next(FROM); at !== null && at < UNTIL; at = cron.next(at)) fires++
      calls += fires + 1
    }
    best = Math.min(best, ((performance.now() - start) * 1e6) / calls)
  }
  console.log(`${name.padEnd(18)} ${expression.padEnd(16)} ${String(fires).padStart(6)} times a year ${best.toFixed(0).padStart(6)} ns per next`)
}
