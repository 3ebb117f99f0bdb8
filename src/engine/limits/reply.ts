import type { HoldId } from '../../core/ids.ts'
import type { Clock } from '../clock.ts'
import type { HomeAnswer } from './homes.ts'

/** The answer of a call, while it may still come to more. */
export class Reply {
  readonly granted: HoldId[] = []
  readonly due: HoldId[] = []
  readonly promise: Promise<HomeAnswer>
  /** It does not leave while its call is looked at, or a batch is under way with tokens, which are granted to this call or to none. */
  pending = 0
  isClosing = false
  private resolve: (answer: HomeAnswer) => void = () => {}
  private cancel: () => void = () => {}

  constructor() {
    this.promise = new Promise(resolve => {
      this.resolve = resolve
    })
  }

  /** It leaves, once nothing of it is pending. */
  close(): void {
    this.isClosing = true
    this.cancel()
    if (this.pending === 0) this.resolve({ granted: this.granted, due: this.due })
  }

  closeAt(clock: Clock, ms: number): void {
    this.cancel = clock.after(ms, () => this.close())
  }
}
