import type { WorkflowContext } from '@mainspring/sdk'
import type { RunId } from '../../src/core/ids.ts'
import { insist, type Stage } from './actors.ts'
import type { Rng } from './rng.ts'
import { NAMESPACE } from './scenario.ts'
import type { RunTruth } from './truth.ts'

const CALL_MS = 3_000
const PER_RUN = 2

/**
 * Updates and queries that are thrown at workflows while things break, and what must hold of them: an update that was answered is committed by then, is accepted
 * once and answered once, and gives what its handler gives; one that is refused is in no history; a query sees every update that was answered before it was asked.
 */
export class Messages {
  readonly #stage: Stage
  /** Those that were answered, by run. */
  readonly #known = new Map<RunId, number[]>()
  #updates = 0
  #queries = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get counts(): { updates: number; queries: number } {
    return { updates: this.#updates, queries: this.#queries }
  }

  /** The side of the code. */
  static handle(ctx: WorkflowContext, took: () => Promise<void>): void {
    const notes: number[] = []
    ctx.onQuery('notes', () => notes)
    const validate = (note: number): void => {
      if (note % 3 === 2) throw new Error('no such notes')
    }
    ctx.onUpdate(
      'note',
      async (note: number) => {
        notes.push(note)
        await ctx.run('noted', took, { retry: { attempts: 50, initial: 50, maximum: 500 } })
        return note * 2
      },
      { validate },
    )
  }

  /** Some of them, one after the other, and a query now and then. */
  async throwAt(run: RunId, rng: Rng): Promise<void> {
    const { world } = this.#stage
    for (let count = 0; count < PER_RUN; count++) {
      await world.sleep(rng.between(0, 3_000))
      if (this.#stage.calm) return
      await this.#update(run, rng.whole(0, 8), rng)
      if (rng.chance(0.5)) await this.#query(run, rng)
    }
  }

  async #update(run: RunId, note: number, rng: Rng): Promise<void> {
    const { world, scenario, truth } = this.#stage
    const id = updateId(run, note)
    const outcome = await insist(this.#stage, rng, 4, {
      name: `update ${run.slice(-5)} ${note}`,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: (engine, signal) =>
        engine.runs.update(NAMESPACE, run, { name: 'note', input: String(note), waitMs: CALL_MS / 2 }, { id, by: null }, signal),
    })
    if (outcome.is !== 'answer') return
    this.#updates++
    const answer = outcome.value
    const facts = () => ({ run, note, answer, events: truth.get(run)?.events.map(({ is }) => is) })
    world.expect(note % 3 !== 2, 'an update was taken that the code refuses', facts)
    if (scenario.rollbacks) return
    const isThere = truth.get(run)?.events.some(({ is, command }) => is === 'update_accepted' && command === id) === true
    world.expect(isThere, 'an update was answered before it was committed', facts)
    if (answer.is === 'completed') world.expect(answer.output === String(note * 2), 'an update gave something else than its handler', facts)
    this.#known.set(run, [...(this.#known.get(run) ?? []), note])
  }

  async #query(run: RunId, rng: Rng): Promise<void> {
    const { world, scenario } = this.#stage
    const known = [...(this.#known.get(run) ?? [])]
    const outcome = await insist(this.#stage, rng, 2, {
      name: `query ${run.slice(-5)}`,
      timeoutMs: CALL_MS,
      repeatable: true,
      run: (engine, signal) => engine.runs.query(NAMESPACE, run, { name: 'notes', input: null, waitMs: CALL_MS / 2 }, signal),
    })
    if (outcome.is !== 'answer' || scenario.rollbacks) return
    this.#queries++
    const notes = JSON.parse(outcome.value ?? '[]') as number[]
    const continued = this.#stage.truth.get(run)?.events.some(({ is }) => is === 'continued') === true
    // Code that has begun anew has forgotten them.
    world.expect(continued || known.every(note => notes.includes(note)), 'a query did not see an update that was answered', () => ({
      run,
      known,
      notes,
    }))
  }

  expect({ id, events }: RunTruth): void {
    const { world } = this.#stage
    const facts = () => ({
      run: id,
      events: events.map(({ is, command, update }) => [is, command, update].filter(word => word !== undefined).join(' ')),
    })
    const signals = events.flatMap(({ is, command }) => (is === 'signalled' ? [command as string] : []))
    world.expect(new Set(signals).size === signals.length, 'a signal was taken twice (E9)', facts)
    const accepted = events.flatMap(({ is, command }) => (is === 'update_accepted' ? [command as string] : []))
    world.expect(new Set(accepted).size === accepted.length, 'an update was accepted twice (E9)', facts)
    const answered = events.flatMap(({ is, update }) => (is === 'update_answered' ? [update as number] : []))
    world.expect(new Set(answered).size === answered.length, 'an update was answered twice', facts)
    const refused = [2, 5, 8].map(note => updateId(id, note))
    world.expect(!accepted.some(command => refused.includes(command)), 'an update that the code refuses is in the history', facts)
  }
}

function updateId(run: RunId, note: number): string {
  return `note-${run}-${note}`
}
