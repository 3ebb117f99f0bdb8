import { useEffect, useEffectEvent, useState, useSyncExternalStore } from 'react'
import { call, client, type LiveEvent, type LogLine } from '../../api/client.ts'
import { type Problem, problemOf } from '../../api/problem.ts'
import { useRunEvents } from '../../api/run-events.ts'
import { stripAnsi } from '../../parts/ansi.ts'

/** A line as it is shown and searched. */
export interface Line extends LogLine {
  /** Its name in the address, and among the lines of the run. */
  name: string
  /** Its place among all lines of the run, from 1. */
  number: number
  time: number
  /** Without colours, its fields behind it. */
  plain: string
}

const FRAME_MS = 16
const MANY = 5_000
const MANY_MS = 300

/** The lines of one run: only ever added to, so that a hundred thousand cost no copy. */
export class LogStore {
  readonly lines: Line[] = []
  /** All that were kept before are read. */
  complete = false
  problem: Problem | null = null
  #version = 0
  readonly #known = new Set<string>()
  readonly #listeners = new Set<() => void>()
  #timer = 0

  add(lines: readonly LogLine[]): void {
    for (const line of lines) {
      const name = `${line.delivery}.${line.n}`
      if (this.#known.has(name)) continue
      this.#known.add(name)
      const fields = line.fields === undefined ? '' : ` ${JSON.stringify(line.fields)}`
      this.lines.push({ ...line, name, number: this.lines.length + 1, time: Date.parse(line.at), plain: `${stripAnsi(line.message)}${fields}` })
    }
    this.#changed()
  }

  end(problem: Problem | null = null): void {
    this.complete = problem === null
    this.problem = problem
    this.#changed()
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  version = (): number => this.#version

  /** At most once a frame; while many are read, which is work for each time they are told, a few times a second. */
  #changed(): void {
    if (this.#timer !== 0) return
    this.#timer = window.setTimeout(
      () => {
        this.#timer = 0
        this.#version++
        for (const listener of this.#listeners) listener()
      },
      this.complete || this.lines.length < MANY ? FRAME_MS : MANY_MS,
    )
  }
}

const PAGE = 1_000

/**
 * All lines of a run: of a closed one page by page, of an open one by its stream, which begins with what was before. `streams` stays as it was: the last
 * lines may come behind the news that the run is closed, and the stream ends by itself.
 */
export function useLog(namespace: string, run: string, closed: boolean): { store: LogStore; streams: boolean } {
  const [store, setStore] = useState(() => new LogStore())
  // What it was when one came: a stream that saw the end has all of it.
  const [paged] = useState(closed)
  const restart = useEffectEvent(() => {
    const fresh = new LogStore()
    setStore(fresh)
    return fresh
  })
  useEffect(() => {
    if (!paged) return
    const closing = new AbortController()
    void readPages(namespace, run, restart(), closing.signal)
    return () => closing.abort()
  }, [namespace, run, paged])
  useSyncExternalStore(store.subscribe, store.version)
  return { store, streams: !paged }
}

async function readPages(namespace: string, run: string, store: LogStore, signal: AbortSignal): Promise<void> {
  try {
    let cursor: string | null = null
    do {
      const page: { lines: LogLine[]; next: string | null } = await call(
        client.GET('/v1/namespaces/{namespace}/runs/{run}/logs', {
          params: { path: { namespace, run }, query: { limit: PAGE, ...(cursor !== null && { cursor }) } },
          signal,
        }),
      )
      store.add(page.lines)
      cursor = page.next
    } while (cursor !== null)
    store.end()
  } catch (error) {
    if (!signal.aborted) store.end(problemOf(error))
  }
}

/** Feeds the store of an open run. */
export function LogStream({ namespace, run, store }: { namespace: string; run: string; store: LogStore }) {
  useRunEvents(namespace, run, (events: LiveEvent[]) => {
    for (const event of events) {
      if (event.is === 'log') store.add(event.lines as LogLine[])
      // The first of these follows all that was before.
      else if (event.is === 'run' && !store.complete) store.end()
    }
  })
  return null
}
