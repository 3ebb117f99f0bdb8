// A worker process of the bench: `worker.ts URL SLOTS`. Says when it is ready; asked by message, says what its handlers have noted (jobs.ts).
import { startWorker } from '@mainspring/sdk/worker'
import { crowded, dispatches, due, latencies, limited, noop, shared, stamped } from './jobs.ts'

const [, , url = '', slots = '50'] = process.argv
const worker = startWorker({ jobs: [noop, limited, shared, stamped, crowded, due], url, slots: Number(slots), log: () => {} })
await worker.ready
process.send?.('ready')
process.on('message', (word: 'latencies' | 'dispatches') => process.send?.({ latencies, dispatches }[word]))
process.on('SIGTERM', () => void worker.drain('1s').then(() => process.exit(0)))
