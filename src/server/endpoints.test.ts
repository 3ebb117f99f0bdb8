import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Abort, type AnyJob, Client, job, schedule, type WireEndpoint, workflow } from '@mainspring/sdk'
import { type Served, type ServeOptions, serve } from '@mainspring/sdk/serve'
import { afterEach, expect, test } from 'vitest'
import { loadConfig } from './config.ts'
import { type Node, openNode } from './node.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function server(allowHttp: string | undefined = '127.0.0.1/32'): Promise<{ node: Node; client: Client }> {
  const flags = { database: 'memory:', port: '0', logLevel: 'silent', ...(allowHttp && { allowHttp }) } as const
  const node = await openNode(loadConfig({ directory: '/', flags: flags as never }))
  ends.push(() => node.stop())
  return { node, client: new Client({ connection: node.connection, retryFor: 0 }) }
}

/** An app with this work, of which the server knows. */
class App {
  readonly client: Client
  readonly http: Server
  served: Pick<Served, 'node'> | null = null
  secret = ''
  port = 0
  constructor(client: Client) {
    this.client = client
    this.http = createServer((request, response) => {
      if (this.served !== null) return void this.served.node(request, response)
      response.writeHead(503).end('at com.shop.Secret.java:17')
    })
    ends.push(() => this.close())
  }
  async open(): Promise<void> {
    await once(this.http.listen(this.port, '127.0.0.1'), 'listening')
    this.port = (this.http.address() as AddressInfo).port
  }
  close(): void {
    this.http.close()
    this.http.closeAllConnections()
  }
  serve(...work: AnyJob[]): void {
    this.served = this.instance(work)
  }
  instance(work: AnyJob[], more: ServeOptions = {}): Served {
    return serve(work, { secret: this.secret, client: this.client, ...more })
  }
  async add(more: object = {}): Promise<void> {
    const url = `http://127.0.0.1:${this.port}/api/mainspring`
    this.secret = (await this.client.call<WireEndpoint>('endpoints.set', { name: 'shop' }, { url, ...more })).secret ?? this.secret
  }
  async is(like: object): Promise<void> {
    await expect.poll(() => this.client.call('endpoints.get', { name: 'shop' }), { timeout: 30_000 }).toMatchObject(like)
  }
}
async function appWith(client: Client, ...work: AnyJob[]): Promise<App> {
  const app = new App(client)
  await app.open()
  await app.add()
  app.serve(...work)
  await app.is({ health: 'ok', serves: expect.arrayContaining(work.map(({ name }) => name)) })
  return app
}

const resize = job('resize', { retry: { attempts: 3, initial: 1 } }, async ({ width }: { width: number }, ctx) => {
  ctx.log.info('resizing', { width })
  ctx.progress(0.5, 'half')
  if (width < 0) throw new Abort('too small')
  if (ctx.attempt < 2) throw new RangeError('again')
  return { area: width * width, key: ctx.taskKey }
})
const order = workflow('order', async (amount: number, ctx) => {
  const payment = await ctx.run('charge', step => `p-${amount} ${step.attempt}`)
  const parts = await Promise.all([ctx.run('a', () => 1), ctx.run('b', () => 2, { retry: { attempts: 1 } })])
  await ctx.sleep(10)
  const approved = await ctx.waitFor<boolean>('approval')
  const { area } = await ctx.call(resize, { width: 3 })
  return { payment, parts, approved, area }
})

test('a job and a workflow behind HTTP run as they do in a worker', async () => {
  const { client } = await server()
  const much = job('much', async () => 'x'.repeat(2 ** 20))
  await appWith(client, resize, order, much)
  const run = await client.start(resize, { width: 4 })
  expect(await run.result({ timeout: '20s' })).toEqual({ area: 16, key: expect.stringContaining(run.id) })
  const { lines } = await client.call<{ lines: { attempt: number; message: string }[] }>('runs.logs', { run: run.id })
  expect(lines.map(({ attempt, message }) => [attempt, message])).toEqual([
    [1, 'resizing'],
    [2, 'resizing'],
  ])
  const failed = await client.start(resize, { width: -1 })
  await expect(failed.result({ timeout: '20s' })).rejects.toMatchObject({ failure: { type: 'Abort', message: 'too small' }, reason: 'aborted' })
  // Nothing but the answer takes it, and that has 1 MiB for each value.
  const large = { cause: { name: 'Unserialisable', message: expect.stringContaining('1048578 bytes of JSON; 1048576 are possible behind HTTP') } }
  await expect((await client.start(much, null)).result({ timeout: '20s' })).rejects.toMatchObject(large)
  const flow = await client.start(order, 5)
  await flow.signal('approval', true)
  expect(await flow.result({ timeout: '20s' })).toEqual({ payment: 'p-5 1', parts: [1, 2], approved: true, area: 9 })
})

const STEPS = ['a', 'b', 'c', 'd']
/** How often the code began, and each step ran, in whichever instance. */
test('what lost a race behind HTTP is dropped, and takes no signal', async () => {
  const { client } = await server()
  const quote = workflow('quote', async (_: unknown, ctx) => {
    await ctx.sleep(10)
    const first = await ctx.race([() => ctx.waitFor('a'), () => ctx.waitFor('b'), () => ctx.sleep('30d')])
    const cut = await ctx.scope({ timeout: 20 }, () => ctx.waitFor('never')).catch(({ code }: { code: string }) => code)
    return [first, cut, await ctx.waitFor('b'), await ctx.waitFor('end')]
  })
  await appWith(client, quote)
  const run = await client.start(quote, null)
  await run.signal('a', 1)
  await run.signal('b', 2)
  await expect.poll(async () => (await run.explain()).reasons.map(({ text }) => text), { timeout: 20_000 }).toEqual(['it waits for the signal "end"'])
  await run.signal('end', 3)
  expect(await run.result({ timeout: '20s' })).toEqual([1, 'scope-cancelled', 2, 3])
})

function counted(): { work: AnyJob; begun: () => number; ran: Record<string, number> } {
  const ran: Record<string, number> = {}
  let begun = 0
  const work = workflow('counted', async (input: number, ctx) => {
    begun++
    let total = input
    for (const step of STEPS) total += await ctx.run(step, () => (ran[step] = (ran[step] ?? 0) + 1), { retry: { attempts: 1 } })
    await ctx.sleep(10)
    total += await ctx.waitFor<number>('more')
    const both = await Promise.all([
      ctx.run('left', () => (ran.left = (ran.left ?? 0) + 1)),
      ctx.run('right', () => (ran.right = (ran.right ?? 0) + 1)),
    ])
    return total + both[0] + both[1]
  })
  return { work, begun: () => begun, ran }
}
const EACH_ONCE = { a: 1, b: 1, c: 1, d: 1, left: 1, right: 1 }

test('a run stays live in an app from one request to the next: its code is not replayed', async () => {
  const { client } = await server()
  const { work, begun, ran } = counted()
  await appWith(client, work)
  const run = await client.start(work, 10)
  await run.signal('more', 5)
  expect(await run.result({ timeout: '60s' })).toBe(21)
  expect([begun(), ran]).toEqual([1, EACH_ONCE])
})

test.each([
  ['two instances in turn', {}],
  ['one that keeps none', { live: 0 }],
])('what another instance has done in between is seen by replaying: %s', async (_, options) => {
  const { client } = await server()
  const { work, begun, ran } = counted()
  const app = await appWith(client, work)
  const instances = [app.instance([work], options), app.instance([work], options)] as const
  let requests = 0
  app.served = { node: (...given) => instances[requests++ % 2 === 0 ? 0 : 1].node(...given) }
  const run = await client.start(work, 10)
  await run.signal('more', 5)
  expect(await run.result({ timeout: '60s' })).toBe(21)
  expect(ran).toEqual(EACH_ONCE)
  expect(begun()).toBeGreaterThan(1)
})

test('an instance that answers now and then goes on from the history, not from where it stood', async () => {
  const { client } = await server()
  const { work, ran } = counted()
  const app = await appWith(client, work)
  const instances = [0, 1, 2].map(() => app.instance([work]))
  // One has the run for two requests, another for one, and so on: each finds one that went on without it.
  const turns = [0, 0, 1, 0, 0, 2, 2, 1, 1, 0, 2]
  let requests = 0
  app.served = { node: (...given) => instances[turns[requests++ % turns.length] as number]!.node(...given) }
  const runs = await client.startMany(
    work,
    [1, 2, 3, 4, 5].map(input => ({ input })),
  )
  for (const run of runs) await run.signal('more', 5)
  await Promise.all(runs.map(run => run.result({ timeout: '60s' })))
  expect(ran).toEqual({ a: 5, b: 5, c: 5, d: 5, left: 5, right: 5 })
})

test('what was said in an answer that nobody got is said again', async () => {
  const { client } = await server()
  const flow = workflow('heard', async (input: number, ctx) => {
    let total = input
    for (const step of STEPS) total += await ctx.run(step, () => 1, { retry: { initial: 10 } })
    await ctx.sleep(10)
    return total + (await ctx.waitFor<number>('more'))
  })
  const app = await appWith(client, flow)
  const instance = app.instance([flow])
  // It does not notice: what lies between takes its answers, and drops some of them.
  let asked = 0
  const dropped = new Set([1, 3, 6])
  app.served = {
    node: async (request, response) => {
      let body = ''
      for await (const part of request as AsyncIterable<Buffer>) body += part
      const isRun = body.startsWith('{"is":"run"')
      const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)])
      const answer = await instance(new Request('http://app/', { method: 'POST', headers, body }))
      const text = await answer.text()
      if (isRun && dropped.has(++asked)) return void (response as ServerResponse).destroy()
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      response.end(text)
    },
  }
  const run = await client.start(flow, 10)
  await run.signal('more', 5)
  expect(await run.result({ timeout: '120s' })).toBe(19)
  expect(asked).toBeGreaterThan(6)
})

test('a workflow behind HTTP answers queries, takes updates, and has steps under limits and locks', async () => {
  const { client } = await server()
  const cart = workflow('cart', { steps: { pay: { limits: [{ per: 'key', concurrency: 1 }] } }, locks: { till: {} } }, async (limit: number, ctx) => {
    const items: string[] = []
    ctx.onQuery('items', () => items)
    ctx.onUpdate('add', async (item: string) => items.push(item), {
      validate: () => {
        if (items.length >= limit) throw new Error('the cart is full')
      },
    })
    await ctx.until(() => items.length === limit)
    await using _lock = await ctx.lock('till')
    return await ctx.run('pay', step => `${items.join('+')} ${step.attempt}`, { key: 'k' })
  })
  await appWith(client, cart)
  const run = await client.start(cart, 2)
  expect(await run.update('add', 'book')).toBe(1)
  expect(await run.query('items')).toEqual(['book'])
  await expect(run.query('price')).rejects.toMatchObject({ code: 'unknown-query' })
  expect(await run.update('add', 'pen')).toBe(2)
  expect(await run.result({ timeout: '20s' })).toBe('book+pen 1')
})

test('a workflow behind HTTP reads how far the runs of its schedule have come, and says it', async () => {
  const { client } = await server()
  const load = workflow('load', async (_: unknown, ctx) => {
    const since = ctx.watermark<number>() ?? 0
    ctx.setWatermark(await ctx.run('load', () => since + 10))
    return since
  })
  await appWith(client, load)
  await client.call('schedules.put', { name: 'yearly' }, { target: 'load', cron: '0 0 1 1 *' })
  const next = async () => (await client.schedules.trigger('yearly')).result({ timeout: '30s' })
  expect([await next(), await next()]).toEqual([0, 10])
  expect((await client.schedules.get('yearly')).watermark?.value).toBe(20)
})

test('an endpoint that does not answer gets no work, explain says why, and it goes on when it answers', async () => {
  const { client } = await server()
  const once = job('once', { retry: { attempts: 1 } }, () => 'done')
  const app = await appWith(client, once)
  app.served = null
  const run = await client.start(once)
  await app.is({ health: 'away', trouble: expect.stringContaining('answers 503') })
  const explained = await run.explain()
  expect(JSON.stringify([explained, await client.call('endpoints.list', {})])).not.toMatch(/Secret\.java|whsec_/)
  app.serve(once)
  expect(await run.result({ timeout: '40s' })).toBe('done')
})

test('what waits for an endpoint that is away says so', async () => {
  const { client } = await server()
  const app = await appWith(client, order)
  app.served = null
  const first = await client.start(order, 1)
  await app.is({ health: 'away' })
  await expect
    .poll(async () => (await first.explain()).reasons.map(({ code, text, command }) => ({ code, text, command })), { timeout: 20_000 })
    .toContainEqual({
      code: 'endpoint-away',
      text: expect.stringMatching(/^endpoint "shop" gets no work: http:\/\/127.0.0.1:\d+\/api\/mainspring answers 503$/),
      command: 'mainspring endpoints show shop',
    })
})

test('an app with another secret is told what is wrong, and gets it right by a rotation', async () => {
  const { client } = await server()
  const app = await appWith(client, resize)
  const { secret } = await client.call<WireEndpoint>('endpoints.rotate', { name: 'shop' })
  expect(secret).not.toBe(app.secret)
  expect(await (await client.start(resize, { width: 2 })).result({ timeout: '20s' })).toMatchObject({ area: 4 }) // the last one signs, too
  app.secret = 'whsec_AAAA'
  app.serve(resize)
  await client.start(resize, { width: 2 })
  await app.is({ health: 'away', trouble: expect.stringContaining('its signature does not fit the secret') })
  app.secret = secret as string
  app.serve(resize)
  await app.is({ health: 'ok' })
})

test('a secret is shown again to a repeat of the call that made it, and to no other', async () => {
  const { client } = await server()
  const url = 'https://shop.example/api/mainspring'
  const set = (callKey?: string) => client.call<WireEndpoint>('endpoints.set', { name: 'shop' }, { url }, callKey === undefined ? {} : { callKey })
  const rotate = (callKey: string) => client.call<WireEndpoint>('endpoints.rotate', { name: 'shop' }, undefined, { callKey })
  const { secret } = await set('first')
  expect(secret).toMatch(/^whsec_/)
  expect([(await set('first')).secret, (await set('second')).secret, (await set()).secret]).toEqual([secret, undefined, undefined])
  const { secret: next } = await rotate('third')
  expect(next).not.toBe(secret)
  expect([(await rotate('third')).secret, (await set('first')).secret]).toEqual([next, undefined])
  expect((await rotate('fourth')).secret).not.toBe(next)
})

test('an address that is not public is not asked, and the endpoint says so', async () => {
  const { client } = await server('10.1.0.0/16')
  const app = new App(client)
  await app.open()
  await app.add()
  await app.is({ health: 'away', trouble: expect.stringContaining('not public (loopback)'), serves: [] })
})

test('new code is seen with its first answer', async () => {
  const { client } = await server()
  const app = await appWith(client, resize)
  const rotate = job('rotate', () => 'turned')
  app.serve(resize, rotate)
  await (await client.start(resize, { width: 2 })).result({ timeout: '20s' })
  await app.is({ serves: ['resize', 'rotate'] })
  expect(await (await client.start('rotate')).result({ timeout: '20s' })).toBe('turned')
})

test('a cancel cuts the request, and its handler is told', async () => {
  const { client } = await server()
  const told = Promise.withResolvers<unknown>()
  const begun = Promise.withResolvers<void>()
  const slow = job('slow', (_: unknown, ctx) => {
    begun.resolve()
    return new Promise((_, reject) => ctx.signal.addEventListener('abort', () => told.resolve(reject(ctx.signal.reason))))
  })
  await appWith(client, slow)
  const run = await client.start(slow)
  await begun.promise
  await run.cancel()
  await told.promise
  await expect(run.result({ timeout: '20s' })).rejects.toMatchObject({ code: 'run-cancelled' })
})

test('an answer that breaks off fails its attempt, and the next one gets the same key and the checkpoint', async () => {
  const { client } = await server()
  const keys: string[] = []
  const app = await appWith(
    client,
    job('import', { retry: { attempts: 3, initial: 1 } }, async (_: unknown, ctx) => {
      keys.push(ctx.taskKey)
      if (ctx.checkpoint.value !== undefined) return ctx.checkpoint.value
      await ctx.checkpoint.save({ page: 7, at: new Date(0) })
      return new Promise(() => {})
    }),
  )
  const run = await client.start('import')
  await expect.poll(async () => (await run.get()).checkpoint, { timeout: 20_000 }).toMatchObject({ page: 7 })
  app.http.closeAllConnections()
  expect(await run.result({ timeout: '30s' })).toEqual({ page: 7, at: new Date(0) })
  expect(keys).toEqual([keys[0], keys[0]])
})

test('what it says of its outlets, and how far it has come, is kept with its run', async () => {
  const { client } = await server()
  const load = job('load', { outlets: ['db://orders'] }, (_: unknown, ctx) => {
    ctx.asset('db://orders', { partition: 'eu', extra: { at: new Date(0) }, watermark: 7n })
    ctx.setWatermark('page 3')
  })
  await appWith(client, load)
  await client.schedules.put(schedule('often', { every: '1s' }, load))
  await expect.poll(async () => (await client.schedules.get('often')).watermark, { timeout: 20_000 }).toMatchObject({ value: 'page 3' })
  const { watermark, events } = await client.assets.get('db://orders')
  expect(watermark).toMatchObject({ value: 7n })
  expect(events.at(-1)).toMatchObject({ partition: 'eu', extra: { at: new Date(0) } })
})

test('an endpoint that is removed is asked no more, and another address is asked anew', async () => {
  const { client } = await server()
  const app = await appWith(client, resize)
  await client.call('endpoints.remove', { name: 'shop' })
  await expect(client.call('endpoints.get', { name: 'shop' })).rejects.toMatchObject({ code: 'endpoint-not-found' })
  const names = async () => (await client.call<{ workers: { name: string }[] }>('workers.list', {})).workers.map(({ name }) => name)
  await expect.poll(names, { timeout: 20_000 }).not.toContain('endpoint shop')
  await expect(app.add({ slots: 0 })).rejects.toMatchObject({ code: 'invalid-option', at: '/slots' })
  await expect(client.call('endpoints.set', { name: 'shop' }, { url: 'ftp://shop.example/' })).rejects.toMatchObject({
    code: 'invalid-option',
    at: '/url',
  })
})
