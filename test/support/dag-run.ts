import { expect } from 'vitest'
import type { Context, Decision, Message } from '../../src/core/machine.ts'
import type { RunOptions } from '../../src/core/options.ts'
import type { ClosedState, Outcome, Payload, Trigger } from '../../src/core/run.ts'
import { dag } from '../../src/machines/dag/machine.ts'
import { planOf } from '../../src/machines/dag/plan.ts'
import type { DagSpec, Json } from '../../src/machines/dag/spec.ts'
import { type DagEvent, type DagInput, type DagState, ENDING_OF, type StartInput } from '../../src/machines/dag/types.ts'

export const T = 1_700_000_000_000
export const SELF = '01k7x9v2q7e0080w4qgxdtewvh'
export type Start = Message & { is: 'start' }

interface Given {
  input?: Payload
  options?: Omit<RunOptions, 'delayMs'>
  self?: string
  fork?: StartInput['fork']
  /** Who keeps it in order among other runs. */
  timeline?: string
  trigger?: Trigger
  /** What names stand for. */
  kind?: Context['kind']
}

/** A run driven input by input, as its actor does; its tasks' runs are there at once, and end as they are told. */
export class Driven {
  readonly self: string
  state: DagState
  now = T
  readonly spec: DagSpec
  readonly events: DagEvent[] = []
  readonly open = new Map<string, Start>()
  readonly cancelled: string[] = []
  readonly started: string[] = []
  /** By run: what tasks gave. */
  readonly gave = new Map<string, Payload>()
  outcome: Outcome | null = null
  answers = true
  private secrets = 0
  readonly alerts: Start[] = []
  private readonly timeline: string | undefined
  private readonly kind: Context['kind']
  readonly told: { to: string; input: { is: string } }[] = []

  constructor(spec: DagSpec, { input, options = {}, self = SELF, fork, timeline, trigger = { is: 'call' }, kind }: Given = {}) {
    this.kind = kind
    this.spec = spec
    this.timeline = timeline
    this.self = self
    const start: StartInput = { is: 'start', definition: 'sales', version: '1', options, trigger }
    if (input !== undefined) start.input = input
    if (fork !== undefined) start.fork = fork
    const decided = dag.decide(null, start, this.context())
    this.state = this.fold(null, decided.events)
    this.wake()
  }
  context(): Context {
    return {
      self: this.self,
      now: this.now,
      random: () => 0.5,
      id: () => 'id',
      home: () => 0,
      secret: () => `secret${++this.secrets}`,
      ...(this.timeline === undefined ? {} : { timeline: () => this.timeline as string }),
      memo: task => `memo ${task}`,
      digest: text => `digest of ${text.length}`,
      ...(this.kind && { kind: this.kind }),
      definition: version => (version === '1' ? this.spec : undefined),
    }
  }
  fold(state: DagState | null, events: DagEvent[]): DagState {
    this.events.push(...events)
    return events.reduce<DagState | null>(dag.evolve, state) as DagState
  }
  give(input: DagInput): Decision<DagEvent> {
    const before = dag.pending(this.state)
    const decided = dag.decide(this.state, input, this.context())
    this.state = this.fold(this.state, decided.events)
    // Decisions are increments: what is decided is what the events tell.
    if (decided.state !== undefined) expect(this.state).toEqual(decided.state)
    expect(dag.pending(this.state).wakeAt).toBe(decided.wakeAt === undefined ? before.wakeAt : decided.wakeAt)
    if (decided.outcome !== undefined) {
      expect(this.outcome).toBeNull()
      this.outcome = decided.outcome
    }
    for (const message of decided.messages ?? []) this.post(message)
    return decided
  }
  post(message: Message): void {
    if (message.is === 'tell') {
      this.told.push(message)
      if (message.input.is === 'cancel') this.cancelled.push(message.to)
      return
    }
    if (message.is === 'watch') return
    const { trigger } = message.order
    if (trigger.is === 'hook') this.alerts.push(message)
    const name = trigger.is === 'dag' ? `${trigger.task}${trigger.item === undefined ? '' : `#${trigger.item}`}` : '?'
    this.open.set(name, message)
    this.started.push(name)
    if (this.answers) this.give({ is: 'answered', reference: message.reference, run: message.run, closed: false, refusal: null })
  }
  /** All that time does by now. */
  wake(): void {
    for (let at = dag.pending(this.state).wakeAt; at !== null && at <= this.now; at = dag.pending(this.state).wakeAt) this.give({ is: 'wake' })
  }
  end(name: string, state: ClosedState = 'completed', output: Json | undefined = null, code?: string): void {
    const start = this.open.get(name) as Start
    this.open.delete(name)
    const outcome: Outcome = {
      state,
      reason: state === 'completed' ? null : 'attempts-exhausted',
      ...(output !== undefined && { output: JSON.stringify(output) }),
    }
    if (outcome.output !== undefined) this.gave.set(start.run, outcome.output)
    if (code !== undefined) outcome.failure = { type: 'Skip', message: '', code }
    this.give({ is: 'child_closed', run: start.run, state, outcome, reference: start.reference })
    this.wake()
  }
  inputOf(name: string): Json {
    const { input } = (this.open.get(name) as Start).order
    return input === null ? null : (JSON.parse(input) as Json)
  }
  get states(): Record<string, string> {
    const { ids } = planOf(this.spec)
    return Object.fromEntries(
      ids.map((id, n) => {
        const letters = this.state.mapped[n]?.items ?? (this.state.tasks[n] as string)
        return [id, [...letters].map(letter => ENDING_OF[letter] ?? letter).join(' ')]
      }),
    )
  }
}
