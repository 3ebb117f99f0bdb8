import { type Connection, RequestRefused, type WireProblem } from '@mainspring/sdk'
import { createApi } from '../../src/api/api.ts'
import type { Engine } from '../../src/engine/face.ts'
import type { Stage } from './actors.ts'
import type { Life } from './life.ts'
import type { Rng } from './rng.ts'

const CALL_MS = 3_000
const apis = new WeakMap<Engine, ReturnType<typeof createApi>>()

/** How the SDK in a process of the simulation reaches the nodes: the API of any of them, over the network that loses and repeats. */
export function sdkConnection({ cluster, world }: Stage, life: Life, rng: Rng): Connection {
  const apiOf = (engine: Engine) => {
    const known = apis.get(engine)
    if (known !== undefined) return known
    const made = createApi(engine, { now: () => world.wall(), newId: () => `api-${world.events}` })
    apis.set(engine, made)
    return made
  }
  let index = rng.whole(0, cluster.nodes.length - 1)
  return {
    call: (operation, call) =>
      new Promise((resolve, reject) => {
        const node = cluster.nodes[index] as (typeof cluster.nodes)[number]
        const asked = cluster.call({
          node,
          name: operation,
          timeoutMs: (call.waitMs ?? 0) + CALL_MS,
          repeatable: rng.chance(0.2),
          run: (engine, signal) => apiOf(engine).dispatch(operation, { ...call, signal }),
        })
        call.signal?.addEventListener('abort', () => reject(call.signal?.reason), { once: true })
        void asked.then(outcome =>
          life.enter('answer', () => {
            if (outcome.is === 'answer' && outcome.value.status < 400) return resolve(outcome.value.body)
            index = (index + 1) % cluster.nodes.length
            if (outcome.is !== 'answer') return reject(away())
            const problem = JSON.parse(outcome.value.body) as WireProblem
            if (problem.status === 500) world.fail('a call of a worker failed', { operation, problem, body: call.body })
            reject(new RequestRefused(problem))
          }),
        )
      }),
    stream: () => {
      throw new Error('no worker follows anything')
    },
    address: () => null,
    close: async () => {},
  }
}

function away(): RequestRefused {
  return new RequestRefused({ type: 'about:blank', code: 'unavailable', status: 503, title: 'Nobody answers.' })
}
