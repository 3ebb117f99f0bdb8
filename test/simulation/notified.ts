import type { RunId } from '../../src/core/ids.ts'
import type { DefinitionOptions } from '../../src/engine/face.ts'
import type { Limited } from './limited.ts'
import { DEFINITIONS, type Scenario } from './scenario.ts'
import type { RunTruth, Truth } from './truth.ts'
import type { World } from './world.ts'

/** By the names in histories of jobs; who has not asked for `recovered` is told that it completed. */
const TOLD: Readonly<Record<string, string>> = {
  attempt_failed: 'retrying',
  parked: 'parked',
  completed: 'completed',
  failed: 'failed',
  timed_out: 'failed',
}
const [TELLS, TOLD_JOB] = DEFINITIONS

/** What one definition of a world says of whom it tells. */
export const NOTIFYING: Readonly<Record<string, DefinitionOptions>> = {
  [TELLS]: { notify: [{ on: ['completed', 'failed', 'retrying', 'parked'], job: TOLD_JOB }] },
}

/** What is told stands in no line (src/engine/notifications.ts), and whoever looks after lines does not know which of a job's runs were told. */
export function withoutLine(limited: Limited): Limited {
  const { sequence: _, ...options } = limited[TOLD_JOB] ?? {}
  return { ...limited, [TOLD_JOB]: options }
}

/** Whatever a notification is told of is in the commit of what it tells, once for each time. */
export class Notified {
  readonly #world: World
  readonly #scenario: Scenario
  /** Things that happened, and runs that tell of them: by run and event. */
  readonly #happened = new Map<string, number>()
  readonly #told = new Map<string, number>()
  readonly #touched = new Set<string>()

  constructor(world: World, truth: Truth, scenario: Scenario) {
    this.#world = world
    this.#scenario = scenario
    const { onEvent } = truth
    truth.onEvent = (run, event) => {
      onEvent(run, event)
      if (scenario.notifies) this.#note(run, event)
    }
  }

  get count(): number {
    return this.#told.size
  }

  #note({ id, row, events }: RunTruth, event: RunTruth['events'][number]): void {
    const trigger = (events[0]?.trigger ?? {}) as { is?: string; run?: RunId; event?: string }
    // A deadline of a DAG is told by the DAG itself (dags.ts).
    if (event.is === 'started' && trigger.is === 'hook' && trigger.event !== 'deadline') this.#count(this.#told, `${trigger.run} ${trigger.event}`)
    const told = TOLD[event.is]
    if (told !== undefined && row.name === TELLS && row.kind === 'job' && trigger.is !== 'hook') this.#count(this.#happened, `${id} ${told}`)
  }

  #count(counts: Map<string, number>, name: string): void {
    counts.set(name, (counts.get(name) ?? 0) + 1)
    this.#touched.add(name)
  }

  /** What a store that went back has lost is outside of the promises (E2). */
  committed(): void {
    for (const name of this.#touched) {
      const [happened = 0, told = 0] = [this.#happened.get(name), this.#told.get(name)]
      if (!this.#scenario.rollbacks)
        this.#world.expect(happened === told, 'a notification is not in the commit of what it tells, or not once', () => ({ name, happened, told }))
    }
    this.#touched.clear()
  }
}
