// `npm run chaos -- --seeds N --from N --rounds N [--long] [--schedules N]`: real nodes, workers and a PostgreSQL of their own under load, while things break,
// a world a seed; prints a table of the faults and ends with 1 when anything was lost, doubled or forgotten. `--long`: nodes stand still for up to a minute.
import { parseArgs } from 'node:util'
import { chaos } from './chaos.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    from: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    rounds: { type: 'string', default: '2' },
    schedules: { type: 'string', default: '10' },
    long: { type: 'boolean', default: false },
  },
})
const tooks = new Map<string, number[]>()
const sums: Record<string, number> = {}
let wrongs = 0
for (let seed = Number(values.from); seed < Number(values.from) + Number(values.seeds); seed++) {
  console.log(`seed ${seed}`)
  const { wrong, findings, faults, ...counts } = await chaos({
    ...{ seed, rounds: Number(values.rounds), schedules: Number(values.schedules), long: values.long },
    tell: line => console.log(line),
  })
  for (const [name, took] of faults) tooks.set(name, [...(tooks.get(name) ?? []), ...took])
  for (const [name, count] of Object.entries({ ...counts, ...findings })) sums[name] = (sums[name] ?? 0) + count
  for (const line of wrong.slice(0, 20)) console.error(line)
  if (wrong.length > 0)
    console.log(`${wrong.length} are wrong: npm run chaos -- --from ${seed} --rounds ${values.rounds}${values.long ? ' --long' : ''}`)
  wrongs += wrong.length
  report()
}
console.log(wrongs === 0 ? 'everything that was promised is true' : `${wrongs} are wrong`)
process.exit(wrongs === 0 ? 0 : 1)

/** After each world: a run of hours that is cut off has said what it found. */
function report(): void {
  console.log('\n| fault | times | until clients and workers got on, median ms | most ms |\n| --- | --- | --- | --- |')
  for (const [name, took] of [...tooks].sort()) {
    const sorted = took.toSorted((a, b) => a - b)
    console.log(`| ${name} | ${took.length} | ${sorted[Math.floor(sorted.length / 2)]} | ${sorted.at(-1)} |`)
  }
  console.log(`\n${JSON.stringify(sums)}`)
}
