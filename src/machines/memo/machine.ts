import { invariant } from '../../core/errors.ts'
import type { Context, Decision, Machine, Message } from '../../core/machine.ts'
import { viewOfActor } from '../../core/run.ts'
import {
  ENTRIES_LENGTH_MAX,
  ENTRIES_MAX,
  ENTRY_LENGTH_MAX,
  type LookedInput,
  type MemoEntry,
  type MemoEvent,
  type MemoInput,
  type MemoState,
} from './types.ts'

/**
 * What a task of a DAG has given, by the keys that its runs had: a run that asks with the same key is given that in place of doing it again. It is there once
 * somebody asks.
 *
 * Two that ask before either has ended both do it, and the later result stands. What is too old is found so when it is asked for: nothing waits for that.
 */
export const memo: Machine<MemoState, MemoInput, MemoEvent> = {
  kind: 'memo',
  reads: [1],
  writes: 1,
  decide,
  evolve,
  pending: () => ({ ready: [], delivered: [], wakeAt: null }),
  view: () => viewOfActor('waiting', null),
  forgets: true,
}

const NOTHING: Decision<MemoEvent> = { events: [] }

function decide(state: MemoState | null, input: MemoInput, context: Context): Decision<MemoEvent> {
  const { now: at } = context
  switch (input.is) {
    case 'wake':
      return NOTHING
    case 'look': {
      const decision = decided(state, [], context)
      return { ...decision, messages: [looked(decision.state as MemoState, input, at)] }
    }
    case 'keep': {
      const { key, run, output } = input
      if (lengthOf(input) > ENTRY_LENGTH_MAX) return NOTHING
      return decided(state, [{ is: 'kept', at, key, run, ...(output !== undefined && { output }) }], context)
    }
    case 'forget': {
      const { command, by, key } = input
      const gone = state === null ? 0 : state.entries.filter(entry => key === undefined || entry.key === key).length
      const event: MemoEvent = { is: 'forgotten', at, ...(key !== undefined && { key }), ...(by !== null && { by }) }
      const decision = decided(state, gone === 0 ? [] : [event], context)
      return { ...decision, replies: [{ command, reply: { ok: true, value: JSON.stringify({ forgotten: gone }) } }] }
    }
  }
}

/** Its events begin with the name that it was born with. */
function decided(state: MemoState | null, events: MemoEvent[], context: Context): Decision<MemoEvent> {
  const { name } = context
  invariant(state !== null || name !== undefined, 'who keeps results knows its name', {})
  const all: MemoEvent[] = state === null ? [{ is: 'born', at: context.now, name: name as string }, ...events] : events
  return { events: all, state: all.reduce<MemoState | null>(evolve, state) }
}

function looked({ entries }: MemoState, { run: to, ref, key, ttlMs }: MemoInput & { is: 'look' }, now: number): Message {
  const found = entries.find(entry => entry.key === key && (ttlMs === undefined || entry.at + ttlMs > now))
  const hit = found === undefined ? null : { at: found.at, run: found.run, ...(found.output !== undefined && { output: found.output }) }
  const input: LookedInput = { is: 'looked', ref, hit }
  return { is: 'tell', to, input }
}

function evolve(state: MemoState | null, event: MemoEvent): MemoState {
  if (event.is === 'born') return { name: event.name as string, entries: [], length: 0 }
  invariant(state !== null, 'who keeps results begins with its name', { event: event.is })
  const gone = event.is === 'forgotten' && event.key === undefined ? state.entries : state.entries.filter(({ key }) => key === event.key)
  const others = gone.length === 0 ? state.entries : state.entries.filter(entry => !gone.includes(entry))
  const length = gone.reduce((left, entry) => left - lengthOf(entry), state.length)
  if (event.is === 'forgotten') return { ...state, entries: others, length }
  invariant(event.is === 'kept', 'no such event', { event: event.is })
  const { at, key, run, output } = event as MemoEntry & { is: 'kept' }
  const entry: MemoEntry = { key, at, run, ...(output !== undefined && { output }) }
  return bounded({ ...state, entries: [...others, entry], length: length + lengthOf(entry) })
}

/** The newest of them, as many as may be. */
function bounded(state: MemoState): MemoState {
  const { entries } = state
  let { length } = state
  let from = 0
  for (; entries.length - from > ENTRIES_MAX || length > ENTRIES_LENGTH_MAX; from++) length -= lengthOf(entries[from] as MemoEntry)
  return from === 0 ? state : { ...state, entries: entries.slice(from), length }
}

function lengthOf({ key, output }: Pick<MemoEntry, 'key' | 'output'>): number {
  return key.length + (output?.length ?? 0)
}
