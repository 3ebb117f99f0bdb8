import { PAYLOAD_BYTES_MAX, RESULT_BYTES_MAX } from './bounds.ts'
import type { Client } from './client.ts'
import { encode } from './codec.ts'
import { RequestRefused, ResultGone, StreamRefused, Unserialisable } from './errors.ts'
import type { WireEvent, WireHistory } from './wire.ts'
import type { WireChunks } from './wire-streams.ts'
import type { Chunks } from './worker/streams.ts'

/**
 * A result over 1 MiB is kept beside its run, in a stream of the run of its own, before it is told of: so it is there as long as the run is. In its place, in the history, as
 * the output and in the input of who is handed it on, is what one of these says. `run`: absent for a step of a workflow, whose history says it. The stream of a run's own
 * result has a name that nobody can guess: who names it was told of it.
 */
export interface Kept {
  $type: 'Kept'
  value: { stream: string; chunks: number; length: number; run?: string }
}

/** A piece is a string of JSON in a chunk of 256 KiB at most: each of its characters is six bytes there at worst. */
const PIECE_LENGTH = 40_000
const EVENTS_PAGE = 10_000
const CHUNKS_PAGE = 1_000
const STREAM = ':result.'
/** Values in one input, and what they have together, in characters. */
const VALUES_MAX = 64
const VALUES_LENGTH_MAX = 4 * RESULT_BYTES_MAX

/** `place`: of the step in the run's history. @throws Unserialisable where the run has no room for it */
export async function keep(text: string, place: string, chunks: Chunks): Promise<Kept> {
  const stream = `${STREAM}${place}`
  const writer = chunks.kept(stream)
  const pieces = piecesOf(text)
  try {
    for (const piece of pieces) await writer.write(piece)
    await chunks.flushed()
  } catch (error) {
    // Behind HTTP nothing takes it but the answer.
    if (error instanceof RequestRefused && error.status === 404) encode(JSON.parse(text), '/output')
    if (!(error instanceof StreamRefused)) throw error
    throw new Unserialisable(`The run has no room for a result of ${text.length} characters: its streams and large results have 64 MiB together.`, {
      at: '/output',
      hint: 'keep large data elsewhere (a file, a bucket) and pass its address',
    })
  }
  return { $type: 'Kept', value: { stream, chunks: pieces.length, length: text.length } }
}

/** What a whole run gives. */
export async function keepResult(text: string, run: string, client: Client, chunks: Chunks): Promise<Kept> {
  const { $type, value } = await keep(text, client.newId(), chunks)
  return { $type, value: { ...value, run } }
}

function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + PIECE_LENGTH)
    if (to < text.length && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to--
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}

/** What is too large for the history of a run, as a value of JSON; null: it is not, and goes as it is. */
export function largeText(value: unknown, bytesMax = RESULT_BYTES_MAX): string | null {
  if (isSmall(value)) return null
  const text = encode(value, '/output', bytesMax)
  return text !== undefined && isLarge(text) ? text : null
}

/** Known without being written. */
function isSmall(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'boolean' || (typeof value === 'string' && value.length < SMALL_LENGTH_MAX)
}
/** Each of its characters is six bytes at worst. */
const SMALL_LENGTH_MAX = 1_000

/** A result that is to be kept before it is told of. */
export class Large {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export function isLarge(text: string): boolean {
  return text.length * 3 > PAYLOAD_BYTES_MAX && Buffer.byteLength(text) > PAYLOAD_BYTES_MAX
}

/** All events of a run from a number on, with what is kept beside them. */
export async function eventsOf(
  client: Client,
  run: string,
  { from = 0, journal = false }: { from?: number; journal?: boolean } = {},
): Promise<WireEvent[]> {
  const all: WireEvent[] = []
  for (let next: number | null | undefined = from; next != null; ) {
    const query = { from: String(next), limit: String(EVENTS_PAGE), ...(journal && { journal: '1' }) }
    const page: WireHistory = await client.call<WireHistory>('runs.history', { run }, undefined, { query })
    for (const event of page.events) all.push(event)
    next = page.next
  }
  return withKept(client, run, all)
}

/** The same events, with the results that are kept beside them, or beside their children, in their places. */
export function withKept(client: Client, run: string, events: WireEvent[]): WireEvent[] | Promise<WireEvent[]> {
  return events.some(tellsKept) ? withRead(client, run, events) : events
}

async function withRead(client: Client, run: string, events: WireEvent[]): Promise<WireEvent[]> {
  for (const event of events) if (tellsKept(event)) event.output = await read(client, run, event.output as Kept)
  return events
}

function tellsKept({ is, output }: WireEvent): boolean {
  return TELLS_RESULT.has(is) && isKept(output)
}
const TELLS_RESULT: ReadonlySet<string> = new Set(['step_completed', 'child_closed'])

/** Data that looks so is none: it has another tag around it. */
export function isKept(output: unknown): output is Kept {
  if (typeof output !== 'object' || output === null || (output as Kept).$type !== 'Kept') return false
  const { stream, chunks, length, run } = ((output as Kept).value ?? {}) as Partial<Kept['value']>
  const isNumbered = Number.isSafeInteger(chunks) && Number.isSafeInteger(length)
  return typeof stream === 'string' && stream.startsWith(STREAM) && isNumbered && (run === undefined || typeof run === 'string')
}

/** Whether something in a value, as JSON has it, is kept beside another run. */
export function hasKept(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return isKept(value) || Object.values(inside(value)).some(hasKept)
}

/**
 * A value as JSON has it, with what is kept beside other runs in its places.
 * @throws ResultGone: it is not there. Unserialisable: it is too much for one value.
 */
export async function whole(client: Client, value: unknown): Promise<unknown> {
  const found: Kept[] = []
  gather(value, found)
  const length = found.reduce((sum, one) => sum + one.value.length, 0)
  if (found.length > VALUES_MAX || length > VALUES_LENGTH_MAX)
    throw new Unserialisable(
      `Its large values, ${found.length} of ${length} characters, are too much for one: ${VALUES_MAX} of ${VALUES_LENGTH_MAX} may be in it.`,
      {
        hint: 'hand on fewer of them, or what they are about',
      },
    )
  const values = new Map<Kept, unknown>()
  for (const one of found) values.set(one, await read(client, one.value.run ?? '', one))
  return replaced(value, values)
}

function gather(value: unknown, found: Kept[]): void {
  if (typeof value !== 'object' || value === null) return
  if (isKept(value)) found.push(value)
  else for (const member of Object.values(inside(value))) gather(member, found)
}

function replaced(value: unknown, values: ReadonlyMap<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (values.has(value)) return values.get(value)
  const within = inside(value) as Record<string, unknown>
  for (const [name, member] of Object.entries(within)) if (typeof member === 'object' && member !== null) within[name] = replaced(member, values)
  return value
}

/** The object of an escape has a `$type` that is data. */
function inside(value: object): object {
  const { $type, value: escaped } = value as { $type?: unknown; value?: unknown }
  return $type === 'Object' && typeof escaped === 'object' && escaped !== null ? escaped : value
}

async function read(client: Client, own: string, { value: { stream, chunks, length, run = own } }: Kept): Promise<unknown> {
  let pieces: string[] = []
  let has = 0
  for (let after: number | null = -1; after !== null && has <= length; ) {
    const query = { limit: String(CHUNKS_PAGE), ...(after >= 0 && { after: String(after) }) }
    const page = await chunksOf(client, run, stream, query)
    if (page === null) throw new ResultGone(run, length)
    for (const { value, restarted } of page.chunks) {
      if (restarted) [pieces, has] = [[], 0] // by a worker that died before it was told of
      pieces.push(value as string)
      has += (value as string).length
    }
    after = page.next
  }
  if (pieces.length !== chunks || has !== length) throw new ResultGone(run, length)
  return JSON.parse(pieces.join(''))
}

/** Null: there is no such run, any more or in this namespace. */
async function chunksOf(client: Client, run: string, name: string, query: Record<string, string>): Promise<WireChunks | null> {
  try {
    return await client.call<WireChunks>('runs.chunks', { run, name }, undefined, { query })
  } catch (error) {
    if (error instanceof RequestRefused && error.status === 404) return null
    throw error
  }
}
