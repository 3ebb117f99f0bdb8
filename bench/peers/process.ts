// `process.ts PEER URL`: one process of a peer. Told by messages what to do; answers each with what it found.
import type { Peer } from './peer.ts'

const [, , name = '', url = ''] = process.argv
const { open } = (await import(`./${name}.ts`)) as { open(url: string): Promise<Peer> }
const peer = await open(url)
const latencies: number[] = []

const now = (): number => performance.timeOrigin + performance.now()

type Word =
  | { is: 'start'; count: number; perCall: number; calls: number }
  | { is: 'pace'; count: number; perSecond: number }
  | { is: 'work' | 'left' | 'latencies' }

async function did(word: Word): Promise<unknown> {
  switch (word.is) {
    case 'start': {
      let left = word.count
      const call = async () => {
        while (left > 0) {
          const count = Math.min(word.perCall, left)
          left -= count
          await peer.start(count)
        }
      }
      const begunAt = performance.now()
      await Promise.all(Array.from({ length: word.calls }, call))
      return word.count / ((performance.now() - begunAt) / 1_000)
    }
    case 'pace': {
      const begunAt = performance.now()
      const answers: Promise<void>[] = []
      for (let n = 0; n < word.count; n++) {
        const waitMs = begunAt + (n * 1_000) / word.perSecond - performance.now()
        if (waitMs > 0) await new Promise(resolve => setTimeout(resolve, waitMs))
        answers.push(peer.startOne({ sentAt: now() }))
      }
      await Promise.all(answers)
      return null
    }
    case 'work':
      await peer.work(({ sentAt }) => {
        if (sentAt !== undefined) latencies.push(now() - sentAt)
      })
      return null
    case 'left':
      return peer.left()
    case 'latencies':
      return latencies
  }
}

process.on('message', (word: Word) => void did(word).then(found => process.send?.({ found })))
process.on('SIGTERM', () => process.exit(0))
process.send?.('ready')
