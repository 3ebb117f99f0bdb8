import type { WireEvent } from '../wire.ts'

/** Whether the code has gone on with how its steps ended before that is accepted. */
export class Ahead {
  readonly #handler: object
  /** How steps have ended, which the code was told before it was accepted: their numbers, in order. */
  readonly #presumed: number[] = []
  /** What the code has asked for since is not what it asks for when it is replayed. */
  isSpoilt = false
  /** Something else has happened before what the code was told: it is to be replayed. */
  overtaken = false
  /** What the code wants to tell those outside, once what it rests on is accepted. */
  #unsaid: (() => void)[] = []

  constructor(handler: object) {
    this.#handler = handler
  }

  get is(): boolean {
    return this.#presumed.length > 0
  }

  get mayBe(): boolean {
    return !ASKING_FOR_TIME.has(this.#handler)
  }

  presume(step: number): void {
    this.#presumed.push(step)
  }

  /** What is presumed has no time yet: code that asks for it is replayed, and is not ahead again. */
  asksForTime(): void {
    if (!this.is) return
    this.isSpoilt = true
    ASKING_FOR_TIME.add(this.#handler)
  }

  say(tell: () => void): void {
    if (this.is) this.#unsaid.push(tell)
    else tell()
  }

  /** What comes before that which was presumed, and may have changed what the code did. */
  isOvertakenBy(event: WireEvent): boolean {
    const isUnheard = event.is === 'delivered' || (event.is === 'signalled' && event.n === undefined)
    if (this.is && !isUnheard && !this.#isPresumed(event)) this.overtaken = true
    return this.overtaken
  }

  /** The step that an event tells of, if the code was told of it before. */
  confirmed(event: WireEvent): number | null {
    if (!this.#isPresumed(event)) return null
    const step = this.#presumed.shift() as number
    if (this.is) return step
    if (this.isSpoilt) this.overtaken = true
    else for (const tell of this.#unsaid.splice(0)) tell()
    return step
  }

  #isPresumed({ is, n }: WireEvent): boolean {
    return is === 'step_completed' && n === this.#presumed[0]
  }
}

/** Code that asks for the time where it is ahead: it would be replayed after each step. */
const ASKING_FOR_TIME = new WeakSet<object>()
