import type { WireEvent } from '../wire.ts'
import type { Operation, OperationKind } from './operations.ts'

/** `taken`: of a wait that went on at once, the number of the event of its signal. */
export interface Told {
  kind: OperationKind
  name: string
  taken?: number
}

/** Operations that the history tells of, by their numbers: what the code is held against. */
export class ToldOperations {
  readonly #told = new Map<number, Told>()

  note(event: WireEvent): void {
    const { n } = event as { n?: number }
    const kind = KINDS[event.is]
    if (kind !== undefined && n !== undefined)
      this.#told.set(n, { kind, name: nameOf(kind, event), ...(event.known === true && { taken: event.taken as number }) })
  }

  get(n: number): Told | undefined {
    return this.#told.get(n)
  }

  /** The history says no more of it. */
  forget(n: number): void {
    this.#told.delete(n)
  }
}

export function isSame(told: Told, operation: Operation): boolean {
  return told.kind === operation.kind && told.name === operation.name
}

export function words({ kind, name }: { kind: OperationKind; name: string }): string {
  return kind === 'timer' ? 'a timer' : kind === 'step' ? name : `${kind} ${name}`
}

/** Which operation each event tells of; those that are not here tell of an operation that one of these has told of before. */
const KINDS: Record<string, OperationKind | undefined> = {
  step_begun: 'step',
  step_completed: 'step',
  step_failed: 'step',
  timer_set: 'timer',
  waiting: 'signal',
  child_asked: 'child',
  promise_made: 'promise',
  stream_written: 'stream',
  stream_closed: 'stream',
}

function nameOf(kind: OperationKind, event: WireEvent): string {
  if (kind === 'step' || kind === 'promise') return event.name as string
  if (kind === 'signal') return event.signal as string
  if (kind === 'stream') return event.stream as string
  return kind === 'child' ? (event.definition as string) : ''
}
