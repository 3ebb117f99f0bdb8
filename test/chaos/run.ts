// `npm run chaos -- --seed N --rounds N [--long]`: real nodes, workers and a PostgreSQL of their own under load, while things break; prints a table of the
// faults and ends with 1 when anything was lost, doubled or forgotten. `--long`: nodes stand still for up to a minute.
import { parseArgs } from 'node:util'
import { chaos } from './chaos.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, rounds: { type: 'string' }, long: { type: 'boolean' } } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6))
console.log(`seed ${seed}`)
const { wrong, findings, receipts, times, faults } = await chaos({
  seed,
  rounds: Number(values.rounds ?? 2),
  long: values.long ?? false,
  tell: line => console.log(line),
})
console.log('\n| fault | times | until client and workers got on, median ms | most ms |\n| --- | --- | --- | --- |')
for (const [name, tooks] of [...faults].sort()) {
  const sorted = tooks.toSorted((a, b) => a - b)
  console.log(`| ${name} | ${tooks.length} | ${sorted[Math.floor(sorted.length / 2)]} | ${sorted.at(-1)} |`)
}
console.log(`\n${receipts} receipts, ${times} nominal times, ${JSON.stringify(findings)}`)
for (const line of wrong.slice(0, 20)) console.error(line)
console.log(wrong.length === 0 ? 'everything that was promised is true' : `${wrong.length} are wrong`)
process.exit(wrong.length === 0 ? 0 : 1)
