// The thread that keeps a worker's leases (leases.ts), on a connection of its own.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../clock.ts'
import { httpConnection } from '../http.ts'
import { portConnection } from '../port.ts'
import { LeaseKeeper } from './keeper.ts'
import { READY, type ThreadData, type ThreadNews, type ThreadWord } from './leases.ts'

const { address, namespace, worker } = workerData as ThreadData
const connection = address.is === 'http' ? httpConnection(address) : portConnection(address.port)
const keeper = new LeaseKeeper(connection, namespace, worker, systemClock, (...news: ThreadNews) => parentPort?.postMessage(news))

parentPort?.on('message', (word: ThreadWord) => {
  if (Array.isArray(word)) keeper.release(word)
  else keeper.hold(word)
})
parentPort?.postMessage(READY)
