import * as check from '../checks.ts'
import type { InferInput, InferOutput, StandardSchema } from '../schema.ts'

/** A signal as both sides know it: what is sent, and what the workflow gets. */
export interface Signal<Sent = unknown, Taken = Sent> {
  readonly name: string
  readonly input?: StandardSchema
  /** For the compiler alone. */
  readonly '~types'?: { sent: Sent; taken: Taken }
}

/**
 * Gives a signal a type on both sides. `input`, a Standard Schema, does so too, and refuses what does not fit before it is sent and where it is taken.
 * ```ts
 * export const approval = signal<boolean>('approval')
 * const approved = await ctx.waitFor(approval, { timeout: '7d' }) // in the workflow: boolean | undefined
 * await run.signal(approval, true)
 * ```
 * @throws InvalidOption: it is no name.
 */
export function signal<Schema extends StandardSchema>(name: string, options: { input: Schema }): Signal<InferInput<Schema>, InferOutput<Schema>>
export function signal<Sent = unknown>(name: string): Signal<Sent>
export function signal(name: string, { input }: { input?: StandardSchema } = {}): Signal {
  return { name: check.name(name, '/name'), ...(input !== undefined && { input }) }
}

/** One by its name alone has no type. */
export function signalOf(given: string | Signal, at: string): Signal {
  return typeof given === 'string' ? { name: check.name(given, at) } : given
}
