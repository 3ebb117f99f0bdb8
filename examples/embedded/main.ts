/**
 * A node in one's own process: no server, no port, no HTTP between engine and handler. The work survives the process all the same.
 *
 *     node examples/embedded/main.ts jobs.db
 */
import { job } from '@mainspring/sdk'
import { startNode } from 'mainspring'

const square = job('square', async (number: number, ctx) => {
  ctx.log.info('squaring', { number })
  return number * number
})

const node = await startNode({ database: process.argv[2] ?? 'memory:', work: [square] })
const runs = await square.startMany([1, 2, 3, 4, 5].map(input => ({ input })))
const squares = await Promise.all(runs.map(run => run.result()))
console.log(squares.join(' '))
await node.stop()
