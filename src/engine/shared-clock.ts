import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'

const LOOK_MS = 1_000
/** By so much a machine may be off before anybody is told. */
const OFF_MS_MAX = 1_000

export interface SharedClock {
  readonly clock: Clock
  stop(): void
}

/**
 * The wall clock of a store that nodes share (E20): between two looks at it, time goes on by the monotonic clock, so a machine whose own clock is off, or
 * steps, fires what the others would. What is known of the store's clock is that it said its time between the question and the answer: the smallest
 * correction that fits is made, else each look would make the time jitter.
 *
 * While the store does not answer, time goes on. `told` by how much the machine's clock is ahead, once it is off by more than a second.
 */
export async function sharedClock(store: Pick<Store, 'now'>, own: Clock, told: (aheadMs: number) => void): Promise<SharedClock> {
  let wallAtZero = own.now() - own.monotonic()
  let isOff = false
  let stopped = false
  let cancel: () => void = () => {}

  async function look(): Promise<void> {
    const asked = own.monotonic()
    const said = await store.now()
    const answered = own.monotonic()
    // It was said in whole milliseconds.
    wallAtZero = Math.min(Math.max(wallAtZero, said - answered), said + 1 - asked)
    const aheadMs = Math.round(own.now() - answered - wallAtZero)
    const off = Math.abs(aheadMs) > OFF_MS_MAX
    if (off && !isOff) told(aheadMs)
    isOff = off
  }
  function lookLater(): void {
    cancel = own.after(LOOK_MS, async () => {
      await look().catch(() => {})
      if (!stopped) lookLater()
    })
  }

  await look().catch(() => {})
  lookLater()
  return {
    clock: { ...own, now: () => Math.floor(own.monotonic() + wallAtZero) },
    stop() {
      stopped = true
      cancel()
    },
  }
}
