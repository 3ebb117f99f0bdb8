import type { CommandId } from '../../core/ids.ts'
import type { Failure, Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { DagEvent, DagState, Reference, Started, Waiting } from './types.ts'

/** Commands that are remembered: so many, and so long (E9). */
const COMMANDS_MAX = 1_000
const COMMANDS_MS = 24 * 3_600_000

/** What is given to a task that begins to wait, as it came before. */
export interface Taken {
  ref: Reference
  /** Of a signal: the command that it came with. */
  command?: CommandId
}

/** What nobody who was not told it can say, of the callback of this index; empty where the run has none. */
export function tokenOf({ secrets }: Pick<Started, 'secrets'>, self: string, index: number): string {
  const secret = secrets?.[index]
  return secret === undefined ? '' : `${self}.${secret}`
}

export function evolveSignalled(state: DagState, event: DagEvent & { is: 'signalled' }): DagState {
  const { at, name, payload, command, ref } = event as Signalled
  const next: DagState = { ...state, commands: remembered(state, command, at) }
  if (ref !== undefined) return { ...next, ...given(state, [ref]) }
  return { ...next, signals: [...(state.signals ?? []), { command, name, ...(payload !== undefined && { payload }) }] }
}
interface Signalled {
  at: Instant
  name: string
  payload?: Payload
  command: CommandId
  ref?: Reference
}

/** What was given is remembered as settled; only what nobody has taken is kept. */
export function evolveSettled(state: DagState, event: DagEvent & { is: 'settled' }): DagState {
  const { at, n, command, output, failure, ref } = event as {
    at: Instant
    n: number
    command: CommandId
    output?: Payload
    failure?: Failure
    ref?: number
  }
  const kept = ref === undefined ? { n, ...(output !== undefined && { output }), ...(failure !== undefined && { failure }) } : { n }
  const next: DagState = { ...state, commands: remembered(state, command, at), settled: [...(state.settled ?? []), kept] }
  return ref === undefined ? next : { ...next, ...given(state, [ref]) }
}

export function evolveBeginning(state: DagState, waits: readonly Waiting[], taken: readonly Taken[] = []): Partial<DagState> {
  const refs = taken.map(({ ref }) => ref)
  const commands = new Set(taken.flatMap(({ command }) => command ?? []))
  return {
    ...given({ ...state, waits: [...(state.waits ?? []), ...waits] }, refs),
    ...(commands.size > 0 && { signals: state.signals?.filter(({ command }) => !commands.has(command)) ?? [] }),
    ...(refs.some(ref => state.settled?.some(({ n }) => n === ref)) && {
      settled: state.settled?.map(one => (refs.includes(one.n) ? { n: one.n } : one)) ?? [],
    }),
  }
}

function given({ waits = [] }: DagState, refs: readonly Reference[]): Pick<DagState, 'waits'> {
  return { waits: waits.map(wait => (refs.includes(wait.ref) ? { ...wait, given: true as const } : wait)) }
}

function remembered({ commands = [] }: DagState, id: CommandId, at: Instant): NonNullable<DagState['commands']> {
  const from = commands.findIndex(command => command.at > at - COMMANDS_MS)
  return [...(from < 0 ? [] : commands.slice(Math.max(from, commands.length + 1 - COMMANDS_MAX))), { id, at }]
}
