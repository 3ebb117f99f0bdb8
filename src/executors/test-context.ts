import type { JobContext } from '@mainspring/sdk'

export interface Line {
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  fields?: Record<string, unknown> | undefined
}
export interface TestContext extends JobContext {
  readonly lines: Line[]
  readonly saved: unknown[]
  heartbeats: number
  abort(reason: Error): void
  /** Resolves as soon as a line holds; looked at with each line. */
  line(holds: (line: Line) => boolean): Promise<Line>
}

/** A handler's context without a worker: what is said is kept. `extra` is added to it, such as `nominalTime`. */
export function testContext(options: { checkpoint?: unknown; attempt?: number; run?: string; extra?: object } = {}): TestContext {
  const run = options.run ?? '01k7x9v2q7n3mfd8r2t5w1z6ab'
  const stop = new AbortController()
  const lines: Line[] = []
  const saved: unknown[] = []
  const watchers: { holds: (line: Line) => boolean; found: (line: Line) => void }[] = []
  const say =
    (level: Line['level']) =>
    (message: string, fields?: Record<string, unknown>): void => {
      const line = { level, message, fields }
      lines.push(line)
      for (const { holds, found } of watchers) if (holds(line)) found(line)
    }
  const unused = (): never => {
    throw new Error('this context starts nothing')
  }
  let checkpoint = options.checkpoint
  return {
    run,
    attempt: options.attempt ?? 1,
    attempts: 10,
    taskKey: `${run}:job`,
    tags: {},
    assetEvents: [],
    asset() {},
    watermark: async () => null,
    setWatermark() {},
    metadata: undefined,
    deadline: null,
    signal: stop.signal,
    log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
    stream: unused,
    artifact: { table: unused, markdown: unused, image: unused, link: unused },
    files: { put: unused, read: unused },
    variable: unused,
    connection: unused,
    checkpoint: {
      get value() {
        return checkpoint
      },
      async save(value) {
        checkpoint = structuredClone(value)
        saved.push(checkpoint)
      },
    },
    progress: () => {},
    heartbeat() {
      this.heartbeats++
    },
    start: unused,
    startMany: unused,
    snooze: unused,
    lines,
    saved,
    heartbeats: 0,
    abort: reason => stop.abort(reason),
    line: holds => {
      const there = lines.find(holds)
      return there ? Promise.resolve(there) : new Promise(found => watchers.push({ holds, found }))
    },
    ...options.extra,
  }
}
