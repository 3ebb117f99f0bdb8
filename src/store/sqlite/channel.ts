import { Worker } from 'node:worker_threads'
import { type StoreFault, StoreFenced, StoreRefused, StoreUnavailable } from '../store.ts'

/** What a thread is started with. */
export interface ThreadData {
  mainspringStore: true
  role: 'writer' | 'reader'
}

export interface Asked {
  id: number
  operation: string
  given: unknown[]
}

export type Answered = { id: number; value: unknown } | { id: number; error: AnsweredError }

export interface AnsweredError {
  name: string
  message: string
  fault: StoreFault | null
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** A thread of the store, seen from the main one. It does one thing at a time, in the order in which they were asked for. Once it has ended, whatever was or is asked of it rejects with `StoreUnavailable`. */
export class Channel<Thread extends { [Operation in keyof Thread]: (...given: never[]) => unknown }> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #ended: StoreUnavailable | null = null
  #closing = false

  /** Starts a thread, which opens nothing yet: threads take 100 ms each to start, and can do so together. */
  constructor(role: ThreadData['role']) {
    // As source and as published: the thread's file is beside this one, with the same ending.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)
    const data: ThreadData = { mainspringStore: true, role }
    // Options of the process, such as --eval or --inspect-brk, are not the thread's.
    this.#worker = new Worker(entry, { workerData: data, name: `store-${role}`, execArgv: ['--disable-warning=ExperimentalWarning'] })
    this.#worker.on('message', (answered: Answered) => this.#answered(answered))
    this.#worker.on('error', error => this.#end(`The store's thread failed: ${error}`))
    this.#worker.on('exit', () => this.#end('The store is closed.'))
  }

  /** @throws StoreRefused when the thread cannot open the database. */
  async open(file: string): Promise<void> {
    try {
      await this.#ask('open', [file])
    } catch (error) {
      if (error instanceof StoreRefused) throw error
      throw new StoreRefused(`The database ${file} cannot be opened: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }

  /** Buffers among what is given are transferred, not copied. */
  ask<Operation extends keyof Thread & string>(
    operation: Operation,
    ...given: Parameters<Thread[Operation]>
  ): Promise<ReturnType<Thread[Operation]>> {
    return this.#ask(operation, given) as Promise<ReturnType<Thread[Operation]>>
  }

  /** Once all that was asked before is answered. */
  async close(): Promise<void> {
    if (this.#ended !== null) return
    const exit = new Promise(resolve => this.#worker.once('exit', resolve))
    this.#closing = true
    await this.#ask('close', [])
    await exit
  }

  /** An open store alone does not keep the process alive; an answer that somebody waits for does. */
  #ask(operation: string, given: unknown[]): Promise<unknown> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    if (this.#waiting.size === 0) this.#worker.ref()
    const asked: Asked = { id: ++this.#lastId, operation, given }
    this.#worker.postMessage(
      asked,
      given.filter(value => value instanceof ArrayBuffer),
    )
    return new Promise((resolve, reject) => this.#waiting.set(asked.id, { resolve, reject }))
  }

  #answered(answered: Answered): void {
    const waiting = this.#waiting.get(answered.id)
    this.#waiting.delete(answered.id)
    if (this.#waiting.size === 0 && !this.#closing) this.#worker.unref()
    if ('value' in answered) waiting?.resolve(answered.value)
    else waiting?.reject(errorOf(answered.error))
  }

  #end(why: string): void {
    this.#ended ??= new StoreUnavailable(why)
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}

/** Errors lose their class on the way between threads. */
function errorOf({ name, message, fault }: AnsweredError): Error {
  if (name === 'StoreFenced') return new StoreFenced(message)
  if (name === 'StoreRefused') return new StoreRefused(message)
  return new StoreUnavailable(message, { fault })
}
