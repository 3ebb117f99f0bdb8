import { seeded } from '../core/seeded.ts'
import type { Store } from '../store/store.ts'
import { createEngine } from './engine.ts'
import type { DefinitionOptions, Delivery, Engine, Poll, StartAnswer, StartRequest } from './face.ts'
import type { Sizes } from './options.ts'
import { settle, TestClock } from './test-clock.ts'

/** For tests of this folder: a node that serves over `store`, on a clock that stands still, with one definition per name. */
export class TestNode {
  readonly engine: Engine
  readonly clock: TestClock
  readonly logged: { message: string; facts: Record<string, unknown> }[] = []

  private constructor(store: Store, sizes: Partial<Sizes>, clock: TestClock, seed: number) {
    this.clock = clock
    this.engine = createEngine({
      store,
      clock,
      random: seeded(seed),
      nodeName: 'test',
      sizes,
      log: (_, message, facts) => void this.logged.push({ message, facts }),
    })
  }

  static async start(
    store: Store,
    definitions: Record<string, DefinitionOptions> = { mail: {} },
    { sizes = {}, clock = new TestClock(), seed = 1 }: { sizes?: Partial<Sizes>; clock?: TestClock; seed?: number } = {},
  ): Promise<TestNode> {
    const node = new TestNode(store, sizes, clock, seed)
    await node.engine.start()
    // It may stand by until the node before it is dead.
    while (!node.engine.serves()) await new Promise<void>(resolve => clock.after(10, resolve))
    const specs = Object.entries(definitions).map(([name, options]) => ({ kind: 'job' as const, name, version: '1', options, schema: null }))
    await node.engine.definitions.register('default', specs)
    return node
  }

  start(callKey: string | null, ...requests: Partial<StartRequest>[]): Promise<StartAnswer[]> {
    const starts = requests.map(request => ({ definition: 'mail', input: null, options: {}, trigger: { is: 'call' as const }, ...request }))
    return this.engine.runs.start('default', { callKey, by: null, starts })
  }

  /** One run, started. */
  async run(request: Partial<StartRequest> = {}): Promise<string> {
    const [answer] = await this.start(null, request)
    return (answer as { run: string }).run
  }

  async poll(changes: Partial<Poll> = {}): Promise<{ answer: string; tasks: Delivery[] }> {
    const poll: Poll = {
      worker: 'w1',
      workerName: 'box:1',
      last: null,
      queues: [],
      serves: [{ definition: 'mail', version: null }],
      labels: {},
      max: 10,
      slots: 10,
      waitMs: 0,
      ...changes,
    }
    const answer = this.engine.tasks.poll('default', poll, new AbortController().signal)
    await settle()
    await this.clock.advance(poll.waitMs)
    return answer
  }

  complete(task: Delivery, output: string | null = null): Promise<string[]> {
    const { run, attempt, delivery } = task
    return this.engine.tasks.complete('default', 'w1', [{ run, task: task.task, attempt, delivery, is: 'completed', output }])
  }
}
