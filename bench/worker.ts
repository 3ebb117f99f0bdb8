// A worker process of the bench: `worker.ts URL SLOTS`. Says when it is ready; asked by any message, says how long starts took to reach their handlers.
import { startWorker } from '@mainspring/sdk/worker'
import { crowded, latencies, limited, noop, shared, stamped } from './jobs.ts'

const [, , url = '', slots = '50'] = process.argv
const worker = startWorker({ jobs: [noop, limited, shared, stamped, crowded], url, slots: Number(slots), log: () => {} })
await worker.ready
process.send?.('ready')
process.on('message', () => process.send?.(latencies))
process.on('SIGTERM', () => void worker.drain('1s').then(() => process.exit(0)))
