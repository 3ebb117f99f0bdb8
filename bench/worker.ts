// A worker process of the bench: `worker.ts URL SLOTS`. Says when it is ready; asked by message, says what its handlers have noted (jobs.ts, flows.ts).
import { startWorker } from '@mainspring/sdk/worker'
import { layer, ten, wide } from './dags.ts'
import { FLOWS, stretches } from './flows.ts'
import { crowded, dispatches, due, latencies, limited, noop, shared, stamped } from './jobs.ts'

const [, , url = '', slots = '50'] = process.argv
const worker = startWorker({
  jobs: [noop, limited, shared, stamped, crowded, due, ...FLOWS, ten, wide, layer],
  url,
  slots: Number(slots),
  log: () => {},
})
await worker.ready
process.send?.('ready')
process.on('message', (word: 'latencies' | 'dispatches' | 'stretches') => process.send?.({ latencies, dispatches, stretches }[word]))
process.on('SIGTERM', () => void worker.drain('1s').then(() => process.exit(0)))
