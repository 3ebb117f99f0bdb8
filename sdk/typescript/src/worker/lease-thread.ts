// The thread that keeps a worker's leases (leases.ts), on a connection of its own.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../clock.ts'
import { httpConnection } from '../http.ts'
import { portConnection } from '../port.ts'
import type { WireLog } from '../wire.ts'
import { LeaseKeeper, type Overdue } from './keeper.ts'
import { READY, type ThreadData, type ThreadSaying, type ThreadWord } from './leases.ts'
import { stackOfMainThread, stuckMessage } from './stuck.ts'

const { address, namespace, worker, stuckMs, hasMain } = workerData as ThreadData
const connection = address.is === 'http' ? httpConnection(address) : portConnection(address.port)
const answers = new Map<number, (runs: boolean) => void>()
let asked = 0

const keeper = new LeaseKeeper({
  connection,
  namespace,
  worker,
  clock: systemClock,
  stuckMs,
  news: (batch, index, news) => say({ is: 'news', batch, index, news }),
  isStuck,
})

/** The main thread knows; if it does not answer, it is the one that hangs. */
async function isStuck(overdue: Overdue): Promise<boolean> {
  const id = asked++
  const runs = await new Promise<boolean | null>(resolve => {
    answers.set(id, resolve)
    setTimeout(resolve, ANSWER_MS, null)
    say({ is: 'overdue', id, batch: overdue.batch, index: overdue.index })
  })
  answers.delete(id)
  if (runs !== null) return runs
  await report(overdue, hasMain ? await stackOfMainThread() : null)
  return true
}

async function report({ beat, batch, index }: Overdue, stack: string | null): Promise<void> {
  const { run, attempt, delivery } = beat
  const message = `${stuckMessage(stuckMs)}; the worker’s thread is in`
  const fields = { asked: null, stack: stack ?? 'not to be told: a call outside of JavaScript' }
  const line = { run, attempt, delivery, n: LINE_NUMBER, at: new Date().toISOString(), level: 'warn', message, fields } as const
  const body: WireLog = { worker, lines: [line] }
  say({ is: 'reported', batch, index, stack: fields.stack })
  await connection.call('tasks.log', { params: { namespace }, body: JSON.stringify(body) }).catch(() => {})
}

function say(saying: ThreadSaying): void {
  parentPort?.postMessage(saying)
}

/** A main thread that turns its loop answers within milliseconds. */
const ANSWER_MS = 1_000
/** Behind those that the main thread gives to the handler's lines. */
const LINE_NUMBER = 100_000

parentPort?.on('message', (word: ThreadWord) => {
  if (Array.isArray(word)) keeper.release(word)
  else if ('id' in word) answers.get(word.id)?.(word.runs)
  else keeper.hold(word)
})
parentPort?.postMessage(READY)
