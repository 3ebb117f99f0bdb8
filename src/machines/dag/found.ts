import type { Payload } from '../../core/run.ts'
import type { TaskEnding } from './rules.ts'
import type { Reference } from './types.ts'

/** What a round of judging has found, by reference. */
export class Found {
  readonly ready: Reference[] = []
  readonly skipped: Reference[] = []
  readonly upstream_failed: Reference[] = []
  readonly failed: { n: Reference; reason: string }[] = []
  readonly ran: { n: Reference; output: Payload }[] = []
  readonly mapped: { n: number; items: number; ran?: Payload[] | true }[] = []
  readonly every: { n: number; as: 'ready' | 'skipped' | 'upstream_failed'; refs: readonly Reference[] }[] = []

  get isEmpty(): boolean {
    const { ready, skipped, upstream_failed, failed, ran, mapped, every } = this
    return ready.length + skipped.length + upstream_failed.length + failed.length + ran.length + mapped.length + every.length === 0
  }

  /** What was found of all items of a task that wait. */
  add(own: Found, n: number, refs: readonly Reference[]): void {
    for (const as of ['ready', 'skipped', 'upstream_failed'] as const)
      if (own[as].length === refs.length && refs.length > 1) {
        this.every.push({ n, as, refs })
        return
      }
    for (const list of ['ready', 'skipped', 'upstream_failed', 'failed', 'ran'] as const)
      for (const one of own[list]) (this[list] as unknown[]).push(one)
  }

  /** As an event tells it. */
  lists(ran: (ref: Reference, output: Payload) => object): Record<string, readonly unknown[]> {
    const { ready, skipped, upstream_failed, failed, mapped } = this
    const every = this.every.map(({ n, as }) => ({ n, as }))
    return { ready, skipped, upstream_failed, failed, ran: this.ran.map(({ n, output }) => ran(n, output)), mapped, every }
  }

  /** Those that have ended by it, each list of one task. */
  ended(): { refs: readonly Reference[]; as: TaskEnding }[] {
    const alone = (refs: readonly Reference[], as: TaskEnding) => refs.map(ref => ({ refs: [ref], as }))
    return [
      ...alone(this.skipped, 'skipped'),
      ...alone(this.upstream_failed, 'upstream_failed'),
      ...alone(
        this.failed.map(({ n }) => n),
        'failed',
      ),
      ...alone(
        this.ran.map(({ n }) => n),
        'success',
      ),
      ...this.every.flatMap(({ as, refs }) => (as === 'ready' ? [] : [{ refs, as }])),
    ]
  }
}
