import type { WireEntry, WireEvent } from '../wire.ts'
import type { WorkflowContext } from '../workflow/context.ts'
import type { AnyWorkflowHandler } from '../workflow/define.ts'
import { Flow } from '../workflow/flow.ts'

export const AT = '2026-01-01T00:00:00.000Z'
export const NO_LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A flow driven as its worker does, with a history that the test makes. */
export class Driven {
  readonly flow: Flow
  readonly lines: string[] = []
  readonly history: WireEvent[] = []

  constructor(handler: (input: never, ctx: WorkflowContext) => Promise<unknown>) {
    const log = { ...NO_LOG, info: (line: string) => void this.lines.push(line) }
    const code = {
      run: 'r1',
      name: 'flow',
      handler: handler as AnyWorkflowHandler,
      schema: undefined,
      input: 7,
      metadata: undefined,
      tags: {},
      log,
      chunks: () => {
        throw new Error('no step writes')
      },
      steps: {},
      locks: { named: {}, queue: undefined },
    }
    this.flow = new Flow(code, 0, {
      soon: call => void setImmediate(call),
      after: (ms, call) =>
        (
          t => () =>
            clearTimeout(t)
        )(setTimeout(call, ms)),
      random: () => 0.5,
    })
  }
  async start(): Promise<this> {
    await this.happens({ is: 'started' })
    return this
  }
  async happens(...events: (Omit<WireEvent, 'at'> & { is: string })[]): Promise<void> {
    const from = this.history.length
    this.history.push(...events.map(event => ({ at: AT, ...event }) as WireEvent))
    await this.flow.feed(from, this.history.slice(from))
  }
  take(): WireEntry[] {
    return this.flow.take().entries
  }
  /** What the steps under way give, once all of them have ended. */
  async outcomes(count: number): Promise<WireEntry[]> {
    const entries: WireEntry[] = []
    while (entries.length < count) {
      await this.flow.news()
      entries.push(...this.flow.take().entries)
    }
    return entries
  }
}

export const drive = (handler: (input: never, ctx: WorkflowContext) => Promise<unknown>) => new Driven(handler).start()
