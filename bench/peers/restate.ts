import { Agent, request } from 'node:http'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import * as restate from '@restatedev/restate-sdk'
import { type FlowPeer, step, type Workflow } from './flow-peer.ts'

const children = restate.service({ name: 'child', handlers: { run: async (_: restate.Context, _n: number) => 'ok' } })

const flows = restate.service({
  name: 'flows',
  handlers: {
    five: async (ctx: restate.Context, _: number) => {
      for (let n = 1; n <= 5; n++) await ctx.run('step', step)
      return 'done'
    },
    one: (ctx: restate.Context, _: number) => ctx.run('step', step),
    fan: async (ctx: restate.Context, count: number) => {
      const all = Array.from({ length: count }, (_, n) => ctx.serviceClient(children).run(n))
      return (await restate.RestatePromise.all(all)).length
    },
  },
})

/** https://docs.restate.dev: handlers are served over HTTP/2, and called through the server's ingress. `url` has the port of the admin API as its parameter `admin`. */
export async function open(url: string): Promise<FlowPeer> {
  const ingress = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000 })
  return {
    async serve() {
      const server = createServer(restate.createEndpointHandler({ services: [flows, children] }))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const { status, statusText } = await fetch(`http://127.0.0.1:${ingress.searchParams.get('admin')}/deployments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
      })
      if (status >= 300) throw new Error(`Restate does not take the deployment: ${status} ${statusText}`)
    },
    call: (what, input) => called(agent, ingress, what, input),
  }
}

function called(agent: Agent, { hostname: host, port }: URL, what: Workflow, input: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request({ host, port, path: `/flows/${what}`, method: 'POST', agent, headers }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', part => (text += part))
      answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode}: ${text}`))))
    })
    call.on('error', reject).end(JSON.stringify(input))
  })
}
