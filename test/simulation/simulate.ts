import { parseArgs } from 'node:util'
import { applyPatches, PLANTS } from './plants.ts'

/**
 * `npm run simulate -- --seeds N --from S [--plant NAME]`: runs seeds S to S + N - 1 and stops at the first that breaks a rule, with the command that
 * replays it. `--trace N` prints the last N lines (40), `--only WORD` those that have one of these words, `--echo` prints all as they happen.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    plant: { type: 'string' },
    trace: { type: 'string', default: '40' },
    only: { type: 'string', multiple: true, default: [] },
    echo: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})

const from = Number(values.from)
const until = from + Number(values.seeds)
const plant = values.plant === undefined ? undefined : PLANTS[values.plant]
if (values.plant !== undefined && plant === undefined) {
  console.error(`There is no plant "${values.plant}". There are: ${Object.keys(PLANTS).join(', ')}`)
  process.exit(2)
}
if (!Number.isInteger(from) || !(until > from)) {
  console.error('--from and --seeds are whole numbers, --seeds at least 1.')
  process.exit(2)
}
if (plant?.patches !== undefined) applyPatches(plant.patches)
// After the patches: what is imported before is not patched.
const { createEngine } = await import('../../src/engine/engine.ts')
const { simulate } = await import('./simulation.ts')

const fatal = (error: unknown) => {
  console.error('An error escaped the engine:', error)
  process.exit(1)
}
process.on('unhandledRejection', fatal)

let failed = 0
const started = performance.now()
const total: Record<string, number> = {}
for (let seed = from; seed < until; seed++) {
  const { failure, trace, counts } = await simulate({
    seed,
    createEngine,
    ...(plant?.plant === undefined ? {} : { plant: plant.plant }),
    // A plant shows best where nothing else goes on.
    ...(plant === undefined || plant.limits === true ? {} : { limits: false }),
    ...(plant === undefined || plant.workflows === true ? {} : { workflows: false }),
    ...(plant === undefined || plant.dags === true ? {} : { dags: false }),
    ...(plant === undefined ? {} : { notifies: false }),
    ...(values.echo ? { echo: line => console.log(line) } : {}),
  })
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
  if (values.verbose) console.log(`seed ${seed}: ${failure === null ? 'ok' : 'FAILED'} ${JSON.stringify(counts)}`)
  if (failure === null) continue
  failed++
  const only = values.only as string[]
  const lines = only.length === 0 ? trace : trace.filter(line => only.some(word => line.includes(word)))
  console.log(`seed ${seed} broke a rule: ${failure.message}`)
  if (!values.echo)
    for (const line of lines.slice(lines.length - Math.min(lines.length, Number(values.trace)))) console.log(`  ${line.slice(0, 400)}`)
  console.log(`replay: npm run simulate -- --seeds 1 --from ${seed}${values.plant === undefined ? '' : ` --plant ${values.plant}`} --echo`)
  if (!values['keep-going']) break
}
const seconds = (performance.now() - started) / 1000
console.log(`${failed === 0 ? 'all seeds hold' : `${failed} failed`}: from ${from}, ${seconds.toFixed(1)} s, ${JSON.stringify(total)}`)
process.exit(failed === 0 ? 0 : 1)
