import { MainspringError } from '../errors.ts'

/** The code does not do what its history tells: it was changed, or depends on something that is not the same when it is replayed. That run alone stops, loses nothing, and goes on with code that fits. */
export class Diverged extends MainspringError {
  override readonly name = 'Diverged'
  readonly code = 'diverged'
  readonly step: number
  readonly expected: string
  readonly got: string
  constructor(step: number, expected: string, got: string) {
    super(`Step ${step} was ${expected}, the code asks for ${got}.`, {
      hint: 'give it the code that it began with, or code that does the same up to here; it is tried again by itself',
    })
    this.step = step
    this.expected = expected
    this.got = got
  }
}

/** The function waits for something that is not kept, so nobody could go on with it after a crash. */
export class NotDurable extends MainspringError {
  override readonly name = 'NotDurable'
  readonly code = 'not-durable'
  constructor(what: string) {
    super(what, { hint: 'do it inside of ctx.run(name, fn), and await nothing else but what ctx gives' })
  }
}

/** Thrown by `ctx.continueAs`; must not be caught. */
export class ContinueAs extends Error {
  override readonly name = 'ContinueAs'
  readonly input: unknown
  constructor(input: unknown) {
    super('the workflow begins anew')
    this.input = input
  }
}
