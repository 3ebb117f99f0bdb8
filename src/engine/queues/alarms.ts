import type { Instant } from '../../core/time.ts'
import type { Clock } from '../clock.ts'
import { Heap } from './heap.ts'
import type { Alarm, Line } from './line.ts'

/** Times at which lines are looked at again: one timer for all of them. */
export class Alarms {
  private readonly clock: Clock
  private readonly now: () => Instant
  private readonly ring: (line: Line | null) => void
  private readonly heap = new Heap<Alarm>((a, b) => a.at < b.at)
  private cancel: () => void = () => {}
  private armedAt: Instant = Number.POSITIVE_INFINITY

  constructor(clock: Clock, now: () => Instant, ring: (line: Line | null) => void) {
    this.clock = clock
    this.now = now
    this.ring = ring
  }

  set(alarm: Alarm, at: Instant): void {
    alarm.at = at
    if (alarm.heapIndex < 0) this.heap.push(alarm)
    else this.heap.moved(alarm)
    this.arm()
  }

  clear(alarm: Alarm): void {
    if (alarm.heapIndex >= 0) this.heap.remove(alarm)
  }

  end(): void {
    this.cancel()
  }

  private arm(): void {
    const first = this.heap.peek()
    if (first === undefined || first.at >= this.armedAt) return
    this.cancel()
    this.armedAt = first.at
    this.cancel = this.clock.after(Math.max(1, Math.ceil(first.at - this.now())), () => {
      this.armedAt = Number.POSITIVE_INFINITY
      this.due()
    })
  }

  private due(): void {
    const now = this.now()
    for (let alarm = this.heap.peek(); alarm !== undefined && alarm.at <= now; alarm = this.heap.peek()) {
      this.heap.remove(alarm)
      this.ring(alarm.line)
    }
    this.arm()
  }
}
